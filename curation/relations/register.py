"""Registration: how one small picture must be cut and scaled to lie on another, for many pairs at once.

The row and column profiles of the edges give a first answer on a grid of crops (up to 7 % a side); Gauss-Newton on the
pixels (Lucas and Kanade 1981, with gain, bias and a robust weight) refines it to a tenth of a pixel.
"""

from __future__ import annotations

import numpy as np

PROFILE = 128  # samples of a profile
STEP = 0.011  # of a side, between two crops that are tried
CROPS = np.arange(-6, 7) * STEP
CHOICES = np.array([(start, end) for start in CROPS for end in CROPS], np.float32)
PLAIN = np.abs(CHOICES).sum(1) * 0.3  # a crop must earn its keep
ROUNDS = 5
STILL = 2e-4  # of a side: a step that is no step any more
OUTLIER = 20.0  # grey levels from which on a pixel has little say in the fit
IDENTITY = np.array([1, 0, 1, 0], np.float32)


def _grid() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    middle = (np.arange(PROFILE) + 0.5) / PROFILE
    position = (CHOICES[:, :1] + middle * (1 - CHOICES.sum(1, keepdims=True))) * PROFILE - 0.5
    low = np.clip(np.floor(position).astype(np.int64), 0, PROFILE - 2)
    inside = ((position >= -0.5) & (position <= PROFILE - 0.5)).astype(np.float32)
    return low, np.clip(position - low, 0, 1).astype(np.float32), inside


LOW, PART, INSIDE = _grid()


def edges(grey: np.ndarray) -> np.ndarray:
    """Absolute differences to the pixel above and to the left; n × height × width."""
    down = np.abs(np.diff(grey, axis=1, prepend=grey[:, :1]))
    return np.asarray(down + np.abs(np.diff(grey, axis=2, prepend=grey[:, :, :1])))


def by_profiles(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """n × 4 warps (see `warp`) from edge maps: the crop of `one` whose profiles are most like those of `other`."""
    rows = _best_crop(_profile(one, 2), _profile(other, 2))
    columns = _best_crop(_profile(one, 1), _profile(other, 1))
    return np.stack([1 - rows.sum(1), rows[:, 0], 1 - columns.sum(1), columns[:, 0]], 1)


def warp(pictures: np.ndarray, warps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pictures sampled at `scale · v + shift`, v from 0 to 1, and where that lies within them.

    A warp is (scale down, shift down, scale across, shift across), in shares of the side.
    """
    down, inside_down = _sampler(warps[:, 0], warps[:, 1], pictures.shape[1])
    across, inside_across = _sampler(warps[:, 2], warps[:, 3], pictures.shape[2])
    return down @ pictures @ across.transpose(0, 2, 1), inside_down[:, :, None] & inside_across[:, None, :]


def refine(one: np.ndarray, other: np.ndarray, warps: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Better warps, from those given: Gauss-Newton over warp, gain and bias, where `seen` (n × height × width)."""
    number, height, width = one.shape
    down = ((np.arange(height, dtype=np.float32) + 0.5) / height)[None, :, None]
    across = ((np.arange(width, dtype=np.float32) + 0.5) / width)[None, None, :]
    warps, gain, bias = warps.copy(), np.ones(number, np.float32), np.zeros(number, np.float32)
    at = np.arange(number)  # pairs that still move
    for _ in range(ROUNDS):
        some = one if len(at) == number else one[at]
        moved, inside = warp(some, warps[at])
        moved_down, moved_across = np.gradient(moved, axis=1), np.gradient(moved, axis=2)
        slope_down, slope_across = (
            slope * (side * gain[at])[:, None, None]
            for slope, side in ((moved_down, np.float32(height)), (moved_across, np.float32(width)))
        )
        error = other[at] - (gain[at, None, None] * moved + bias[at, None, None])
        weight = (inside & seen[at]) / (1 + (error / OUTLIER) ** 2)
        parts = (slope_down * down, slope_down, slope_across * across, slope_across, moved, np.ones_like(moved))
        jacobian = np.stack(parts, 1).reshape(len(at), 6, -1)
        weighted = jacobian * weight.reshape(len(at), 1, -1)
        normal = weighted @ jacobian.transpose(0, 2, 1)
        normal += np.eye(6, dtype=np.float32) * (1e-4 * np.einsum("bii->bi", normal)[:, :, None] + 1e-3)
        step = np.linalg.solve(normal, weighted @ error.reshape(len(at), -1, 1))[..., 0]
        found = warps[at] + np.clip(step[:, :4], -0.02, 0.02)
        found[:, [0, 2]] = np.clip(found[:, [0, 2]], 0.85, 1.18)
        found[:, [1, 3]] = np.clip(found[:, [1, 3]], -0.09, 0.09)
        still = np.abs(found - warps[at]).max(1) > STILL
        warps[at] = found
        gain[at] = np.clip(gain[at] + step[:, 4], 0.7, 1.4)
        bias[at] = bias[at] + step[:, 5]
        at = at[still]
        if not len(at):
            break
    return warps


def _profile(edge: np.ndarray, axis: int) -> np.ndarray:
    """n × PROFILE means along an axis, softened."""
    from scipy import ndimage

    means = edge.mean(axis)
    number = means.shape[1]
    at = (np.arange(PROFILE) + 0.5) / PROFILE * number - 0.5
    low = np.clip(np.floor(at).astype(np.int64), 0, number - 2)
    part = np.clip(at - low, 0, 1).astype(np.float32)
    return np.asarray(ndimage.gaussian_filter1d(means[:, low] * (1 - part) + means[:, low + 1] * part, 1.0, axis=1))


def _best_crop(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """n × 2 shares cut off at the start and the end, by correlation of the profiles."""
    cut = (one[:, LOW] * (1 - PART) + one[:, LOW + 1] * PART) * INSIDE
    number = INSIDE.sum(1)
    sums, others = cut.sum(2), other @ INSIDE.T
    covariance = np.einsum("bkn,bn->bk", cut, other) - sums * others / number
    spread = np.einsum("bkn,bkn->bk", cut, cut) - sums * sums / number
    spread_other = (other * other) @ INSIDE.T - others * others / number
    likeness = covariance / np.sqrt(np.maximum(spread, 1e-6) * np.maximum(spread_other, 1e-6))
    return np.asarray(CHOICES[np.argmax(likeness - PLAIN, 1)])


def _sampler(scale: np.ndarray, shift: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """n × size × size matrices that interpolate between neighbours, and which samples lie within the picture."""
    middle = (np.arange(size, dtype=np.float32) + 0.5) / size
    position = (scale[:, None] * middle + shift[:, None]) * size - 0.5
    inside = (position >= -0.5) & (position <= size - 0.5)
    position = np.clip(position, 0, size - 1)
    low = np.minimum(position.astype(np.int64), size - 2)
    part = (position - low).astype(np.float32)
    matrix = np.zeros((len(scale), size, size), np.float32)
    pair, row = np.arange(len(scale))[:, None], np.arange(size)[None, :]
    matrix[pair, row, low] = 1 - part
    matrix[pair, row, low + 1] += part
    return matrix, inside
