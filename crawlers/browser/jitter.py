"""Counterfactuals: the fold of a settled page, damaged in known ways and strengths, each taken back after its picture.

A damage is a pure function of (page, kind, strength, seed); jitter.js applies it by inline styles in our own world.
UIClip (arXiv 2404.12500) trains on such pairs; what a capture says of its damage is all that a ranker needs.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image as Pillow

from crawlers.arguments.visits import DAMAGES
from crawlers.browser.in_page import JITTER
from crawlers.browser.picture import SCREENSHOT_SECONDS, Geometry, measure, screenshot
from crawlers.browser.tab import Tab

KINDS = DAMAGES
STRENGTHS = (1, 2, 3)
LEAST_CHANGED = 0.003  # share of pixels; less is no damage that anybody sees
STEADY = 0.001  # share of pixels in which an undamaged page may differ from its capture
LEVELS = 16  # of 255 in one channel: from here on a pixel has changed
MAX_DRIFT = 1.0  # CSS pixels by which the page may lie elsewhere once a damage is taken back


@dataclass(frozen=True)
class Jitter:
    """What is asked for: `kinds` of KINDS, each in all of STRENGTHS, from `seed`."""

    kinds: tuple[str, ...] = KINDS
    seed: int = 0

    def variants(self, url: str) -> Iterator[tuple[str, int, int]]:
        """(kind, strength, seed of its own) of every variant of a page; the same for the same URL."""
        for kind in self.kinds:
            for strength in STRENGTHS:
                key = f"{self.seed}\n{url}\n{kind}\n{strength}".encode()
                yield kind, strength, int.from_bytes(hashlib.sha256(key).digest()[:4], "big")


@dataclass(frozen=True)
class Variant:
    """A damaged fold."""

    kind: str
    strength: int
    seed: int
    png: bytes


@dataclass
class Variants:
    """What a page gave: `taken`, and by kind how many were `dropped` because hardly a pixel changed,
    or because a lesser strength looks the same."""

    taken: list[Variant]
    dropped: dict[str, int]


async def damaged(tab: Tab, jitter: Jitter, fold: bytes, viewport_width: int, dpr: float) -> Variants:
    """Every variant of the page in the tab whose pixels differ from `fold`, the capture of it undamaged.

    Ends early where the page does not come back to what it was. Raises Error, TimeoutError.
    """
    found = Variants([], {})
    geometry = await tab.alive(measure(tab.cdp, viewport_width), SCREENSHOT_SECONDS + 1)
    before, seen = await asyncio.to_thread(_pixels, fold), {fold}
    await tab.teach(JITTER)
    await tab.call("jitterBegin")
    try:
        if changed(before, await asyncio.to_thread(_pixels, await _fold(tab, geometry, dpr))) > STEADY:
            found.dropped["unsteady"] = 1
            return found
        await tab.call("mark")
        for kind, strength, seed in jitter.variants(tab.url):
            png = await _one(tab, geometry, dpr, kind, strength, seed)
            if png is None or png in seen or changed(before, await asyncio.to_thread(_pixels, png)) < LEAST_CHANGED:
                found.dropped[kind] = found.dropped.get(kind, 0) + 1
            else:
                seen.add(png)
                found.taken.append(Variant(kind, strength, seed, png))
            if (await tab.call("drift") or 0) > MAX_DRIFT:
                found.dropped["unsteady"] = 1
                break
    finally:
        await tab.call("jitterEnd")
    return found


async def _one(tab: Tab, geometry: Geometry, dpr: float, kind: str, strength: int, seed: int) -> bytes | None:
    try:
        if not await tab.call("jitter", {"kind": kind, "strength": strength, "seed": seed}):
            return None
        return await _fold(tab, geometry, dpr)
    finally:
        await tab.call("jitterRevert")


async def _fold(tab: Tab, geometry: Geometry, dpr: float) -> bytes:
    size = geometry.fold_width, geometry.fold_height
    shot = screenshot(tab.cdp, *size, geometry.zoom, dpr=dpr, beyond=geometry.beyond(geometry.fold_height))
    return await tab.alive(shot, SCREENSHOT_SECONDS + 1)


def changed(before: np.ndarray, after: np.ndarray) -> float:
    """Share of pixels (0 to 1) that differ visibly; 1 for pictures of other sizes."""
    if before.shape != after.shape:
        return 1.0
    low, high = np.minimum(before, after), np.maximum(before, after)
    return float(((high - low) >= LEVELS).any(axis=2).mean())


def _pixels(png: bytes) -> np.ndarray:
    with Pillow.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("RGB"))
