"""What a quality head sees of a capture: its embedding, and behind it its craft numbers. Computed once, kept beside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from crawlers.captures import Capture, CaptureStore
from curation.features.base import Item
from curation.features.craft import Craft
from curation.features.decode import decode_image
from curation.features.embedding import Embedding, EmbeddingParams

if TYPE_CHECKING:
    from curation.encoder.place import Place

BATCH = 48
Progress = Callable[[str, int, int], None]


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
        known = _read(path)
        todo = [capture for capture in captures if capture.capture_id not in known]
        for start in range(0, len(todo), BATCH):
            if progress is not None:
                progress("look", start, len(todo))
            some = todo[start : start + BATCH]
            for capture, vector in zip(some, self._look(store, some), strict=True):
                known[capture.capture_id] = vector
            if start // BATCH % 8 == 7:
                _write(path, known)
        if todo:
            _write(path, known)
        if progress is not None:
            progress("look", len(todo), len(todo))
        return {capture.capture_id: known[capture.capture_id] for capture in captures}

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


def _read(path: Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        return {}
    with np.load(path, allow_pickle=False) as found:
        return dict(zip(found["ids"].tolist(), found["vectors"], strict=True))


def _write(path: Path, known: dict[str, np.ndarray]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.stem}.part.npz")
    np.savez(aside, ids=np.array(list(known)), vectors=np.stack(list(known.values())))
    aside.replace(path)
