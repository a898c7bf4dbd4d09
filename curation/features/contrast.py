"""Contrast of text and its ground as WCAG 2 defines it, measured on what looks like text. Pure functions of pixels."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from PIL import Image

TILE = 8  # px of the small picture: a few letters
STROKES = 6  # edges in a tile from which on it may be text
EDGE = 24  # grey levels from one pixel to the next
LOOKED_AT = 160  # tiles, evenly over the picture
WIDEST = 64  # px of a tile in the whole picture
GROUND, INK = 0.35, 0.01  # least share of a tile's pixels
VOTES = 4  # tiles that must agree


@dataclass(frozen=True)
class Pair:
    """Ground and ink as `#rrggbb`, and the ratio of their luminances, 1 to 21."""

    ground: str
    ink: str
    ratio: float


def main_pair(image: Image.Image, grey: np.ndarray) -> Pair | None:
    """The pair of colours that most of what looks like text is set in; `grey` is the picture reduced (uint8)."""
    votes: Counter[tuple[int, int]] = Counter()
    pairs: dict[tuple[int, int], list[Pair]] = {}
    for box in _tiles(image.size, grey):
        pixels = np.asarray(image.crop(box)).reshape(-1, 3)
        if (found := _pair(pixels)) is not None:
            key, pair = found
            votes[key] += 1
            pairs.setdefault(key, []).append(pair)
    if not votes:
        return None
    key, number = min(votes.items(), key=lambda vote: (-vote[1], vote[0]))
    if number < VOTES:
        return None
    alike = sorted(pairs[key], key=lambda pair: (pair.ratio, pair.ground, pair.ink))
    return alike[len(alike) // 2]


def luminance(rgb: np.ndarray) -> np.ndarray:
    """Relative luminance of n × 3 sRGB bytes, 0 to 1 (WCAG 2.2)."""
    value = rgb.astype(np.float64) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ np.array([0.2126, 0.7152, 0.0722]))


def ratio(first: float, second: float) -> float:
    """Contrast of two relative luminances, 1 to 21."""
    return (max(first, second) + 0.05) / (min(first, second) + 0.05)


def _tiles(size: tuple[int, int], grey: np.ndarray) -> list[tuple[int, int, int, int]]:
    """Boxes of the whole picture where the small one has strokes as close as letters."""
    rows, columns = grey.shape[0] // TILE, grey.shape[1] // TILE
    if not rows or not columns:
        return []
    edges = np.zeros(grey.shape, bool)
    edges[:, 1:] = np.abs(np.diff(grey.astype(np.int16), axis=1)) > EDGE
    strokes = edges[: rows * TILE, : columns * TILE].reshape(rows, TILE, columns, TILE).sum((1, 3))
    some = np.flatnonzero(strokes >= STROKES)
    some = some[np.unique(np.linspace(0, len(some) - 1, min(LOOKED_AT, len(some))).round().astype(int))]
    scale = size[0] / grey.shape[1]
    side = min(WIDEST, max(1, round(TILE * scale)))
    boxes = []
    for place in some:
        left, top = round(place % columns * TILE * scale), round(place // columns * TILE * scale)
        boxes.append((left, top, min(size[0], left + side), min(size[1], top + side)))
    return boxes


def _pair(pixels: np.ndarray) -> tuple[tuple[int, int], Pair] | None:
    """The most frequent colour and the one that stands out most from it, with a key that near pairs share."""
    keys = (pixels[:, 0] >> 4).astype(np.int32) << 8 | (pixels[:, 1] >> 4).astype(np.int32) << 4 | pixels[:, 2] >> 4
    found, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
    ground = int(np.argmax(counts))
    if counts[ground] < GROUND * len(pixels):
        return None
    colours = np.stack([np.bincount(inverse, pixels[:, c].astype(np.float64)) for c in range(3)], 1) / counts[:, None]
    light = luminance(colours)
    apart = np.maximum(light, light[ground]) + 0.05
    apart /= np.minimum(light, light[ground]) + 0.05
    apart[counts < max(2, INK * len(pixels))] = 0
    ink = int(np.argmax(apart))
    if apart[ink] < 1.2:
        return None
    under, over = (_most_frequent(pixels[inverse == place]) for place in (ground, ink))
    first, second = luminance(np.array([under, over], np.uint8))
    return (int(found[ground]), int(found[ink])), Pair(_hex(under), _hex(over), ratio(float(first), float(second)))


def _most_frequent(pixels: np.ndarray) -> tuple[int, int, int]:
    """A colour that is there, not a mean of it and its soft edges."""
    codes, counts = np.unique(pixels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32), return_counts=True)
    code = int(codes[np.argmax(counts)])
    return code >> 16, code >> 8 & 255, code & 255


def _hex(colour: tuple[int, int, int]) -> str:
    return "#" + "".join(f"{value:02x}" for value in colour)
