"""Reads openly licensed text from git repositories: programs' messages in hundreds of languages, speeches, treebanks.

`gather.py --repositories FOLDER` uses it: the folder holds git clones of the repositories below, each as owner+name or
owner/name, with or without a work tree. What is read are the commits that stand here.
"""

import collections
import csv
import io
import json
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import yaml

from xinstruct import languages
from xinstruct.tools.lid.identifier import script_of

Messages = dict[str, str]


class Repository(NamedTuple):
    """name: on GitHub; files: pattern of their paths, whose first group is the language unless one is named; read: what
    gives a file's messages, or its lines.
    """

    name: str
    commit: str
    licence: str
    files: str
    read: Callable[[bytes], Messages]
    language: str = ""


def of_json(content: bytes) -> Messages:
    """The messages of a flat JSON file, or of one whose messages lie deeper."""
    return dict(_leaves(json.loads(content), ""))


def of_yaml(content: bytes) -> Messages:
    """The messages of a YAML file, under their keys without the language on top."""
    (told,) = yaml.safe_load(content).values()
    return dict(_leaves(told, ""))


def of_android(content: bytes) -> Messages:
    """The messages of an Android app."""
    # Declared entities would be the only danger of these files: what declares any is not read.
    if b"<!ENTITY" in content:
        return {}
    strings = ElementTree.fromstring(content).iter("string")
    return {one.get("name", ""): "".join(one.itertext()) for one in strings}


def of_lines(content: bytes) -> Messages:
    """The lines of a text."""
    return {str(number): line for number, line in enumerate(content.decode("utf-8-sig", "replace").splitlines())}


def of_treebank(content: bytes) -> Messages:
    """The sentences of a treebank in CoNLL-U."""
    return of_lines("\n".join(re.findall(r"^# text = (.*)$", content.decode(), re.MULTILINE)).encode())


def of_titles(content: bytes) -> Messages:
    """The column `title` of a CSV file."""
    return {str(n): row["title"] for n, row in enumerate(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))}


def of_news(content: bytes) -> Messages:
    """The columns `title` and `text` of a table with tabs, cut into sentences."""
    table = csv.DictReader(io.StringIO(content.decode()), delimiter="\t")
    texts = "\n".join(f"{row['title']}\n{row['text']}" for row in table)
    return of_lines(re.sub(r"(?<=[.!?]) +", "\n", texts).encode())


def of_list(content: bytes) -> Messages:
    """A JSON list of sentences."""
    return {str(number): line for number, line in enumerate(json.loads(content))}


def of_talk(content: bytes) -> Messages:
    """What is said in a transcript in CHAT, without the blanks that it sets between words."""
    said = re.findall(r"^\*\w+:\t(.*)$", content.decode(), re.MULTILINE)
    return of_lines("\n".join(line.replace(" ", "") for line in said).encode())


def _leaves(value: Any, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, one in value.items():
            if not str(name).startswith("@"):
                yield from _leaves(one, f"{key}/{name}")
    elif isinstance(value, str):
        yield key, value


# What stands here for one of two near languages alone takes lines from the other: treebanks of Indonesian, Persian and
# Croatian cost Malay, Dari and Bosnian more than they gave, and are left out.
REPOSITORIES = (
    Repository(
        "wikimedia/mediawiki-extensions-VisualEditor", "58c1bcb5b5e43356f28809390ed3c8dcb9a47e5e", "MIT",
        r"(?!.*/api/).*i18n/.*?([a-z][a-z-]*)\.json", of_json,
    ),
    Repository(
        "wikimedia/VisualEditor", "88d3ba9bc4e2d93d2c1c6e77ac41e6b337fb0ebb", "MIT",
        r"i18n/([a-z][a-z-]*)\.json", of_json,
    ),
    Repository(
        "wikimedia/mediawiki-extensions-Echo", "b3765b154f1d01bc8930c87d7cc1befd733bd843", "MIT",
        r"i18n/([a-z][a-z-]*)\.json", of_json,
    ),
    Repository(
        "wikimedia/oojs-ui", "3f7db379daad23c1c1698ed39317cbadddabd0f7", "MIT",
        r"i18n/([a-z][a-z-]*)\.json", of_json,
    ),
    Repository(
        "wikimedia/apps-android-wikipedia", "aa428fa31b6f9fac1129116cdae5a32e8774809b", "Apache-2.0",
        r"app/src/main/res/values(?:-([A-Za-z+-]+))?/strings\.xml", of_android,
    ),
    Repository(
        "commons-app/apps-android-commons", "c5d5b227caec6d45595d57202a3c38ac18ab2270", "Apache-2.0",
        r"app/src/main/res/values(?:-([A-Za-z+-]+))?/strings\.xml", of_android,
    ),
    Repository(
        "Krinkle/intuition", "39cc5fbb3ced1d1bff166bbe3434b5f1953bdd06", "MIT",
        r"language/messages/[^/]+/([a-z][a-z-]*)\.json", of_json,
    ),
    Repository(
        "WikiEducationFoundation/WikiEduDashboard", "1fe5b27da8f4e491804f799e5e2e6670229c7604", "MIT",
        r"config/locales/([a-z][a-z-]*)\.yml", of_yaml,
    ),
    Repository(
        "google/blockly", "55f5d648a8e72ffb72450d0fa0a61b020ca950c6", "Apache-2.0",
        r"(?:.*/)?msg/json/([a-z][a-z-]*)\.json", of_json,
    ),
    Repository(
        "ether/etherpad-lite", "b827f5b3d93bc79fc9014c7d9f8b900956b8af65", "Apache-2.0",
        r"src/locales/([a-z][a-z-]*)\.json", of_json,
    ),
    Repository(
        "dsfsi/gov-za-sona-multilingual", "f3af94fcd30f854384a1bd616005a0ac3c371224", "CC BY 4.0",
        r"data/raw/SONA_[\d-]+/([a-z]{3})\.txt", of_lines,
    ),
    Repository(
        "dsfsi/za-isizulu-siswati-news-2022", "b0ecddc0d9f8809fdb481f6b07f99efa2965eb60", "CC BY-SA 4.0",
        r"data/isizulu-titles-all-categories\.csv", of_titles, "zul_Latn",
    ),
    Repository(
        "dsfsi/za-isizulu-siswati-news-2022", "b0ecddc0d9f8809fdb481f6b07f99efa2965eb60", "CC BY-SA 4.0",
        r"data/siswati-titles-all-categories\.csv", of_titles, "ssw_Latn",
    ),
    Repository(
        "dsfsi/PuoBERTa", "742f5760618a8c74a3f9b7c4234f00a596b8ef8c", "CC BY 4.0",
        r"daily-news-dikgang/daily-news-dikgang-(?:dev|test)\.tsv", of_news, "tsn_Latn",
    ),
    Repository(
        "UniversalDependencies/UD_Norwegian-Bokmaal", "e83586ff8b324f147e767dccd7ed801b3666ca08", "CC BY-SA 4.0",
        r"no_bokmaal-ud-(?:dev|test)\.conllu", of_treebank, "nob_Latn",
    ),
    Repository(
        "UniversalDependencies/UD_Norwegian-Nynorsk", "d332ca7108148ceb6d38859affdc17462bcd9860", "CC BY-SA 4.0",
        r"no_nynorsk-ud-(?:dev|test)\.conllu", of_treebank, "nno_Latn",
    ),
    Repository(
        "UniversalDependencies/UD_Cantonese-HK", "454c9548b32a77438b2ab4bca0ad6d1886a8ac11", "CC BY-SA 4.0",
        r"yue_hk-ud-test\.conllu", of_treebank, "yue_Hant",
    ),
    Repository(
        "jacksonllee/pycantonese", "2dff909520db251966e0ec033334bb2ad6a02672", "CC0 1.0 (Common Voice)",
        r"src/pycantonese/data/common_voice/sents\.json", of_list, "yue_Hant",
    ),
    Repository(
        "jacksonllee/pycantonese", "2dff909520db251966e0ec033334bb2ad6a02672", "CC BY (HKCanCor)",
        r"src/pycantonese/data/hkcancor/.*\.cha", of_talk, "yue_Hant",
    ),
)  # fmt: skip

# Codes of these programs that are no ISO codes, or say more than one.
CODES = {
    "iw": "heb", "in": "ind", "ji": "ydd", "yi": "ydd", "als": "gsw", "bat-smg": "sgs", "fiu-vro": "vro",
    "be-tarask": "bel", "b+be+x+old": "bel", "be-x-old": "bel", "zh-hans": "cmn_Hans", "zh-hant": "cmn_Hant",
    "zh-rtw": "cmn_Hant", "zh-rcn": "cmn_Hans", "zh-rhk": "cmn_Hant", "zh-tw": "cmn_Hant", "zh-cn": "cmn_Hans",
    "sr-ec": "srp_Cyrl", "sr-el": "srp_Latn", "sr-cyrl": "srp_Cyrl", "sr-latn": "srp_Latn", "b+sr+latn": "srp_Latn",
    "nds-nl": "nds", "ks-arab": "kas_Arab", "ks-deva": "kas_Deva", "ku-latn": "kmr_Latn", "ku": "kmr_Latn",
    "kk-cyrl": "kaz_Cyrl", "b+kk+cyrl": "kaz_Cyrl", "tg-cyrl": "tgk_Cyrl", "b+tg+cyrl": "tgk_Cyrl",
    "tt-cyrl": "tat_Cyrl", "b+tt+cyrl": "tat_Cyrl", "bbc-latn": "bbc_Latn", "uz-latn": "uzn_Latn", "no": "nob",
    "hif-latn": "hif_Latn", "crh-latn": "crh_Latn", "crh-cyrl": "crh_Cyrl", "gan-hant": "gan_Hant",
    "kbd-cyrl": "kbd_Cyrl", "skr-arab": "skr_Arab", "ug-arab": "uig_Arab", "b+ms+arab": "zsm_Arab",
    "bug-bugi": "bug_Bugi", "aeb-latn": "aeb_Latn", "aeb-arab": "aeb_Arab", "shy-latn": "shy_Latn",
    "ike-cans": "iku_Cans", "zgh": "zgh_Tfng", "pt-br": "por", "pt-rbr": "por", "es-419": "spa", "sh-latn": "hbs",
}  # fmt: skip
_PLURAL = re.compile(r"\{\{(?:PLURAL|GENDER)[:|][^{}|]*\|([^{}]*)\}\}", re.IGNORECASE)
_LINK = re.compile(r"\[\[(?:[^\[\]|]*\|)?([^\[\]|]*)\]\]|\[\S+:?//\S+ ([^\]]*)\]")
_MARKUP = re.compile(
    r"\{\{[^{}]*\}\}|<[^<>]*>|&#?\w+;|\$\d+|%\d*\$?[a-z]|%?\{[^{}]*\}|__\w+__|''+|https?://\S+|\\[nt\"']|#\w+"
)
_FEWEST_WORDS, _LARGEST_ENGLISH_SHARE = 3, 0.25
# Scripts without blanks between words: a message is long enough at so many letters.
_UNSPACED, _FEWEST_LETTERS = frozenset(("Hans", "Hant", "Jpan", "Thai", "Laoo", "Khmr", "Mymr", "Tibt", "Lana")), 10


def rows(folder: Path, skipped: collections.Counter[str]) -> Iterator[dict[str, str]]:
    """One row of lang (xxx_Xxxx), source, text for each language of each repository: its messages, one a line.

    A message that stands in several repositories is given once; what is left in English, or holds mostly English, and
    what is in another script than most messages of its language are not given. FileNotFoundError names what is absent.
    """
    seen: set[tuple[str, str]] = set()
    for repository in REPOSITORIES:
        by_language: dict[str, dict[str, str]] = {}
        for code, messages in _files(folder, repository):
            by_language.setdefault(code, {}).update(messages)
        english = by_language.pop("en", {})
        for code, messages in sorted(by_language.items()):
            label, lines = _labelled(code, messages, english)
            if not label:
                skipped[f"{code}: messages in no language of the table"] += 1
                continue
            new = [line for line in lines if (label, line) not in seen]
            seen.update((label, line) for line in new)
            if new:
                yield {"lang": label, "source": f"{repository.name} ({repository.licence})", "text": "\n".join(new)}


def _labelled(code: str, messages: Messages, english: Messages) -> tuple[str, list[str]]:
    clean = [(bare(text), bare(english.get(key, ""))) for key, text in messages.items()]
    lines = [line for line, original in clean if is_translated(line, original)]
    scripts = collections.Counter(script_of(line) for line in lines)
    name = CODES.get(code, code)
    script = name.partition("_")[2] or (scripts.most_common(1)[0][0] if scripts else "")
    try:
        label = languages.label(f"{name.partition('_')[0]}_{script}" if script else name)
    except languages.UnknownLanguage:
        return "", []
    same = {label[4:]} | ({"Hans", "Hant"} if label[4:] in ("Hans", "Hant") else set())
    return label, [line for line in lines if script_of(line) in same]


def bare(text: str) -> str:
    """A message without markup and placeholders, on one line; of several forms for numbers the last."""
    text = _PLURAL.sub(lambda forms: forms[1].rpartition("|")[2], text)
    text = _LINK.sub(lambda link: link[1] or link[2] or " ", text)
    return " ".join(_MARKUP.sub(" ", text).split())


def is_translated(line: str, original: str) -> bool:
    """Whether a message is long enough to tell its language, and is not the English one with a few words changed."""
    if script_of(line) in _UNSPACED:
        return sum(map(str.isalpha, line)) >= _FEWEST_LETTERS
    words = re.findall(r"[^\W\d_]+", line.casefold())
    kept = set(re.findall(r"[^\W\d_]+", original.casefold()))
    return len(words) >= _FEWEST_WORDS and sum(word in kept for word in words) <= _LARGEST_ENGLISH_SHARE * len(words)


def _files(folder: Path, repository: Repository) -> Iterator[tuple[str, Messages]]:
    """(language code in lower case, messages) of each file, English as en."""
    clone = _clone(folder, repository.name)
    pattern = re.compile(repository.files)
    for path in _git(clone, "ls-tree", "-r", "--name-only", repository.commit).decode().splitlines():
        match = pattern.fullmatch(path)
        if match and (repository.language or match[1] not in ("qqq", "qq")):
            content = _git(clone, "show", f"{repository.commit}:{path}")
            # Where a message stands, but for the language: English has the same place.
            place = path if repository.language else re.sub(r"/values[^/]*$", "", path.rpartition("/")[0])
            told = _read(repository.read, content)
            yield repository.language or (match[1] or "en").lower(), {f"{place} {key}": told[key] for key in told}


def _read(read: Callable[[bytes], Messages], content: bytes) -> Messages:
    try:
        return read(content)
    except (ValueError, ElementTree.ParseError, yaml.YAMLError):  # one broken file of a thousand is not missed
        return {}


def _clone(folder: Path, name: str) -> Path:
    places: Iterable[Path] = (folder / form for form in (name, name.replace("/", "+")))
    for place in places:
        for inside in (place, place / "repo"):
            if (inside / ".git").exists() or (inside / "HEAD").is_file():
                return inside
    raise FileNotFoundError(f"{folder} holds no clone of {name}: git clone https://github.com/{name}")


def _git(clone: Path, *words: str) -> bytes:
    return subprocess.run(["git", "-C", str(clone), *words], check=True, capture_output=True).stdout
