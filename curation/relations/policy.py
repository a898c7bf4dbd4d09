"""What becomes of related captures, and how alike two must be to be called related: the recipe's `relations` part.

Imports nothing heavy, for every reading of a recipe passes here.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

NAMES = ("exact", "copy", "same_state", "locale", "theme", "same_template")  # from the closest tie to the loosest
DEFAULT_RANK = "width * height * (CASE WHEN format IN ('png', 'webp') THEN 2 ELSE 1 END)"


class RelationPolicy(BaseModel):
    """What becomes of captures that are tied: `keep_best` keeps the best of them, `cap` the `cap` best, `keep_all` all.

    `rank` is SQL over a capture's row; the highest is best. NULL comes last, and the smaller capture_id breaks a tie.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    policy: Literal["keep_best", "cap", "keep_all"] = "keep_best"
    rank: str = DEFAULT_RANK
    cap: int = Field(default=4, ge=1)


class CopyPolicy(RelationPolicy):
    """`max_distance` in bits of 256; then the pixels must agree: mean difference ≤ `max_difference` of 255 levels."""

    max_distance: int = Field(default=20, ge=0, le=64)
    max_difference: float = Field(default=8.0, gt=0, le=64)


class Relations(BaseModel):
    """One policy a relation, each under its name; `copy` is spelled `copy_` in Python."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    exact: RelationPolicy = RelationPolicy()
    copy_: CopyPolicy = Field(default=CopyPolicy(), alias="copy")
    same_state: RelationPolicy = RelationPolicy(policy="keep_all")
    locale: RelationPolicy = RelationPolicy(policy="keep_all")
    theme: RelationPolicy = RelationPolicy(policy="keep_all")
    same_template: RelationPolicy = RelationPolicy(policy="cap", cap=50)

    def of(self, name: str) -> RelationPolicy:
        """The policy of a relation by the name that the relations table gives it."""
        policy: RelationPolicy = getattr(self, "copy_" if name == "copy" else name)
        return policy
