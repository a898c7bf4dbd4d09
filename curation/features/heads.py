"""heads: any number of small networks over the one embedding, each a column under a name of the user's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import ConfigDict, model_validator

from curation.features.base import Feature, Item, Params, Row
from curation.features.embedding import Embedding, vector_of
from curation.heads.fit import Chosen, HeadChoice, choose
from curation.heads.head import Head, HeadError


class HeadsParams(Params):
    """Column name → head: `heads: {warmth: {path: heads/warmth.safetensors}, layout: {path: …, input: raw}}`."""

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[str, HeadChoice]

    @model_validator(mode="after")
    def _names(self) -> HeadsParams:
        if bad := [name for name in self.chosen if not name.isidentifier() or not name.islower() or name[0] == "_"]:
            raise ValueError(f"{bad[0]!r} is no column name: use lower-case letters, digits and _")
        return self

    @property
    def chosen(self) -> dict[str, HeadChoice]:
        return dict(self.__pydantic_extra__ or {})


class Heads(Feature):
    """A head of one output gives a number, one of several a list of as many."""

    name: ClassVar[str] = "heads"
    needs: ClassVar[tuple[str, ...]] = ("embedding",)
    parameters: ClassVar[type[Params]] = HeadsParams
    offers: ClassVar[str] = "a column for each head that the recipe names, from .pth, .safetensors or a SavedModel"
    params: HeadsParams

    def __init__(self, params: Params) -> None:
        super().__init__(params)
        self._heads: dict[str, tuple[Chosen, Head]] = {}

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([(name, _type(head.outputs)) for name, (_, head) in self._heads.items()])

    def connect(self, needed: Mapping[str, Feature]) -> None:
        embedding = needed["embedding"]
        assert isinstance(embedding, Embedding)
        self._embedding = embedding

    def check(self, home: Path) -> None:
        """Read every head and hold it to the embedding, before any picture is looked at."""
        if not self.params.chosen:
            raise HeadError("heads names no head: write heads: {NAME: {path: FILE}}")
        place, dimensions, prints = self._embedding.place, self._embedding.dimensions, self._embedding.fingerprints()
        self._heads = {
            name: choose(name, choice, home, place, dimensions, None, prints)
            for name, choice in sorted(self.params.chosen.items())
        }

    def identity(self) -> dict[str, Any]:
        return {name: chosen.identity() for name, (chosen, _) in self._heads.items()}

    def prepare(self, item: Item) -> np.ndarray:
        return vector_of(item)

    def compute(self, prepared: list[np.ndarray]) -> list[Row]:
        vectors = np.stack(prepared) if prepared else np.empty((0, self._embedding.dimensions))
        columns = {name: values_of(head, vectors) for name, (_, head) in self._heads.items()}
        return [{name: values[row] for name, values in columns.items()} for row in range(len(prepared))]


def values_of(head: Head, vectors: np.ndarray) -> list[Any]:
    """One value a row: a float, or a list of floats for a head of several outputs."""
    values = head(vectors)
    return list(values[:, 0].tolist() if head.outputs == 1 else values.tolist())


def _type(outputs: int) -> pa.DataType:
    return pa.float32() if outputs == 1 else pa.list_(pa.float32(), outputs)
