"""embedding: one L2-normalised vector a picture, from any open_clip model by name or from a local folder.

`model` is `auto` (weights at hand, else the feature is left out of the run with a note), `ViT-B-32/laion2b_s34b_b79k`
(an open_clip name and its pretrained tag), `hf-hub:…`, or a folder with open_clip_config.json and a .safetensors file.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from curation.encoder.place import EncoderError, Place, find
from curation.encoder.views import View, views
from curation.features.base import Feature, Item, Params, Row, ValueProblem

if TYPE_CHECKING:
    from curation.encoder.towers import Encoder

EmbeddingError = EncoderError
PRECISIONS = ("bf16", "fp32")


class EmbeddingParams(Params):
    """At most `batch` views go through the model at once, always as many: a short batch is padded, not shaped anew.

    `view`: `tiles` (the whole picture and at most `tiles` tiles along its long side, their vectors averaged),
    `letterbox` (the whole, once), `crop` (the central square that CLIP's own preparation sees).
    """

    model: str = "auto"
    view: View = "tiles"
    tiles: int = Field(default=3, ge=1, le=16)
    batch: int = Field(default=16, ge=1, le=1024)


class Embedding(Feature):
    """The whole picture, and closer looks at it: a centre crop would see less than half of a phone's screen."""

    name: ClassVar[str] = "embedding"
    version: ClassVar[int] = 2
    needs: ClassVar[tuple[str, ...]] = ("image",)
    parameters: ClassVar[type[Params]] = EmbeddingParams
    offers: ClassVar[str] = "one vector of length 1, that heads, tags and search stand on"
    params: EmbeddingParams

    def __init__(self, params: Params) -> None:
        super().__init__(params)
        self._place: Place | None = None

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([("embedding", pa.list_(pa.float16(), self.dimensions))])

    @property
    def place(self) -> Place:
        """Where the model is, with `auto` settled. Raises EncoderError or NotAtHand before `check` has passed."""
        if self._place is None:
            self._place = find(self.params.model, None)
        return self._place

    @property
    def dimensions(self) -> int:
        """Width of the vectors, from the model's config; only a model on a hub is loaded to know it."""
        config = self.place.config()
        return int(config["embed_dim"]) if config else int(self.encoder().encode_texts(["a screen"]).shape[1])

    def check(self, home: Path) -> None:
        """Settle on the model. `auto` asks no network: it takes $GESSO_ENCODER or `<home>/encoder`, or is left out."""
        self._place = find(self.params.model, home)
        _ = self.dimensions

    def weights_hash(self) -> str:
        return self.place.weights_hash()

    def identity(self) -> dict[str, Any]:
        view = {"view": self.params.view} | ({"tiles": self.params.tiles} if self.params.view == "tiles" else {})
        return {"precision": self.place.precision()} | view

    def encoder(self) -> Encoder:
        """The loaded model, shared with the features that need its text tower."""
        from curation.encoder.towers import load

        return load(self.place)

    def prepare(self, item: Item) -> np.ndarray:
        assert item.decoded is not None
        encoder = self.encoder()
        return views(item.decoded.pixels, encoder.side, encoder.fill, self.params.view, self.params.tiles)

    def compute(self, prepared: list[np.ndarray]) -> list[Row]:
        if not prepared:
            return []
        counts = [len(some) for some in prepared]
        vectors = self.encoder().encode(np.concatenate(prepared), self.params.batch)
        return [{"embedding": vector} for vector in pooled(vectors, counts)]

    def fingerprints(self) -> frozenset[str]:
        """The fingerprint on machines of either precision: their vectors can be compared, and share heads."""
        found = set()
        for other in PRECISIONS:
            twin = _Elsewhere(self.params)
            twin._place, twin.precision = self.place, other
            found.add(twin.fingerprint())
        return frozenset(found)


class _Elsewhere(Embedding):
    """The same feature as it is named on a machine of another precision."""

    precision = ""

    def identity(self) -> dict[str, Any]:
        return super().identity() | {"precision": self.precision}


def vector_of(item: Item) -> np.ndarray:
    """The embedding of a capture, for a feature that needs it, as float32. Raises ValueProblem where it has none."""
    vector = item.others.get("embedding", {}).get("embedding")
    if vector is None:
        raise ValueProblem("no_embedding", "the embedding has no value for this capture")
    return np.asarray(vector, np.float32)


def pooled(vectors: np.ndarray, counts: list[int]) -> np.ndarray:
    """The mean of each picture's `counts` consecutive vectors, of length 1 again, float16."""
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    means = np.add.reduceat(vectors, starts, axis=0) / np.asarray(counts, np.float32)[:, None]
    return np.asarray((means / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float16))
