"""palette: the screen's colours and their shares, by k-means in OKLab, the same ones on every run."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pyarrow as pa
from PIL import Image
from pydantic import Field

from curation.features.base import Feature, Item, Params, Row
from curation.features.contrast import main_pair

SAMPLE = 160  # px: pictures are sampled, not averaged, so that flat colours stay as they are
ROUNDS = 12
MERGE = 0.045  # OKLab distance below which two centres are one colour
DARK = 0.55  # mean lightness below which a screen is dark

# OKLab, Björn Ottosson 2020: linear sRGB → cone response → lightness and two opponent axes.
TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


class PaletteParams(Params):
    """`colours` is the most that a palette holds."""

    colours: int = Field(default=6, ge=2, le=16)


class Palette(Feature):
    """`palette` holds `#rrggbb`, largest share first; `tone` is light or dark by the mean OKLab lightness.

    `contrast` is the WCAG ratio, 1 to 21, of the pair of colours that most of what looks like text is set in:
    `contrast_ink` on `contrast_ground`; null where nothing looks like text.
    """

    name: ClassVar[str] = "palette"
    version: ClassVar[int] = 2
    needs: ClassVar[tuple[str, ...]] = ("image",)
    offers: ClassVar[str] = "main colours with their shares, light or dark, chroma, contrast of text"
    parameters: ClassVar[type[Params]] = PaletteParams
    params: PaletteParams

    @property
    def schema(self) -> pa.Schema:
        return pa.schema(
            [
                ("palette", pa.list_(pa.string())),
                ("palette_shares", pa.list_(pa.float32())),
                ("tone", pa.string()),
                ("lightness", pa.float32()),
                ("chroma", pa.float32()),
                ("contrast", pa.float32()),
                ("contrast_ground", pa.string()),
                ("contrast_ink", pa.string()),
            ]
        )

    def prepare(self, item: Item) -> Row:
        assert item.decoded is not None
        small = item.decoded.small
        size = (min(SAMPLE, small.width), min(SAMPLE, small.height))
        pixels = np.asarray(small.resize(size, Image.Resampling.NEAREST)).reshape(-1, 3)
        colours, shares = dominant(pixels, self.params.colours)
        lab = oklab(pixels)
        lightness = float(lab[:, 0].mean())
        pair = main_pair(item.decoded.image, item.decoded.grey)
        return {
            "contrast": None if pair is None else round(pair.ratio, 2),
            "contrast_ground": None if pair is None else pair.ground,
            "contrast_ink": None if pair is None else pair.ink,
            "palette": colours,
            "palette_shares": [round(share, 4) for share in shares],
            "tone": "dark" if lightness < DARK else "light",
            "lightness": round(lightness, 4),
            "chroma": round(float(np.hypot(lab[:, 1], lab[:, 2]).mean()), 4),
        }


def oklab(rgb: np.ndarray) -> np.ndarray:
    """n × 3 sRGB bytes to n × 3 OKLab, lightness 0 to 1."""
    value = rgb.astype(np.float64) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return np.cbrt(linear @ TO_CONES.T) @ TO_LAB.T


def dominant(pixels: np.ndarray, most: int) -> tuple[list[str], list[float]]:
    """Hex colours and their shares, largest first: pixels are binned, then clustered from far and heavy bins on."""
    keys = (pixels[:, 0].astype(np.int32) >> 3 << 10) | (pixels[:, 1].astype(np.int32) >> 3 << 5) | (pixels[:, 2] >> 3)
    _, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
    sums = np.stack([np.bincount(inverse, pixels[:, c].astype(np.float64)) for c in range(3)], axis=1)
    rgb = sums / counts[:, None]
    lab, weight = oklab(rgb), counts.astype(np.float64)
    centres = lab[_seeds(lab, weight, most)]
    for _ in range(ROUNDS):
        nearest = _nearest(lab, centres)
        total = np.bincount(nearest, weight, minlength=len(centres))
        moved = np.stack([np.bincount(nearest, weight * lab[:, c], minlength=len(centres)) for c in range(3)], axis=1)
        centres = moved[total > 0] / total[total > 0, None]
    nearest = _nearest(lab, centres)
    found: list[tuple[float, str]] = []
    for index in range(len(centres)):
        member = nearest == index
        if member.any():
            heaviest = np.flatnonzero(member)[np.argmax(weight[member])]  # a colour that is there, not a mean of two
            red, green, blue = (round(float(c)) for c in rgb[heaviest])
            found.append((float(weight[member].sum() / weight.sum()), f"#{red:02x}{green:02x}{blue:02x}"))
    found.sort(key=lambda pair: (-pair[0], pair[1]))
    return [colour for _, colour in found], [share for share, _ in found]


def _seeds(lab: np.ndarray, weight: np.ndarray, most: int) -> list[int]:
    """Start from the heaviest bin, then go on with the bin of the largest weight × squared distance."""
    chosen = [int(np.argmax(weight))]
    distance = ((lab - lab[chosen[0]]) ** 2).sum(1)
    while len(chosen) < most:
        gain = np.where(distance >= MERGE**2, distance * weight**0.5, 0)
        best = int(np.argmax(gain))
        if gain[best] <= 0:
            break
        chosen.append(best)
        distance = np.minimum(distance, ((lab - lab[best]) ** 2).sum(1))
    return chosen


def _nearest(lab: np.ndarray, centres: np.ndarray) -> np.ndarray:
    return ((lab[:, None, :] - centres[None]) ** 2).sum(2).argmin(1)
