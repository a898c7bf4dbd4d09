"""aesthetic: how well a screen is made, 1 to 10, by a head over the one embedding and the craft numbers.

Offline it is the quality head that ships with Gesso's encoder (docs/models/quality.md says what a grade means); with a
CLIP encoder LAION's or Simulacra's predictor of how a picture is liked.

The published heads were trained on photographs and paintings (about 1 to 10), and lean to them (arXiv 2601.09896): rank
screens with one, do not read a grade off it. `gesso label train` and `gesso train head` make heads for screens.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from curation.features.base import Feature, Item, Params, Row, ValueProblem
from curation.features.craft import WIDTH
from curation.features.embedding import Embedding, vector_of
from curation.features.heads import values_of
from curation.heads.fit import Chosen, HeadChoice, choose
from curation.heads.head import Head, HeadError


class AestheticParams(Params, HeadChoice):
    """`path` is a file, the name of a published head, or `auto`.

    `auto` is the head in force in this home, trained on labels or on damaged captures, else the newest published one
    that fits and is at hand, else the shipped quality head where the encoder is the shipped one.
    """

    path: str = "auto"


class Aesthetic(Feature):
    name: ClassVar[str] = "aesthetic"
    needs: ClassVar[tuple[str, ...]] = ("embedding", "craft")
    parameters: ClassVar[type[Params]] = AestheticParams
    offers: ClassVar[str] = "how the picture is liked, about 1 to 10, by a head for screens or a published one"
    params: AestheticParams
    _chosen: Chosen
    _head: Head

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([("aesthetic", pa.float32())])

    def connect(self, needed: Mapping[str, Feature]) -> None:
        embedding = needed["embedding"]
        assert isinstance(embedding, Embedding)
        self._embedding = embedding

    def check(self, home: Path) -> None:
        place, dimensions = self._embedding.place, self._embedding.dimensions
        self._chosen, self._head = choose(
            self.name, self.params, home, place, dimensions, "aesthetic", self._embedding.fingerprints(), WIDTH
        )
        if self._head.outputs != 1:
            raise HeadError(f"aesthetic: {self._chosen.path} has {self._head.outputs} outputs: name it under heads")

    def identity(self) -> dict[str, Any]:
        return self._chosen.identity()

    def prepare(self, item: Item) -> np.ndarray:
        vector = vector_of(item)
        if self._head.inputs == len(vector):
            return vector
        craft = item.others.get("craft", {}).get("_craft")
        if craft is None:
            raise ValueProblem("no_craft", "the craft numbers have no value for this capture")
        return np.concatenate([vector, np.asarray(craft, np.float32)])

    def compute(self, prepared: list[np.ndarray]) -> list[Row]:
        if not prepared:
            return []
        return [{"aesthetic": value} for value in values_of(self._head, np.stack(prepared))]
