"""Image → design by retrieval: the design of the dataset's nearest screen, and which screen that was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from PIL import Image

from models.errors import GessoError
from models.images import decode, fit
from models.vision.oklab import to_oklab

SIDE = 64
THUMBNAIL = 16
BINS = (8, 7, 7)  # of L, a, b
RANGES = ((0.0, 1.0), (-0.25, 0.25), (-0.25, 0.25))
LAYOUT_WEIGHT, PALETTE_WEIGHT = 1.0, 0.5


class RetrieveError(GessoError):
    """The picture cannot be read, or the dataset holds no design to give."""


@dataclass(frozen=True)
class RetrievedDesign:
    """The nearest row that has a design. `distance` is 0 for the very picture; about 1 is as far as screens get."""

    capture_id: str
    notation: str
    distance: float
    site: str
    title: str


def describe(image: Image.Image) -> NDArray[np.float32]:
    """A vector whose Euclidean distances say how alike two screens look: an OKLab thumbnail, and which colours it has.

    The thumbnail part has the root mean square of a pixel's difference for its distance, the palette part Hellinger's.
    """
    lab = to_oklab(fit(image, SIDE, SIDE))
    cell = SIDE // THUMBNAIL
    thumbnail = lab.reshape(THUMBNAIL, cell, THUMBNAIL, cell, 3).mean(axis=(1, 3)).ravel() / THUMBNAIL
    counts, _ = np.histogramdd(lab.reshape(-1, 3).clip(*np.array(RANGES).T), bins=BINS, range=RANGES)
    palette = np.sqrt(counts.ravel() / counts.sum()) / np.sqrt(2)
    return np.concatenate([LAYOUT_WEIGHT * thumbnail, PALETTE_WEIGHT * palette]).astype(np.float32)


class DesignIndex:
    """The rows of a dataset version, all splits, that have a design. Raises RetrieveError where there are none."""

    def __init__(self, dataset_dir: Path) -> None:
        self.dataset_dir = Path(dataset_dir)
        rows = list(_rows(self.dataset_dir))
        if not rows:
            raise RetrieveError(
                f"no row of {dataset_dir} has a design: curate with the feature `design`, from captures with a DOM"
            )
        self.vectors = np.stack([vector for vector, _ in rows])
        self.places = [place for _, place in rows]

    def nearest(self, image: Path) -> RetrievedDesign:
        """The design whose screen looks most like a picture; the first in shard order among equals."""
        try:
            data = Path(image).read_bytes()
        except OSError as error:
            raise RetrieveError(f"cannot read {image} ({error.strerror}): give a picture") from None
        distances = np.linalg.norm(self.vectors - describe(decode(data, str(image))), axis=1)
        best = int(distances.argmin())
        shard, group, offset = self.places[best]
        with pq.ParquetFile(shard) as file:
            names = [n for n in ("capture_id", "design", "site", "title") if n in file.schema_arrow.names]
            row = file.read_row_group(group, columns=names).slice(offset, 1).to_pylist()[0]
        return RetrievedDesign(
            capture_id=row["capture_id"],
            notation=row["design"],
            distance=round(float(distances[best]), 6),
            site=row.get("site") or "",
            title=row.get("title") or "",
        )


def _rows(folder: Path) -> Iterator[tuple[NDArray[np.float32], tuple[Path, int, int]]]:
    for shard in sorted(folder.glob("*-of-*.parquet")):
        try:
            with pq.ParquetFile(shard) as file:
                if "design" not in file.schema_arrow.names:
                    continue
                for group in range(file.num_row_groups):
                    table = file.read_row_group(group, columns=["design", "image"])
                    for offset, has in enumerate(pc.fill_null(pc.utf8_length(table["design"]), 0).to_pylist()):
                        if has:
                            data = table["image"][offset].as_py()["bytes"]
                            yield (
                                describe(decode(data, f"{shard.name} row {offset} of group {group}")),
                                (shard, group, offset),
                            )
        except (pa.ArrowException, OSError) as error:
            raise RetrieveError(f"{shard} cannot be read ({error}): curate the dataset again") from None


@lru_cache(maxsize=2)
def _index(folder: Path, shards: tuple[tuple[str, int, int], ...]) -> DesignIndex:
    return DesignIndex(folder)


def nearest_design(image: Path, dataset_dir: Path) -> RetrievedDesign:
    """The design of the dataset's screen that looks most like the picture. The screens are described once a process."""
    folder = Path(dataset_dir)
    shards = sorted(folder.glob("*-of-*.parquet"))
    facts = tuple((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in shards)
    return _index(folder.resolve(), facts).nearest(image)
