"""OKLab (Ottosson 2020), where distances and lightness are as one sees them, and WCAG contrast. numpy only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_FROM_LAB = np.linalg.inv(_TO_LAB)
_FROM_LMS = np.linalg.inv(_TO_LMS)


def linear(rgb: NDArray[np.generic]) -> Floats:
    """sRGB 0 … 255 to linear light 0 … 1."""
    value = np.asarray(rgb, np.float64) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def to_oklab(rgb: NDArray[np.generic]) -> Floats:
    """sRGB (…, 3) in 0 … 255 to OKLab (…, 3): L in 0 … 1, a and b within about ±0.4."""
    return np.cbrt(linear(rgb) @ _TO_LMS.T) @ _TO_LAB.T


def to_rgb(lab: Floats) -> NDArray[np.uint8]:
    """OKLab (3,) to sRGB; a colour that sRGB lacks loses chroma, not lightness or hue."""
    lab = np.asarray(lab, np.float64).copy()
    lab[0] = min(max(lab[0], 0.0), 1.0)
    for _ in range(64):
        light = ((lab @ _FROM_LAB.T) ** 3) @ _FROM_LMS.T
        if (light >= -1e-6).all() and (light <= 1 + 1e-6).all():
            break
        lab[1:] *= 0.9
    light = light.clip(0, 1)
    value = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.round(value * 255).astype(np.uint8)


def contrast(one: NDArray[np.generic], other: NDArray[np.generic]) -> float:
    """WCAG 2 contrast ratio of two sRGB colours, 1 … 21."""
    weights = np.array([0.2126, 0.7152, 0.0722])
    a, b = float(linear(one) @ weights), float(linear(other) @ weights)
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)
