"""ink: how much stands on the screen, and whether anything does: entropy, blankness, text, whitespace, edges."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pyarrow as pa
from PIL import Image

from curation.features.base import Feature, Item, Row

TILE = 8  # px of the small picture
CONTRAST = 28  # grey levels within a tile that count as ink; noise and gradients stay below
FULL = 0.10  # share of inked tiles from which on nothing is blank about a screen
STRIP, STRIPS = 64, 8  # rows that are looked at in the whole picture
RISE = 64  # grey levels that make an edge a strong one
EDGE = 24  # grey levels from one pixel to the next


class Ink(Feature):
    """`blankness` is 1 on an empty screen, 0 from a tenth of inked tiles on; `whitespace` is the share of calm tiles.

    `text_coverage` is an estimate without reading: the area of rows of close-set strokes as high as text.
    `sharpness` is the part of an edge's rise that lies between two pixels: 0.55 and more on a screen as it was drawn,
    below 0.45 where it was blurred or enlarged threefold; null where there are no edges.
    """

    name: ClassVar[str] = "ink"
    version: ClassVar[int] = 2
    needs: ClassVar[tuple[str, ...]] = ("image",)
    offers: ClassVar[str] = "entropy, blankness, text coverage, whitespace, edges and sharpness"
    COLUMNS: ClassVar[tuple[str, ...]] = (
        "entropy",
        "blankness",
        "text_coverage",
        "whitespace",
        "edge_density",
        "sharpness",
    )

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([(name, pa.float32()) for name in self.COLUMNS])

    def prepare(self, item: Item) -> Row:
        assert item.decoded is not None
        grey = item.decoded.grey
        inked = inked_share(grey)
        across = np.abs(np.diff(grey.astype(np.int16), axis=1)) > EDGE
        down = np.abs(np.diff(grey.astype(np.int16), axis=0)) > EDGE
        crisp = sharpness(item.decoded.image)
        return {
            "sharpness": None if crisp is None else round(crisp, 4),
            "entropy": round(entropy(grey), 4),
            "blankness": round(max(0.0, 1 - inked / FULL), 4),
            "text_coverage": round(text_share(across), 4),
            "whitespace": round(1 - inked, 4),
            "edge_density": round(float(across.mean() if across.size else 0) / 2 + _mean(down) / 2, 4),
        }


def sharpness(image: Image.Image) -> float | None:
    """Median over strong edges of the step between two pixels by the whole rise within four, 0.25 to 1, or None.

    It looks at up to eight strips of rows of the picture as it is, not of the small one, which is always sharp.
    """
    steps: list[np.ndarray] = []
    for top in np.unique(np.linspace(0, max(0, image.height - STRIP), STRIPS).astype(int)):
        strip = image.crop((0, int(top), image.width, min(image.height, int(top) + STRIP)))
        grey = np.asarray(strip.convert("L"), dtype=np.int16)
        if grey.shape[1] < 6:
            return None
        step = np.abs(np.diff(grey, axis=1))
        middle = step[:, 2:-2]
        rise = step[:, 1:-3] + middle + step[:, 3:-1]
        peak = (middle >= step[:, 1:-3]) & (middle > step[:, 3:-1]) & (rise >= RISE)
        whole = np.maximum(rise, np.abs(grey[:, 5:] - grey[:, :-5]))
        steps.append((middle[peak] / whole[peak]).astype(np.float64))
    found = np.concatenate(steps)
    return float(np.median(found)) if len(found) >= 16 else None


def entropy(grey: np.ndarray) -> float:
    """Shannon entropy of the grey levels, in bits, 0 to 8."""
    counts = np.bincount(grey.ravel(), minlength=256).astype(np.float64)
    shares = counts[counts > 0] / grey.size
    return float(-(shares * np.log2(shares)).sum()) + 0.0


def inked_share(grey: np.ndarray) -> float:
    """Share of tiles whose darkest and brightest pixel lie apart by more than noise and gradients do."""
    rows, columns = max(1, grey.shape[0] // TILE), max(1, grey.shape[1] // TILE)
    tiles = grey[: rows * TILE, : columns * TILE]
    if tiles.shape != (rows * TILE, columns * TILE):  # smaller than one tile
        return float(int(grey.max()) - int(grey.min()) > CONTRAST)
    tiles = tiles.reshape(rows, TILE, columns, TILE)
    return float(((tiles.max((1, 3)).astype(np.int16) - tiles.min((1, 3))) > CONTRAST).mean())


def text_share(across: np.ndarray) -> float:
    """Area of what looks like lines of text: vertical strokes joined sideways, 4 to 24 px high and wider than high."""
    from scipy import ndimage

    if not across.any():
        return 0.0
    joined = ndimage.maximum_filter1d(across, 9, axis=1)
    labels, number = ndimage.label(joined)
    area = 0
    for index, (rows, columns) in enumerate(ndimage.find_objects(labels), 1):
        high, wide = rows.stop - rows.start, columns.stop - columns.start
        if not (4 <= high <= 24 and wide >= 1.5 * high):
            continue
        inside = labels[rows, columns] == index
        strokes = across[rows, columns][inside].sum()
        if inside.sum() >= 0.4 * high * wide and strokes >= 0.12 * inside.sum():
            area += high * (wide - 8 if wide > 16 else wide)
    return min(1.0, area / across.size) if number else 0.0


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else 0.0
