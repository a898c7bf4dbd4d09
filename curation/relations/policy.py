"""What becomes of related captures, and how alike two must be to be called related: the recipe's `relations` part.

Imports nothing heavy, for every reading of a recipe passes here. The measures are those of `likeness.Likeness`.
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
    """The same picture, re-made: no spot of it may be other.

    `max_worst` is how unlike the least alike spot may be (0 alike, 1 nothing in common), `max_tinted` the share that
    may have another colour, `max_difference` the mean grey levels between them. Where there are no pixels to compare,
    `max_distance` bits of the 256-bit hash decide, and where there is no hash, `min_cosine` of the embedding.
    """

    max_worst: float = Field(default=0.6, ge=0, le=2)
    max_tinted: float = Field(default=0.05, ge=0, le=1)
    min_structure: float = Field(default=0.88, ge=0, le=1)
    max_difference: float = Field(default=12.0, gt=0, le=64)
    max_distance: int = Field(default=20, ge=0, le=64)
    min_cosine: float = Field(default=0.97, ge=-1, le=1)


class StatePolicy(RelationPolicy):
    """The same screen with a dialog, a menu, another selection: most edges are where they were.

    At `min_structure` the pixels say it alone; from `min_structure_read` on, if the two share `min_shared_words`.
    """

    policy: Literal["keep_best", "cap", "keep_all"] = "keep_all"
    min_structure: float = Field(default=0.83, ge=0, le=1)
    min_structure_read: float = Field(default=0.5, ge=0, le=1)
    min_shared_words: float = Field(default=0.45, ge=0, le=1)


class LocalePolicy(RelationPolicy):
    """The same screen in another language: the words differ where the rest does not.

    Known languages (of the listing, the page, or what was read) must differ; where they are not known, other words in
    the places of the old ones count from `min_structure_unread` on.
    """

    policy: Literal["keep_best", "cap", "keep_all"] = "keep_all"
    min_structure: float = Field(default=0.6, ge=0, le=1)
    min_structure_unread: float = Field(default=0.92, ge=0, le=1)


class ThemePolicy(RelationPolicy):
    """The same screen, dark of light or in another palette: the same edges in other tones.

    Pages that are known to be two themes of one address need only half of `min_structure`.
    """

    policy: Literal["keep_best", "cap", "keep_all"] = "keep_all"
    min_structure: float = Field(default=0.75, ge=0, le=1)


class TemplatePolicy(RelationPolicy):
    """The same chrome about other content: `min_frame` of the rim is alike.

    Of captures whose sites are known, only those of one site: the rest would tie strangers who share a toolkit.
    """

    policy: Literal["keep_best", "cap", "keep_all"] = "cap"
    cap: int = Field(default=50, ge=1)
    min_frame: float = Field(default=0.65, ge=0, le=1)


class Relations(BaseModel):
    """One policy a relation, each under its name; `copy` is spelled `copy_` in Python."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    exact: RelationPolicy = RelationPolicy()
    copy_: CopyPolicy = Field(default=CopyPolicy(), alias="copy")
    same_state: StatePolicy = StatePolicy()
    locale: LocalePolicy = LocalePolicy()
    theme: ThemePolicy = ThemePolicy()
    same_template: TemplatePolicy = TemplatePolicy()

    def of(self, name: str) -> RelationPolicy:
        """The policy of a relation by the name that the relations table gives it."""
        policy: RelationPolicy = getattr(self, "copy_" if name == "copy" else name)
        return policy
