"""The settings by which a passage is kept or dropped for what it is: its language, its quality, whom it names."""

from typing import Literal

from pydantic import Field

from xinstruct.recipe import Strict
from xinstruct.tools.harm.faults import LIMITS


class Standards(Strict):
    """What a passage that was cut must have. Null stands for what natural passages of its language have."""

    quality: bool = Field(
        default=True, description="whether passages are dropped for their quality; if not, it is only measured"
    )
    highest_kept_repetition: float | None = Field(
        default=None, ge=0, le=1, description="largest share of repeated text that is kept; null: what the language has"
    )
    highest_kept_symbols: float | None = Field(
        default=None, ge=0, le=1, description="largest share of figures and signs that is kept; null: the same"
    )
    lowest_kept_prose: float | None = Field(
        default=None, ge=0, le=1, description="smallest share of whole sentences that is kept; null: the same"
    )
    highest_kept_teasers: float | None = Field(
        default=None, ge=0, le=1, description="largest share of text that breaks off that is kept; null: the same"
    )
    highest_kept_list: float | None = Field(
        default=None, ge=0, le=1, description="largest share of entries of lists and menus that is kept; null: the same"
    )
    highest_kept_keywords: float | None = Field(
        default=None, ge=0, le=1, description="largest share of keywords that is kept; null: the same"
    )
    lowest_kept_language: float = Field(
        default=0.8,
        ge=0,
        le=1,
        description="smallest score of the language label that is kept where no source, page or address names it",
    )
    lowest_kept_purity: float = Field(
        default=0.7, ge=0, le=1, description="smallest share of letters in the passage's language that is kept"
    )
    highest_kept_machine_translated: float = Field(
        default=LIMITS["highest_kept_machine_translated"],
        ge=0,
        le=1,
        description="most that may speak for a passage having been translated or written by a machine",
    )
    highest_kept_adult: float = Field(
        default=LIMITS["highest_kept_adult"],
        ge=0,
        le=1,
        description="largest share of the wording of adult advertisements that is kept",
    )
    highest_kept_gambling: float = Field(
        default=LIMITS["highest_kept_gambling"],
        ge=0,
        le=1,
        description="largest share of the wording of gambling advertisements that is kept",
    )
    highest_kept_toxicity: float = Field(
        default=LIMITS["highest_kept_toxicity"], ge=0, le=1, description="largest share of abusive words that is kept"
    )
    personal_data: Literal["drop", "mask", "keep"] = Field(
        default="drop",
        description="what becomes of passages with e-mail addresses or telephone, bank, card, identity or IP numbers; "
        "masked ones are no longer verbatim and go to the configuration `edited`",
    )
