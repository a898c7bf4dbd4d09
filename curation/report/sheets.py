"""Sheets of small pictures for the map: those that lie near each other on it lie on one sheet."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from curation.report.pictures import Picture
from curation.report.projection import Plane
from curation.report.tables import Row

CELL = 64  # px
ACROSS = 16  # cells a side of a sheet
QUALITY = 60
BITS = 10  # of each axis along the curve


@dataclass(frozen=True)
class Atlas:
    """`sheets`: WebP of ACROSS × ACROSS cells; `place`: sha256 → number of the cell, counted over all sheets."""

    sheets: list[bytes] = field(default_factory=list)
    place: dict[str, int] = field(default_factory=dict)

    def places(self, rows: Iterable[Row]) -> list[int]:
        return [self.place.get(row.get("image_sha256") or "", -1) for row in rows]


def order_on(laid: Plane | None, rows: list[Row], known: dict[str, int]) -> list[str]:
    """The pictures of `known` along a Morton curve over the plane; without a plane there is nothing to draw them on."""
    if laid is None:
        return []
    grid = np.clip(np.nan_to_num(laid.xy, nan=0.0) * (1 << BITS), 0, (1 << BITS) - 1).astype(np.int64)
    along = _spread(grid[:, 0]) | (_spread(grid[:, 1]) << 1)
    placed = [i for i in np.argsort(along, kind="stable").tolist() if np.isfinite(laid.xy[i, 0])]
    ordered = dict.fromkeys(rows[i].get("image_sha256") or "" for i in placed)
    return [sha256 for sha256 in ordered if sha256 in known]


def _spread(values: np.ndarray) -> np.ndarray:
    """A zero between every two bits."""
    spread = np.zeros_like(values)
    for bit in range(BITS):
        spread |= ((values >> bit) & 1) << (2 * bit)
    return spread


def atlas(pictures: dict[str, Picture], order: list[str]) -> Atlas:
    place = {sha256: index for index, sha256 in enumerate(order)}
    each = ACROSS * ACROSS
    with ThreadPoolExecutor(max_workers=2) as pool:
        batches = (order[start : start + each] for start in range(0, len(order), each))
        return Atlas([_sheet(pool.map(lambda s: _small(pictures[s]), batch)) for batch in batches], place)


def _small(picture: Picture) -> object:
    from PIL import Image

    with Image.open(io.BytesIO(picture.data), formats=("WEBP",)) as image:
        small = image.convert("RGB")
    small.thumbnail((CELL, CELL), Image.Resampling.BOX, reducing_gap=2.0)
    return small


def _sheet(cells: Iterator[object]) -> bytes:
    """Each picture whole, in the middle of its cell; what is left of the cell stays see-through."""
    from PIL import Image

    sheet = Image.new("RGBA", (CELL * ACROSS, CELL * ACROSS), (0, 0, 0, 0))
    for index, cell in enumerate(cells):
        assert isinstance(cell, Image.Image)
        row, column = divmod(index, ACROSS)
        sheet.paste(cell, (column * CELL + (CELL - cell.width) // 2, row * CELL + (CELL - cell.height) // 2))
    out = io.BytesIO()
    sheet.save(out, "WEBP", quality=QUALITY, method=2)
    return out.getvalue()
