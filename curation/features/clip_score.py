"""clip_score: how well the caption says what is seen: the cosine of image and text in the encoder's space.

The raw cosine, as DataComp filters by; CLIPScore (Hessel et al. 2021) is 2.5 × max(cosine, 0).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import pyarrow as pa

from curation.features.base import Feature, Item, Row, ValueProblem
from curation.features.embedding import Embedding, vector_of


class ClipScore(Feature):
    """−1 to 1; with CLIP models unrelated pairs lie near 0.1 and good ones near 0.3."""

    name: ClassVar[str] = "clip_score"
    needs: ClassVar[tuple[str, ...]] = ("embedding", "caption")
    offers: ClassVar[str] = "cosine of caption and picture, by the embedding's own encoder"

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([("clip_score", pa.float32())])

    def connect(self, needed: Mapping[str, Feature]) -> None:
        embedding = needed["embedding"]
        assert isinstance(embedding, Embedding)
        self._embedding = embedding

    def prepare(self, item: Item) -> tuple[np.ndarray, str]:
        caption = item.others.get("caption", {}).get("caption")
        if not caption:
            raise ValueProblem("no_caption", "the caption has no value for this capture")
        return vector_of(item), caption

    def compute(self, prepared: list[tuple[np.ndarray, str]]) -> list[Row]:
        if not prepared:
            return []
        texts = self._embedding.encoder().encode_texts([caption for _, caption in prepared])
        images = np.stack([vector for vector, _ in prepared])
        cosines = (images.astype(np.float64) * texts).sum(axis=1)
        return [{"clip_score": round(float(value), 5)} for value in cosines]
