"""How alike two registered pictures are, in numbers that the rules of `decide` stand on; many pairs at once."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from curation.relations import register

TALL = 1.5  # height by width from which on a picture is a phone's, with bars
STATUS_BAR, NAVIGATION_BAR = 0.045, 0.035  # shares of a phone's height that clock and buttons have to themselves
CORNER = 10  # px of the thumbnail: round corners and the ground behind them
SPREAD = 2.0  # px, the Gaussian window of local likeness
CALM = 30.0  # squared grey levels below which a window has nothing to compare
INKED = 6.0  # grey levels of local deviation from which on something stands there
EDGE = 6.0  # grey levels a pixel
GAIN, BIAS = (0.85, 1.18), 12.0  # the change of brightness that is no change
REFINED = 0.1  # what a finer registration adds to the agreement of edges that hardly agree
BARE = 0.05  # share of strong edges below which a picture is too empty for them to tell
WORST = 40  # px that make a difference: 0.3 % of the picture


@dataclass(frozen=True)
class Likeness:
    """Parallel arrays, one value a pair.

    `mean`: grey levels of difference once brightness is made equal; `difference`: as they are. `worst`: 0 where every
    spot is alike, 1 where a spot of 0.3 % has nothing in common, 2 where it is inverted. `structure`: correlation of
    edge strength, whatever the colours. `tone`: correlation of grey. `found`, `kept`: shares of the one's edges on the
    other, and reversed. `same`: share of the inked area that is alike; `frame`: the same of the rim, where chrome
    stands. `tint`: mean difference of colour; `tinted`: share of the picture whose colour is another. `cut`: share of
    a side that was cut. `inked`: share of the picture where something stands in either.
    """

    mean: np.ndarray
    difference: np.ndarray
    worst: np.ndarray
    structure: np.ndarray
    tone: np.ndarray
    found: np.ndarray
    kept: np.ndarray
    same: np.ndarray
    frame: np.ndarray
    tint: np.ndarray
    tinted: np.ndarray
    cut: np.ndarray
    inked: np.ndarray

    @staticmethod
    def join(some: list[Likeness]) -> Likeness:
        return Likeness(*(np.concatenate([getattr(s, f.name) for s in some]) for f in fields(Likeness)))


def likeness(one: np.ndarray, other: np.ndarray, tall: np.ndarray, least: float = -1.0) -> Likeness:
    """Of pictures n × height × width × 3 (luma, blue and red difference), registered first.

    `tall` says which pairs are a phone's screens: of those the bars are not looked at. Pairs whose edges, as they are
    first laid on one another, are far below a `structure` of `least` are as unlike as can be, and nothing more is
    worked out for them; in pictures with next to nothing on them edges say nothing, so those are always looked at.
    """
    grey, grey_other = one[..., 0].astype(np.float32), other[..., 0].astype(np.float32)
    seen = _seen(len(grey), grey.shape[1], grey.shape[2], tall)
    first = _laid(grey, grey_other, seen)
    hope = (first.score >= least - REFINED) | first.sparse
    if hope.all():
        return _compared(one, other, seen, first)
    found = _unlike(first.score)
    if hope.any():
        compared = _compared(one[hope], other[hope], seen[hope], first.of(hope))
        for field in fields(Likeness):
            getattr(found, field.name)[hope] = getattr(compared, field.name)
    return found


def _unlike(structure: np.ndarray) -> Likeness:
    """Of pairs that have nothing in common but what `structure` says."""
    none, all_ = np.zeros(len(structure), np.float32), np.ones(len(structure), np.float32)
    return Likeness(
        mean=all_ * 255,
        difference=all_ * 255,
        worst=all_ * 2,
        structure=structure.astype(np.float32),
        tone=none.copy(),
        found=none.copy(),
        kept=none.copy(),
        same=none.copy(),
        frame=none.copy(),
        tint=all_ * 255,
        tinted=all_.copy(),
        cut=none.copy(),
        inked=all_.copy(),
    )


def _compared(one: np.ndarray, other: np.ndarray, seen: np.ndarray, first: _Laid) -> Likeness:
    a, b = one[..., 0].astype(np.float32), other[..., 0].astype(np.float32)
    warps = _registered(seen, first)
    moved, inside = register.warp(a, warps)
    seen &= inside
    even = _evened(moved, b, seen)
    number = np.maximum(1, seen.sum((1, 2)))
    alike, tonal, inked = _local(moved, b, seen)
    unlike = np.where(inked, 1 - tonal, 0).reshape(len(a), -1)
    worst = -np.partition(-unlike, WORST, axis=1)[:, WORST]
    strong, strong_other = _edge_strength(moved), _edge_strength(b)
    line, line_other = (strong > EDGE) & seen, (strong_other > EDGE) & seen
    good = inked & (alike > 0.5)
    rim = np.ones(a.shape[1:], bool)
    rim[a.shape[1] * 15 // 100 : a.shape[1] * 88 // 100, a.shape[2] * 12 // 100 :] = False
    tint, tinted = _colours(one, other, warps, seen)
    return Likeness(
        mean=(np.abs(even - b) * seen).sum((1, 2)) / number,
        difference=(np.abs(moved - b) * seen).sum((1, 2)) / number,
        worst=worst,
        structure=_correlation(np.log1p(strong), np.log1p(strong_other), seen),
        tone=_correlation(moved, b, seen),
        found=(line & _widened(line_other)).sum((1, 2)) / np.maximum(1, line.sum((1, 2))),
        kept=(line_other & _widened(line)).sum((1, 2)) / np.maximum(1, line_other.sum((1, 2))),
        same=good.sum((1, 2)) / np.maximum(1, inked.sum((1, 2))),
        frame=(good & rim).sum((1, 2)) / np.maximum(30, (inked & rim).sum((1, 2))),
        tint=tint,
        tinted=tinted,
        cut=np.maximum(np.abs(1 - warps[:, 0]), np.abs(1 - warps[:, 2])),
        inked=inked.sum((1, 2)) / number,
    )


def _seen(number: int, height: int, width: int, tall: np.ndarray) -> np.ndarray:
    """Where to look: not at the outermost pixels and the corners, nor at a phone's bars."""
    seen = np.zeros((number, height, width), bool)
    seen[:, 2:-2, 2:-2] = True
    for rows in (slice(None, CORNER), slice(-CORNER, None)):
        for columns in (slice(None, CORNER), slice(-CORNER, None)):
            seen[:, rows, columns] = False
    seen[tall, : round(STATUS_BAR * height)] = False
    seen[tall, height - round(NAVIGATION_BAR * height) :] = False
    return seen


@dataclass(frozen=True)
class _Laid:
    """How far pairs get by the profiles of their edges alone: halved greys, warps and how well the edges then agree."""

    small: np.ndarray
    small_other: np.ndarray
    edges_other: np.ndarray
    warps: np.ndarray
    plain: np.ndarray  # score without any warp
    profiled: np.ndarray  # score of `warps`, -inf where that is no warp
    sparse: np.ndarray

    @property
    def score(self) -> np.ndarray:
        return np.maximum(self.plain, self.profiled)

    def of(self, which: np.ndarray) -> _Laid:
        return _Laid(*(getattr(self, field.name)[which] for field in fields(_Laid)))


def _laid(a: np.ndarray, b: np.ndarray, seen: np.ndarray) -> _Laid:
    warps = register.by_profiles(register.edges(a), register.edges(b))
    small, small_other, small_seen = _halved(a), _halved(b), seen[:, ::2, ::2]
    strong, strong_other = _edge_strength(small), _edge_strength(small_other)
    there = np.maximum((strong > EDGE).mean((1, 2)), (strong_other > EDGE).mean((1, 2)))
    edges_other = np.log1p(strong_other)
    plain = _correlation(np.log1p(strong), edges_other, small_seen)
    profiled = np.full(len(a), -np.inf, np.float32)
    turned = np.flatnonzero((warps != register.IDENTITY).any(1))
    if len(turned):
        profiled[turned] = _agreement(small[turned], warps[turned], edges_other[turned], small_seen[turned])
    return _Laid(small, small_other, edges_other, warps, plain, profiled, there < BARE)


def _agreement(small: np.ndarray, warps: np.ndarray, edges_other: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """The correlation of edges under a warp."""
    moved, inside = register.warp(small, warps)
    return _correlation(np.log1p(_edge_strength(moved)), edges_other, seen & inside)


def _registered(seen: np.ndarray, first: _Laid) -> np.ndarray:
    """The warp, of four, under which the edges agree best; none at all where that is as good."""
    small_seen = seen[:, ::2, ::2]
    best = np.tile(register.IDENTITY, (len(seen), 1))
    score = first.plain + 0.005
    better = first.profiled > score
    best[better], score = first.warps[better], np.maximum(score, first.profiled)
    turned = np.flatnonzero(np.isfinite(first.profiled))
    everywhere = np.arange(len(seen))
    for rows, start in ((everywhere, np.tile(register.IDENTITY, (len(seen), 1))), (turned, first.warps[turned])):
        if not len(rows):
            continue
        some = (first.small[rows], first.small_other[rows])
        warps = register.refine(*some, start, small_seen[rows])
        found = _agreement(some[0], warps, first.edges_other[rows], small_seen[rows])
        better = found > score[rows]
        best[rows[better]], score[rows[better]] = warps[better], found[better]
    return best


def _halved(grey: np.ndarray) -> np.ndarray:
    number, height, width = grey.shape
    return np.asarray(grey.reshape(number, height // 2, 2, width // 2, 2).mean((2, 4)))


def _evened(one: np.ndarray, other: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """`one` as bright and as contrasty as `other`, within what a copy may have gone through."""
    mask = seen.reshape(len(seen), -1).astype(np.float32)
    number = np.maximum(1, mask.sum(1))
    flat, flat_other = one.reshape(mask.shape), other.reshape(mask.shape)
    mean, mean_other = _dots(flat, mask) / number, _dots(flat_other, mask) / number
    first = (flat - mean[:, None]) * mask
    spread = _dots(first, first)
    slope = _dots(first, flat_other - mean_other[:, None]) / np.maximum(1e-3, spread)
    slope = np.where(spread / number < 1, 1, np.clip(slope, *GAIN)).astype(np.float32)
    shift = np.clip(mean_other - slope * mean, -BIAS, BIAS)
    return np.asarray(slope[:, None, None] * one + shift[:, None, None])


def _local(one: np.ndarray, other: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """In a window about each pixel: correlation, the same with contrast counted in, and whether anything is there."""

    def soft(values: np.ndarray) -> np.ndarray:
        return _blurred(values, SPREAD, 4)

    part = soft(seen.astype(np.float32)) + 1e-6
    mean, mean_other = soft(one * seen) / part, soft(other * seen) / part
    spread = np.maximum(soft(one * one * seen) / part - mean**2, 0)
    spread_other = np.maximum(soft(other * other * seen) / part - mean_other**2, 0)
    shared = soft(one * other * seen) / part - mean * mean_other
    both = np.sqrt(spread * spread_other)
    alike = (shared + CALM) / (both + CALM)
    inked = seen & (np.maximum(spread, spread_other) > INKED**2)
    return alike, alike * (2 * both + CALM) / (spread + spread_other + CALM), inked


def _edge_strength(grey: np.ndarray) -> np.ndarray:
    soft = _blurred(grey, 0.6, 2)
    return np.hypot(np.gradient(soft, axis=1), np.gradient(soft, axis=2))


def _blurred(pictures: np.ndarray, sigma: float, reach: int) -> np.ndarray:
    """Each of n × height × width float32 under a Gaussian that ends `reach` px from its middle."""
    import cv2

    size = (2 * reach + 1, 2 * reach + 1)
    found = np.empty_like(pictures)
    for picture, blurred in zip(pictures, found, strict=True):
        cv2.GaussianBlur(picture, size, sigma, blurred, sigma, cv2.BORDER_REFLECT)
    return found


def _widened(mask: np.ndarray) -> np.ndarray:
    from scipy import ndimage

    return np.asarray(ndimage.maximum_filter(mask, size=(1, 3, 3)))


def _correlation(one: np.ndarray, other: np.ndarray, seen: np.ndarray) -> np.ndarray:
    mask = seen.reshape(len(seen), -1).astype(np.float32)
    number = np.maximum(1, mask.sum(1))
    first, second = one.reshape(mask.shape), other.reshape(mask.shape)
    first = (first - (_dots(first, mask) / number)[:, None]) * mask
    second = (second - (_dots(second, mask) / number)[:, None]) * mask
    return np.asarray(_dots(first, second) / np.sqrt(_dots(first, first) * _dots(second, second) + 1e-6))


def _dots(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.asarray(np.einsum("nd,nd->n", one, other))


def _colours(one: np.ndarray, other: np.ndarray, warps: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean difference of the two colour channels, and the share of the picture where it is plain to see.

    A picture without any colour (a grey copy) differs in none.
    """
    from scipy import ndimage

    distance = np.zeros(seen.shape, np.float32)
    colourless = np.ones(len(one), bool), np.ones(len(one), bool)
    for channel in (1, 2):
        a, b = one[..., channel].astype(np.float32) - 128, other[..., channel].astype(np.float32) - 128
        moved, _ = register.warp(a, warps)
        distance += ndimage.uniform_filter(moved - b, (0, 5, 5)) ** 2
        for grey, picture in zip(colourless, (a, b), strict=True):
            grey &= np.abs(picture).max((1, 2)) < 6
    distance = np.sqrt(distance) * seen
    distance[colourless[0] ^ colourless[1]] = 0
    number = np.maximum(1, seen.sum((1, 2)))
    return distance.sum((1, 2)) / number, (distance > 12).sum((1, 2)) / number
