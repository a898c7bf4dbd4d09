"""How a picture is laid before an encoder that sees squares: letterboxed whole, in tiles, cropped."""

from __future__ import annotations

from typing import Literal

import numpy as np
from PIL import Image

View = Literal["tiles", "letterbox", "crop"]
Box = tuple[int, int, int, int]
GAP = 2.0  # a picture is box-reduced to no less than twice its last size before the bicubic step
SQUARE = 1.25  # up to this ratio of the sides, the whole says all


def views(image: Image.Image, side: int, fill: tuple[int, int, int], view: View, most: int) -> np.ndarray:
    """k × side × side × 3 bytes of a picture in RGB or RGBX.

    `letterbox` is the whole picture (k = 1), `crop` its central square as CLIP was trained (k = 1), `tiles` the whole
    and then at most `most` tiles, which cover it (k ≤ 1 + most). `fill` is the ground that the model sees as zero.
    """
    if view == "crop":
        return square(image, central(image.size), side, fill)[None]
    boxes = [(0, 0, *image.size), *(tiles(image.size, most) if view == "tiles" else ())]
    factor = int(min(min(box[2] - box[0], box[3] - box[1]) for box in boxes) / side / GAP)
    if view == "tiles" and len(boxes) > 1 and factor > 1:  # reduce once for all tiles
        image = image.reduce(factor)
        boxes = [(0, 0, *image.size), *tiles(image.size, most)]
    return np.stack([square(image, box, side, fill) for box in boxes])


def tiles(size: tuple[int, int], most: int) -> list[Box]:
    """Boxes along the long side, evenly laid and together covering all; none for a picture that is nearly square.

    A tile is as wide as the short side, and square, unless `most` squares do not reach: then it is longer than wide.
    """
    width, height = size
    long, short = max(size), min(size)
    if long < SQUARE * short:
        return []
    count = max(2, min(most, round(long / short))) if most > 1 else 1
    span = max(short, -(-long // count))
    starts = [round(index * (long - span) / (count - 1)) if count > 1 else 0 for index in range(count)]
    if width >= height:
        return [(start, 0, start + span, height) for start in starts]
    return [(0, start, width, start + span) for start in starts]


def central(size: tuple[int, int]) -> Box:
    """The largest square in the middle."""
    short = min(size)
    left, top = (size[0] - short) // 2, (size[1] - short) // 2
    return left, top, left + short, top + short


def square(image: Image.Image, box: Box, side: int, fill: tuple[int, int, int]) -> np.ndarray:
    """side × side × 3 bytes: what is in the box, scaled to fit and centred."""
    width, height = box[2] - box[0], box[3] - box[1]
    scale = side / max(width, height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = image.resize(size, Image.Resampling.BICUBIC, box=box, reducing_gap=GAP).convert("RGB")
    if size == (side, side):
        return np.asarray(small)
    ground = Image.new("RGB", (side, side), fill)
    ground.paste(small, ((side - size[0]) // 2, (side - size[1]) // 2))
    return np.asarray(ground)
