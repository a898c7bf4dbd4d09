"""Hostile image bytes to an RGB picture of a fixed size: limits first, then letterbox or crop."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from curation.features.base import ValueProblem
from curation.features.decode import decode_image
from models.errors import GessoError

Pixels = NDArray[np.uint8]


class ImageError(GessoError):
    """The bytes are no picture that we would open: too large, damaged, or of another format."""


def decode(data: bytes, where: str) -> Image.Image:
    """The picture as RGB, turned by its EXIF tag, transparent pixels on white. `where` names it in errors.

    Raises ImageError where the bytes or the pixels are over the limits or do not decode.
    """
    try:
        return decode_image(data).image
    except ValueProblem as problem:
        raise ImageError(f"{where} does not decode ({problem}): curate again to reject it") from None


def fit(image: Image.Image, width: int, height: int, *, max_aspect: float = 2.4, mode: str = "letterbox") -> Pixels:
    """The picture at width×height, uint8 (height, width, 3).

    What is taller than `max_aspect` times its width is cut below: the top of a page is what one sees of it first. Then
    `letterbox` pads with the colour of the edges it extends, and `crop` covers the frame from the top centre.
    """
    limit = max(1, round(image.width * max_aspect))
    if image.height > limit:
        image = image.crop((0, 0, image.width, limit))
    if mode == "crop":
        return np.asarray(ImageOps.fit(image, (width, height), Image.Resampling.BOX, centering=(0.5, 0.0)), np.uint8)
    scale = min(width / image.width, height / image.height)
    inner = (max(1, min(width, round(image.width * scale))), max(1, min(height, round(image.height * scale))))
    small = image.resize(inner, Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC)
    pixels = np.asarray(small, np.uint8)
    frame = np.empty((height, width, 3), np.uint8)
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    frame[:] = _edge_colour(pixels, sides=inner[0] < width)
    frame[top : top + inner[1], left : left + inner[0]] = pixels
    return frame


def _edge_colour(pixels: Pixels, *, sides: bool) -> Pixels:
    """The median colour of the two edges that the padding touches."""
    edges = (pixels[:, 0], pixels[:, -1]) if sides else (pixels[0], pixels[-1])
    return np.median(np.concatenate(edges), axis=0).astype(np.uint8)
