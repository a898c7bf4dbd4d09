"""Pictures as the image tower's trained part takes them: drawn anew each step, or kept looks of a locked stem.

A locked stem says the same of the same pixels at every step. So it is run once over `looks` looks of every picture, the
first one plain, and training goes on from what it said, which is kept on disk; a killed run goes on filling it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from models.encoder.augment import look, plain_look
from models.encoder.samples import Draw, key_of
from models.encoder.stored import Stored
from models.errors import GessoError
from models.images import ImageError, decode
from models.loader import RowError, ShardReader
from models.run import write_durably

if TYPE_CHECKING:
    from torch import Tensor

    from models.encoder.towers import Towers

BATCH = 16
Progress = Callable[[str, int, int], None]


class LooksError(GessoError):
    """What is kept of the looks is not of this run."""


class Pictures:
    """Rows of a split as pixels, from its shards or a copy. Decodes at most a few at a time, in threads."""

    def __init__(self, reader: ShardReader | Stored, side: int, fill: tuple[int, int, int], workers: int = 2) -> None:
        self.reader = reader
        self.rows, self.side, self.fill = reader.index.rows, side, fill
        self._pool = ThreadPoolExecutor(workers, "decode")

    def plain(self, rows: Sequence[int]) -> np.ndarray:
        """n × side × side × 3, whole and unchanged."""
        return np.stack(list(self._pool.map(lambda row: plain_look(self._image(row), self.side, self.fill), rows)))

    def drawn(self, rows: Sequence[int], keys: Sequence[int]) -> np.ndarray:
        """n × side × side × 3, each look decided by its key."""
        both = zip(rows, keys, strict=True)
        return np.stack(list(self._pool.map(lambda p: look(self._image(p[0]), self.side, self.fill, p[1]), both)))

    def close(self) -> None:
        self._pool.shutdown(wait=True)

    def _image(self, row: int) -> Image.Image:
        stored = self.reader.row(row)
        try:
            return decode(stored.image, stored.where)
        except ImageError as error:
            raise RowError(str(error)) from None


class KeptLooks:
    """rows × looks × the stem's shape in half precision, on disk, memory-mapped."""

    def __init__(self, folder: Path, pictures: Pictures, looks: int, seed: int, augment: bool) -> None:
        self.folder, self.pictures, self.looks, self.seed = folder, pictures, looks, seed
        self.augment = augment
        self._map: np.memmap | None = None

    def fill(self, stem: Callable[[np.ndarray], np.ndarray], progress: Progress | None = None) -> None:
        """Compute what is missing. `stem` takes n × side × side × 3 bytes and gives n × …"""
        total = self.pictures.rows * self.looks
        facts = self._facts()
        done = int(facts["done"]) if facts else 0
        if facts is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            shape = stem(self.pictures.plain([0] * BATCH)).shape[1:]
            facts = {"shape": [self.pictures.rows, self.looks, *shape], "done": 0}
            np.memmap(self._path, np.float16, "w+", shape=tuple(facts["shape"])).flush()
        found = np.memmap(self._path, np.float16, "r+", shape=tuple(facts["shape"]))
        flat = found.reshape(total, *facts["shape"][2:])
        while done < total:
            some = list(range(done, min(done + BATCH, total)))
            padded = some + [some[-1]] * (BATCH - len(some))  # always as many: sums come in the same order
            flat[some] = stem(self._pixels(padded))[: len(some)]
            done = some[-1] + 1
            if (done // BATCH) % 16 == 0 or done == total:
                found.flush()
                write_durably(self._mark, json.dumps(facts | {"done": done}))
            if progress:
                progress("looks", done, total)
        self._map = np.memmap(self._path, np.float16, "r", shape=tuple(facts["shape"]))

    def __call__(self, draws: Sequence[Draw]) -> np.ndarray:
        """n × the stem's shape, float16: one of the kept looks of each row, by the draw's key."""
        assert self._map is not None
        return np.stack([self._map[draw.row, key_of(draw.key, 8) % self.looks] for draw in draws])

    def features(
        self, rest: Callable[[Tensor], Tensor], like: Tensor, progress: Progress | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """(n × f float16, n rows): what `rest` makes of all kept looks."""
        import torch

        assert self._map is not None
        flat = self._map.reshape(-1, *self._map.shape[2:])
        parts = []
        for start in range(0, len(flat), 8 * BATCH):
            some = torch.from_numpy(np.array(flat[start : start + 8 * BATCH])).to(like.device, like.dtype)
            parts.append(rest(some).float().cpu().numpy().astype(np.float16))
            if progress:
                progress("features", min(start + 8 * BATCH, len(flat)), len(flat))
        return np.concatenate(parts), np.repeat(np.arange(self._map.shape[0]), self.looks)

    def _pixels(self, places: Sequence[int]) -> np.ndarray:
        pairs = [divmod(place, self.looks) for place in places]
        plain = [number == 0 or not self.augment for _, number in pairs]
        keys = [key_of(self.seed, 7, row, number) for row, number in pairs]
        made = np.empty((len(places), self.pictures.side, self.pictures.side, 3), np.uint8)
        for wanted in (True, False):
            at = [i for i, value in enumerate(plain) if value is wanted]
            if at:
                rows = [pairs[i][0] for i in at]
                made[at] = self.pictures.plain(rows) if wanted else self.pictures.drawn(rows, [keys[i] for i in at])
        return made

    @property
    def _path(self) -> Path:
        return self.folder / "looks.f16"

    @property
    def _mark(self) -> Path:
        return self.folder / "looks.json"

    def _facts(self) -> dict[str, Any] | None:
        try:
            facts: dict[str, Any] = json.loads(self._mark.read_text(encoding="utf-8"))
            size = int(np.prod(facts["shape"])) * 2
            whole = self._path.stat().st_size == size and facts["shape"][:2] == [self.pictures.rows, self.looks]
            return facts if whole else None
        except (OSError, ValueError, KeyError, TypeError):
            return None


def stem_of(towers: Towers, stem: Callable[[Tensor], Tensor], like: Tensor) -> Callable[[np.ndarray], np.ndarray]:
    """The stem from bytes to float16 arrays."""
    import torch

    def run(pixels: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return np.asarray(stem(towers.normalised(pixels, like)).float().cpu().numpy().astype(np.float16))

    return run
