"""Decides which rows may leave: under an open licence, as addresses without texts, or all."""

import re

# Open as the Open Definition has it: anyone may use, change and share, at most with credit and under the same terms.
# So nothing with NC (non-commercial) or ND (no derivatives).
OPEN_LICENCES = (
    "CC0, CC BY, CC BY-SA (any version), Public Domain Mark, PDDL, ODC-By, ODbL, GFDL, Open Government Licence (UK), "
    "Licence Ouverte (Etalab), MIT, Apache-2.0, BSD, Unlicense"
)
_NAMES = re.compile(
    r"CC-?0(-1\.0)?(-UNIVERSAL)?|CC-?BY(-SA)?(-[1-4](\.\d)?)?(-(?!N[CD])[A-Z]{2,3})?|CC-?PDM(-1\.0)?|(CC-)?PUBLIC-?DOMAIN(-MARK)?(-1\.0)?|PD"
    r"|PDDL(-1\.0)?|ODC-?BY(-1\.0)?|ODBL(-1\.0)?|GFDL(-1\.[1-3])?(-ONLY|-OR-LATER)?|OGL-UK-[1-3]\.0|ETALAB-2\.0"
    r"|MIT|APACHE-2\.0|BSD-[23]-CLAUSE|UNLICENSE"
)
_ADDRESSES = re.compile(
    r"(https?:)?(//)?(www\.)?("
    r"creativecommons\.org/(licenses/by(-sa)?/[1-4]\.\d|publicdomain/(zero|mark)/1\.0)([/#?].*)?"
    r"|opendatacommons\.org/licenses/(by|pddl|odbl)([/#?].*)?"
    r"|gnu\.org/(licenses|copyleft)/fdl([-.#].*)?"
    r"|nationalarchives\.gov\.uk/doc/open-government-licence([/#?].*)?"
    r"|etalab\.gouv\.fr/licence-ouverte-open-licence([/#?].*)?"
    r"|opensource\.org/licenses?/(mit|apache-2\.0|bsd-[23]-clause|unlicense)([/#?].*)?)",
    re.IGNORECASE,
)


def is_open(licence: str | None) -> bool:
    """Whether a licence, a SPDX name or an address, is one of OPEN_LICENCES. Unknown is not open."""
    if not licence:
        return False
    name = re.sub(r"[\s_]+", "-", licence.strip().upper())
    return bool(_NAMES.fullmatch(name) or _ADDRESSES.fullmatch(licence.strip()))
