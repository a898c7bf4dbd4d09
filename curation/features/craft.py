"""craft: how a screen is put together, in some hundred cheap numbers: edges, margins, lines of text, colours, tiles.

An encoder that sees 224 px cannot tell a page from the same page in a fallback font, or with boxes off their edges by
ten pixels; these can. A quality head stands on them and on the embedding (docs/models/quality.md).
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pyarrow as pa
from PIL import Image

from curation.features.base import Feature, Item
from curation.features.palette import oklab

MOST_ROWS = 1800  # rows of the small picture that are looked at: the top of a long page
STEPS = (4, 10, 20, 40, 80, 140)  # grey levels from one pixel to the next: bounds of the histograms
HEIGHTS = (4, 6, 8, 10, 13, 17, 22, 30, 44)  # px of a line of text in the small picture
WIDTHS = (12, 24, 48, 96, 192, 360)
LAGS = (4, 8, 16, 32)
TILE = 12
HUES = 12
SAMPLE = 3  # every third pixel is enough for colours


class Craft(Feature):
    """`_craft` is a list of WIDTH numbers of no fixed scale: a head learns theirs."""

    name: ClassVar[str] = "craft"
    needs: ClassVar[tuple[str, ...]] = ("image",)
    offers: ClassVar[str] = "edges, margins, lines of text and colours as numbers that a quality head stands on"

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([("_craft", pa.list_(pa.float32(), WIDTH))])

    def prepare(self, item: Item) -> dict[str, np.ndarray]:
        assert item.decoded is not None
        return {"_craft": measures(item.decoded.small)}


def measures(small: Image.Image) -> np.ndarray:
    """WIDTH float32 of an RGB picture reduced to 360 or 720 px of width. Deterministic; no number is infinite."""
    image = small.crop((0, 0, small.width, min(small.height, MOST_ROWS)))
    pixels = np.asarray(image.convert("RGB"))
    if min(pixels.shape[:2]) < 2 * TILE:
        pixels = np.asarray(image.convert("RGB").resize((max(2 * TILE, image.width), max(2 * TILE, image.height))))
    grey = np.asarray(Image.fromarray(pixels).convert("L")).astype(np.int16)
    parts = [_edges(grey), _profiles(grey), _lines(grey), _tiles(grey), _colours(pixels), _flatness(pixels)]
    return np.nan_to_num(np.concatenate(parts), posinf=0, neginf=0).astype(np.float32)


def _edges(grey: np.ndarray) -> np.ndarray:
    """Log shares of steps by size, across and down, in the picture and in one of half its size."""
    found: list[float] = []
    half = grey[: grey.shape[0] // 2 * 2, : grey.shape[1] // 2 * 2]
    half = half.reshape(half.shape[0] // 2, 2, half.shape[1] // 2, 2).mean((1, 3)).astype(np.int16)
    for picture in (grey, half):
        for axis in (1, 0):
            counts = _histogram(np.abs(np.diff(picture, axis=axis)), STEPS)
            found += [*np.log(counts[1:] + 1e-4), _ratio(counts[3:].sum(), counts[1:].sum())]
    return np.array(found)


def _profiles(grey: np.ndarray) -> np.ndarray:
    """How well edges stand in line: where the steps lie along each axis, how peaked that is, and how regular."""
    found: list[float] = []
    for axis in (0, 1):
        steps = np.abs(np.diff(grey, axis=1 - axis)) > 24
        profile = steps.mean(axis=axis)
        total = profile.sum()
        share = profile / total if total else profile
        found += [
            float(np.log((share**2).sum() + 1e-6)),
            float(np.log(total + 1e-3)),
            float((profile > 0.004).mean()),
            float(np.log(np.sort(profile)[-8:].mean() + 1e-3)),
        ]
        run = _runs(steps if axis == 0 else steps.T)
        found += [float(np.log(run[0] + 1e-5)), float(np.log(run[1] + 1e-5))]
        signs = np.diff(profile)
        found += [float(np.log((signs**2).mean() / ((profile**2).mean() + 1e-9) + 1e-3))]
        empty = profile < 0.001
        gaps = _lengths(empty)
        found += [float(empty.mean()), float(np.log1p(len(gaps)))]
        found += [float(np.log1p(gaps.std())) if len(gaps) > 1 else 0.0]
        middle = profile - profile.mean()
        power = (middle**2).mean() + 1e-9
        found += [float((middle[lag:] * middle[:-lag]).mean() / power) if len(middle) > lag else 0.0 for lag in LAGS]
    return np.array(found)


def _runs(steps: np.ndarray) -> tuple[float, float]:
    """Share of all points where an edge runs straight down for 12 and for 40 px."""
    found = []
    for length in (12, 40):
        if steps.shape[0] <= length:
            found.append(0.0)
            continue
        sums = np.cumsum(np.vstack([np.zeros((1, steps.shape[1]), np.int32), steps.astype(np.int32)]), axis=0)
        found.append(float((sums[length:] - sums[:-length] == length).mean()))
    return found[0], found[1]


def _lengths(mask: np.ndarray) -> np.ndarray:
    """Lengths of the runs of True in a row."""
    edges = np.flatnonzero(np.diff(np.r_[False, mask, False].astype(np.int8)))
    return np.asarray(edges[1::2] - edges[::2])


def _lines(grey: np.ndarray) -> np.ndarray:
    """Lines of text as joined strokes: how many of each height and width, where they begin, how dense they are."""
    from scipy import ndimage

    across = np.abs(np.diff(grey, axis=1))
    labels, number = ndimage.label(ndimage.maximum_filter1d(across > 20, 9, axis=1))
    boxes = ndimage.find_objects(labels)[:4000] if number else []
    kept = [(r.start, c.start, r.stop - r.start, c.stop - c.start, i) for i, (r, c) in enumerate(boxes, 1)]
    kept = [box for box in kept if box[2] >= 3 and box[3] >= 8]
    if not kept:
        return np.zeros(len(HEIGHTS) + len(WIDTHS) + 2 + 9)
    places = np.array(kept, np.float64)
    heights = _histogram(places[:, 2], HEIGHTS)
    widths = _histogram(places[:, 3], WIDTHS)
    size = np.asarray(ndimage.sum_labels(np.ones_like(labels), labels, places[:, 4].astype(int)))
    strength = np.asarray(ndimage.mean(across, labels, places[:, 4].astype(int)))
    lefts, counts = np.unique(places[:, 1] // 2, return_counts=True)
    tops = np.unique(places[:, 0] // 2)
    fill = size / (places[:, 2] * places[:, 3])
    more = [
        np.log(len(kept)),
        np.log(places[:, 2]).std(),
        np.log(places[:, 3]).std(),
        _entropy(heights),
        np.log((counts**2).sum() / len(kept)),
        len(lefts) / len(kept),
        len(tops) / len(kept),
        np.quantile(strength, 0.25) / 40,
        float(fill.mean()),
    ]
    return np.concatenate([heights, widths, more])


def _tiles(grey: np.ndarray) -> np.ndarray:
    """The range of grey in tiles, its quantiles where anything stands, and how busy the busiest are."""
    rows, columns = grey.shape[0] // TILE, grey.shape[1] // TILE
    tiles = grey[: rows * TILE, : columns * TILE].reshape(rows, TILE, columns, TILE)
    spread = (tiles.max((1, 3)) - tiles.min((1, 3))).ravel()
    inked = spread[spread > 12]
    levels = np.quantile(inked, (0.1, 0.25, 0.5, 0.75, 0.9)) / 255 if len(inked) else np.zeros(5)
    shares = _histogram(spread, (8, 24, 48, 96, 160, 220))
    counts = np.bincount(grey.ravel(), minlength=256) / grey.size
    return np.concatenate([levels, shares, [_entropy(counts), len(inked) / max(1, len(spread)), grey.std() / 255]])


def _colours(pixels: np.ndarray) -> np.ndarray:
    """Chroma's quantiles, how many hues share it, and lightness."""
    lab = oklab(pixels[::SAMPLE, ::SAMPLE].reshape(-1, 3))
    chroma, hue = np.hypot(lab[:, 1], lab[:, 2]), np.arctan2(lab[:, 2], lab[:, 1])
    bins = ((hue + np.pi) / (2 * np.pi) * HUES).astype(int) % HUES
    weight = np.bincount(bins, chroma * (chroma > 0.03), HUES)
    area = np.bincount(bins, chroma > 0.08, HUES) / len(chroma)
    total = weight.sum()
    share = weight / total if total > 0 else weight
    chords = np.abs((share * np.exp(2j * np.pi * np.arange(HUES) / HUES)).sum())
    return np.array(
        [
            *np.quantile(chroma, (0.5, 0.75, 0.9, 0.97)),
            chroma.mean(),
            (chroma > 0.15).mean(),
            (chroma > 0.2).mean(),
            _entropy(share),
            float(chords),
            (area > 0.002).sum(),
            (area > 0.01).sum(),
            lab[:, 0].mean(),
            lab[:, 0].std(),
        ]
    )


def _flatness(pixels: np.ndarray) -> np.ndarray:
    """Of how few colours it is made: the largest flat grounds, greys among them, and how many colours there are."""
    some = pixels[::SAMPLE, ::SAMPLE].reshape(-1, 3).astype(np.int32)
    keys = (some[:, 0] >> 3 << 10) | (some[:, 1] >> 3 << 5) | (some[:, 2] >> 3)
    counts = np.bincount(keys, minlength=1 << 15)
    shares = np.sort(counts[counts > 0] / len(keys))[::-1]
    top = np.r_[shares[:4], np.zeros(4)][:4]
    pale = ((some.max(1) - some.min(1) < 4) & (some[:, 0] > 226) & (some[:, 0] < 247)).mean()
    return np.array([*top, np.log(len(shares)), float((shares > 0.001).sum()) / 32, _entropy(shares), float(pale)])


def _histogram(values: np.ndarray, bounds: tuple[int, ...]) -> np.ndarray:
    """Shares of the values below the first bound, between each two, and from the last on."""
    which = np.searchsorted(bounds, np.asarray(values).ravel(), side="right")
    return np.asarray(np.bincount(which, minlength=len(bounds) + 1) / max(1, which.size))


def _entropy(shares: np.ndarray) -> float:
    some = shares[shares > 0]
    return float(-(some * np.log(some)).sum()) + 0.0


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else 0.0


WIDTH = len(measures(Image.new("RGB", (48, 48), "white")))
