"""Looks of one picture that must stay close: tiles, cut bars, crops, scales, re-encoded, a little other in tone. Pure.

Nothing is mirrored or turned, and hues stay: a screen's side, script and colours are what tells it from its sisters.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from curation.encoder.views import square, tiles

BARS = (0.035, 0.97)  # of a tall screen's height: between a phone's status and navigation bars
TALL = 1.5
TILED = 0.4  # of the looks at a long picture, so many are a tile, as curation pools tiles with the whole
MOST_TILES = 3
MOST = 1600  # px: what is larger is halved first, the encoder sees a few hundred

Pixels = NDArray[np.uint8]


def plain_look(image: Image.Image, side: int, fill: tuple[int, int, int]) -> Pixels:
    """side × side × 3: the whole picture letterboxed, as curation shows it to an encoder."""
    return np.asarray(square(image, (0, 0, *image.size), side, fill), np.uint8)


def look(image: Image.Image, side: int, fill: tuple[int, int, int], key: int) -> Pixels:
    """side × side × 3 of an RGB picture; the key decides all."""
    random = np.random.default_rng(key)
    if max(image.size) > MOST:
        image = image.reduce(max(2, max(image.size) // MOST))
    width, height = image.size
    left, top, right, bottom = 0.0, 0.0, float(width), float(height)
    parts = tiles(image.size, MOST_TILES)
    if parts and random.random() < TILED:
        left, top, right, bottom = (float(edge) for edge in parts[int(random.integers(len(parts)))])
    elif height > TALL * width and random.random() < 0.5:
        top, bottom = height * BARS[0], height * BARS[1]
    if random.random() < 0.6:
        across, down = (bottom - top) * random.uniform(0.7, 1.0), (right - left) * random.uniform(0.85, 1.0)
        top += random.uniform(0, bottom - top - across)
        left += random.uniform(0, right - left - down)
        right, bottom = left + down, top + across
    box = (round(left), round(top), max(round(left) + 1, round(right)), max(round(top) + 1, round(bottom)))
    inner = side if random.random() < 0.5 else round(side * random.uniform(0.75, 1.0))
    small = Image.fromarray(square(image, box, inner, fill))
    kinds: tuple[Any, ...] = (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color)
    for kind in kinds:
        if random.random() < 0.4:
            small = kind(small).enhance(random.uniform(0.85, 1.15))
    if random.random() < 0.3:
        kept = io.BytesIO()
        small.save(kept, "JPEG", quality=int(random.integers(35, 90)))
        small = Image.open(kept).convert("RGB")
    if inner == side:
        return np.asarray(small, np.uint8)
    ground = Image.new("RGB", (side, side), fill)
    right_of, below = (int(v) for v in random.integers(0, side - inner + 1, 2))
    ground.paste(small, (right_of, below))
    return np.asarray(ground, np.uint8)
