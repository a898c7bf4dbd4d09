"""What a quality head sees of a capture: its embedding, and behind it its craft numbers. Computed once, kept beside."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from crawlers.captures import Capture, CaptureStore
from curation.features.base import Item
from curation.features.craft import Craft
from curation.features.decode import decode_image
from curation.features.embedding import Embedding, EmbeddingParams
from models.kept import Progress, kept_vectors

if TYPE_CHECKING:
    from curation.encoder.place import Place


class Eyes:
    """The two features as curation computes them, of one encoder."""

    def __init__(self, model: str, home: Path) -> None:
        self.embedding = Embedding(EmbeddingParams(model=model))
        self.embedding.check(home)
        self.craft = Craft(Craft.parameters())

    @property
    def place(self) -> Place:
        return self.embedding.place

    def vectors(
        self, store: CaptureStore, captures: Sequence[Capture], kept: Path, progress: Progress | None = None
    ) -> dict[str, np.ndarray]:
        """capture_id → float32 vector. What is at hand in `kept`, a folder, is not computed again."""
        path = kept / f"vectors-{self.embedding.fingerprint()}-{self.craft.fingerprint()}.npz"
        wanted = [(capture.capture_id, capture) for capture in captures]
        return kept_vectors(path, wanted, lambda some: self._look(store, some), progress)

    def _look(self, store: CaptureStore, captures: Sequence[Capture]) -> list[np.ndarray]:
        prepared, craft = [], []
        for capture in captures:
            item = Item(capture, decoded=decode_image(store.read_image(capture)))
            prepared.append(self.embedding.prepare(item))
            craft.append(self.craft.prepare(item)["_craft"])
        rows = self.embedding.compute(prepared)
        return [
            np.concatenate([np.asarray(row["embedding"], np.float32), more])
            for row, more in zip(rows, craft, strict=True)
        ]
