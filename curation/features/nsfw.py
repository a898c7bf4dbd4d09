"""nsfw: one number from two opinions, LAION's head over the embedding and open_nsfw on the pixels, by a stated rule.

The head knows what a picture is about and the pixels what skin looks like; `max` lets either object. The parts stay
beside the number, so that a recipe can ask for less (`nsfw_head > 0.9 AND nsfw_pixels > 0.5`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from curation.features.base import Feature, Item, NotAtHand, Params, Row, ValueProblem
from curation.features.embedding import Embedding, vector_of
from curation.features.heads import values_of
from curation.heads.fit import Chosen, HeadChoice, choose
from curation.heads.head import Head, HeadError

Part = Literal["head", "pixels"]


class NsfwParams(Params):
    """`parts` are the opinions asked, `combine` what becomes of them: `max`, `mean` or `min`."""

    parts: tuple[Part, ...] = Field(default=("head", "pixels"), min_length=1)
    combine: Literal["max", "mean", "min"] = "max"
    head: HeadChoice = HeadChoice(path="auto")


class Nsfw(Feature):
    """0 to 1. A capture that lacks one of the opinions has no value: half a rule is another rule."""

    name: ClassVar[str] = "nsfw"
    needs: ClassVar[tuple[str, ...]] = ("embedding", "nsfw_pixels")
    parameters: ClassVar[type[Params]] = NsfwParams
    offers: ClassVar[str] = "highest of two opinions on nudity, and the head's own; nsfw_pixels has the other"
    params: NsfwParams
    _chosen: Chosen | None = None
    _head: Head | None = None

    def __init__(self, params: Params) -> None:
        super().__init__(params)
        sources = {"head": "embedding", "pixels": "nsfw_pixels"}
        self.needs = tuple(sources[part] for part in sorted(set(self.params.parts)))  # type: ignore[misc]

    @property
    def schema(self) -> pa.Schema:
        head = [("nsfw_head", pa.float32())] if "head" in self.params.parts else []
        return pa.schema([("nsfw", pa.float32()), *head])

    def connect(self, needed: Mapping[str, Feature]) -> None:
        self._embedding = needed.get("embedding")

    def check(self, home: Path) -> None:
        if not isinstance(self._embedding, Embedding):
            return
        place, dimensions = self._embedding.place, self._embedding.dimensions
        try:
            self._chosen, self._head = choose(
                self.name, self.params.head, home, place, dimensions, "nsfw", self._embedding.fingerprints()
            )
        except NotAtHand as why:
            raise NotAtHand(f"{why}; nsfw: {{parts: [pixels]}} does without") from None
        if self._head.outputs != 1:
            raise HeadError(f"nsfw: {self._chosen.path} has {self._head.outputs} outputs: name it under heads")

    def identity(self) -> dict[str, Any]:
        facts = {"parts": sorted(set(self.params.parts)), "combine": self.params.combine}
        return facts | ({"head": self._chosen.identity()} if self._chosen else {})

    def prepare(self, item: Item) -> tuple[np.ndarray | None, float | None]:
        pixels = None
        if "pixels" in self.params.parts:
            pixels = item.others.get("nsfw_pixels", {}).get("nsfw_pixels")
            if pixels is None:
                raise ValueProblem("no_opinion", "nsfw_pixels has no value for this capture")
        return vector_of(item) if "head" in self.params.parts else None, pixels

    def compute(self, prepared: list[tuple[np.ndarray | None, float | None]]) -> list[Row]:
        if not prepared:
            return []
        columns: list[list[float]] = []
        if self._head is not None:
            columns.append(values_of(self._head, np.stack([vector for vector, _ in prepared if vector is not None])))
        if "pixels" in self.params.parts:
            columns.append([float(pixels) for _, pixels in prepared if pixels is not None])
        opinions = np.asarray(columns, np.float64)
        both = {"max": opinions.max(0), "mean": opinions.mean(0), "min": opinions.min(0)}[self.params.combine]
        rows: list[Row] = [{"nsfw": float(value)} for value in both]
        if self._head is not None:
            for row, value in zip(rows, columns[0], strict=True):
                row["nsfw_head"] = value
        return rows
