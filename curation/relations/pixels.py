"""Whether two small grey pictures may be one: the hash of a nearly empty screen says nothing, its pixels do."""

from __future__ import annotations

import numpy as np

FLAT_DIFFERENCE = 1.0  # mean grey levels by which two nearly empty screens may differ and still be one
BRIGHTNESS = (0.9, 1.12)  # the change of brightness that a copy may have gone through
LOCAL_DIFFERENCE = 60.0  # grey levels by which the most different 6×6 patch of two copies may differ


def pixels_agree(one: np.ndarray, other: np.ndarray, empty: bool, most: float) -> bool:
    """Whether two 48×48 grey pictures may be one: alike on the mean, and nowhere wholly other."""
    first, second = one.astype(np.float32), other.astype(np.float32)
    if not empty:  # a brighter copy is a copy
        second *= np.clip((first.mean() + 1) / (second.mean() + 1), *BRIGHTNESS)
    difference = np.abs(first - second).reshape(48, 48)
    if empty:
        return float(difference.mean()) <= FLAT_DIFFERENCE and float(difference.max()) <= 3 * LOCAL_DIFFERENCE / 4
    patches = difference.reshape(8, 6, 8, 6).mean((1, 3))
    return float(difference.mean()) <= most and float(patches.max()) <= LOCAL_DIFFERENCE
