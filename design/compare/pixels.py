"""Two pictures → the share of pixels that differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

TOLERANCE = 16  # of 255; below it lie the roundings of anti-aliasing, which nobody sees


def pixel_difference(a: Image, b: Image, tolerance: int = TOLERANCE) -> float:
    """Share of pixels that differ in any channel by more than `tolerance`; what only one of them covers differs."""
    width, height = max(a.width, b.width), max(a.height, b.height)
    shared = (min(a.width, b.width), min(a.height, b.height))
    left = np.asarray(a.convert("RGB").crop((0, 0, *shared)), dtype=np.int16)
    right = np.asarray(b.convert("RGB").crop((0, 0, *shared)), dtype=np.int16)
    differing = int((np.abs(left - right).max(axis=2) > tolerance).sum())
    return (differing + width * height - shared[0] * shared[1]) / (width * height)
