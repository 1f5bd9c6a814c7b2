"""The thresholds under which a pair, or a whole language, is not kept for what its scores and its trial showed."""

from pydantic import Field

from xinstruct.recipe import Strict


class Floors(Strict):
    """Settings by which is decided what depends on a language's other pairs, or on how judge and writer fared in it."""

    lowest_kept_auc: float = Field(
        default=0.75,
        ge=0,
        le=1,
        description="lowest share of comparisons in which a trusted judge puts a true pair over a hard control",
    )
    withhold: bool = Field(
        default=True, description="drop all pairs of a language in which judge or writer is not trusted"
    )
    lowest_kept: float = Field(
        default=0.8, ge=0, le=1, description="lowest overall score that is kept in any language, see score_overall"
    )
    share_dropped: float = Field(
        default=0.05,
        ge=0,
        lt=1,
        description="largest share of each language's pairs that is dropped for being its lowest, where all are above "
        "the floors",
    )
    lowest_kept_likelihood: float = Field(
        default=0.0,
        description="lowest gain of likelihood against instructions of near passages that is kept in any language, "
        "nats per token; -100 keeps all",
    )
