"""Take the pictures of a settled page through one window in one theme, with the tree that agrees with them.

Where everything is was read before the picture and is compared after it: a page that moved more than a pixel is taken
once more, then marked `drift`.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from playwright.async_api import Error

from crawlers.browser.devices import Viewport
from crawlers.browser.jitter import Jitter, damaged
from crawlers.browser.network import PutBlob
from crawlers.browser.picture import (
    SCREENSHOT_SECONDS,
    Geometry,
    cut,
    is_flat,
    measure,
    png_size,
    screenshot,
    top_rows,
)
from crawlers.browser.sections import Found, node_at, sections_of, subtree
from crawlers.browser.snapshot import SNAPSHOT_SECONDS, Surroundings, pack_snapshot, take_snapshot
from crawlers.browser.tab import Tab, Theme
from crawlers.captures import Image, Section, View

MAX_DRIFT = 1.0  # CSS pixels
ATTEMPTS = 2
INNER_STEPS = 20
MAX_ELEMENTS = 60_000  # a tree of more would not fit its file, and asking for it takes a quarter of a minute


@dataclass(frozen=True)
class Shot:
    """One picture, stored, with the tree that belongs to it."""

    view: View
    image: Image
    dom_sha256: str | None
    verdicts: tuple[str, ...]
    section: Section | None = None
    damage: Damaged | None = None


@dataclass(frozen=True)
class Damaged:
    """How a picture was damaged, and the picture of the same view that it was before."""

    kind: str
    strength: int
    seed: int
    original_sha256: str


@dataclass
class _Take:
    """What one attempt gave: the picture down to `height`, and the tree."""

    geometry: Geometry
    height: int
    png: bytes
    snapshot: dict[str, Any] | None
    drift: float
    media: dict[str, Any]


class Camera:
    """Belongs to one page in one tab."""

    def __init__(self, tab: Tab, put: PutBlob, max_height: int, *, sections: bool) -> None:
        self.tab, self.put, self.max_height, self.sections = tab, put, max_height, sections
        self.about: dict[str, Any] = {}
        self.text_length = 0
        self.fonts: list[dict[str, Any]] = []
        self.retries = 0
        self.jitter: Jitter | None = None
        self.undamaged: dict[str, int] = {}  # variants not kept, by kind: hardly a pixel of them had changed

    async def open(self, about: dict[str, Any], text_length: int) -> None:
        """Learn what all pictures of the page share."""
        self.about, self.text_length = about, text_length
        with contextlib.suppress(Error, TimeoutError):
            given = await self.tab.call("fonts")
            self.fonts = [
                {**{k: str(f.get(k, ""))[:200] for k in ("family", "weight", "style")}, "url": str(f["url"])[:2000]}
                for f in (given if isinstance(given, list) else [])
                if isinstance(f, dict) and f.get("url")
            ]

    async def take(self, viewport: Viewport, theme: Theme, kinds: Sequence[str], verdicts: Sequence[str]) -> list[Shot]:
        """The pictures of the kinds asked for, and the sections where they are, too. Raises Error, TimeoutError."""
        whole = "full" in kinds or self.sections
        take = await self._steady(viewport, whole)
        marks = [*verdicts, *(["drift"] if take.drift > MAX_DRIFT else [])]
        around = await self._surroundings(viewport, theme, take)
        dom = await self._store_tree(take.snapshot, around)
        if dom is None:
            marks.append("no_dom")
        longer = take.geometry.height > take.geometry.fold_height
        rows = round(take.geometry.fold_height * viewport.dpr * take.geometry.zoom)
        fold = await asyncio.to_thread(top_rows, take.png, rows) if longer and whole else take.png
        if self.text_length == 0 and await asyncio.to_thread(is_flat, fold):
            marks.append("blank")
        shots = []
        if "fold" in kinds or not longer:
            shots.append(await self._shot("fold", viewport, theme, fold, dom, marks))
        if take.height < take.geometry.height and whole:
            marks.append("truncated")
        if longer and "full" in kinds:
            shots.append(await self._shot("full", viewport, theme, take.png, dom, marks))
        if self.sections and take.snapshot is not None:
            shots += await self._sections(viewport, theme, take, around, marks)
        if "full" in kinds and not longer:
            shots += await self._inside(viewport, theme, marks)
        if self.jitter is not None and shots and shots[0].view.kind == "fold" and "blank" not in marks:
            shots += await self._damaged(self.jitter, viewport, theme, shots[0], fold, marks)
        return shots

    async def _damaged(
        self, jitter: Jitter, viewport: Viewport, theme: Theme, original: Shot, fold: bytes, verdicts: Sequence[str]
    ) -> list[Shot]:
        """The fold once for each damage; their trees are not kept, for they are the original's."""
        found = await damaged(self.tab, jitter, fold, viewport.width, viewport.dpr)
        for kind, count in found.dropped.items():
            self.undamaged[kind] = self.undamaged.get(kind, 0) + count
        shots = []
        for variant in found.taken:
            shot = await self._shot("fold", viewport, theme, variant.png, None, verdicts)
            damage = Damaged(variant.kind, variant.strength, variant.seed, original.image.sha256)
            shots.append(replace(shot, damage=damage))
        return shots

    async def _steady(self, viewport: Viewport, whole: bool) -> _Take:
        """Tree, picture, and how far the page moved meanwhile; once more where it moved too far."""
        take = await self._attempt(viewport, whole)
        for _ in range(ATTEMPTS - 1):
            if take.drift <= MAX_DRIFT:
                break
            self.retries += 1
            take = await self._attempt(viewport, whole)
        return take

    async def _attempt(self, viewport: Viewport, whole: bool) -> _Take:
        tab = self.tab
        elements = math.inf  # unknown is too many
        with contextlib.suppress(Error, TimeoutError):
            elements = await tab.call("mark")
        geometry = await tab.alive(measure(tab.cdp, viewport.width), SCREENSHOT_SECONDS + 1)
        snapshot: dict[str, Any] | None = None
        with contextlib.suppress(Error, TimeoutError):
            if elements <= MAX_ELEMENTS:
                snapshot = await tab.alive(take_snapshot(tab.cdp), SNAPSHOT_SECONDS + 1)
        height = min(geometry.height, self.max_height) if whole else geometry.fold_height
        beyond = geometry.beyond(height)
        shot = screenshot(tab.cdp, geometry.fold_width, height, geometry.zoom, dpr=viewport.dpr, beyond=beyond)
        png = await tab.alive(shot, SCREENSHOT_SECONDS + 1)
        if beyond and viewport.mobile:
            await tab.touch(viewport)
        shown = png_size(png)[1] / (viewport.dpr * geometry.zoom)
        if shown < height - 1:  # more pixels than a picture may have
            height = int(shown)
        drift = math.inf  # unknown is not agreed
        media: dict[str, Any] = {}
        with contextlib.suppress(Error, TimeoutError):
            told = await tab.call("taken")
            moved = told.get("drift") if isinstance(told, dict) else None
            drift = float(moved) if isinstance(moved, int | float) else math.inf
            media = told["media"] if isinstance(told, dict) and isinstance(told.get("media"), dict) else {}
        return _Take(geometry, height, png, snapshot, drift, media)

    async def _surroundings(self, viewport: Viewport, theme: Theme, take: _Take) -> Surroundings:
        media, geometry = take.media, take.geometry
        for number, url in media.pop("stills", []):
            await self.tab.network.still(f"still:{number}", url, self.put)
        return Surroundings(
            url=self.tab.url,
            title=self.about["title"],
            lang=self.about["lang"],
            viewport={"width": viewport.width, "height": viewport.height, "dpr": viewport.dpr},
            theme=theme,
            page={"width": geometry.fold_width, "height": geometry.height},
            assets=await self.tab.network.assets(self.put),
            fonts=self.fonts,
            media=media,
        )

    async def _store_tree(self, snapshot: dict[str, Any] | None, around: Surroundings) -> str | None:
        if snapshot is None:
            return None
        packed = await asyncio.to_thread(pack_snapshot, snapshot, around)
        return None if packed is None else await self.put(packed, "dom")

    async def _sections(
        self, viewport: Viewport, theme: Theme, take: _Take, around: Surroundings, verdicts: Sequence[str]
    ) -> list[Shot]:
        """A picture and a tree of every semantic section."""
        assert take.snapshot is not None
        scale = viewport.dpr * take.geometry.zoom
        given = await self.tab.call("sections")
        found = sections_of(given, take.geometry.fold_width, take.height)
        size = png_size(take.png)
        boxes = [_pixels(section, scale, size) for section in found]
        pictures = await asyncio.to_thread(cut, take.png, boxes)
        shots = []
        for position, (section, png) in enumerate(zip(found, pictures, strict=True)):
            node = node_at(take.snapshot, section.path)
            dom = None
            if node is not None:
                part = await asyncio.to_thread(subtree, take.snapshot, node, section)
                page = {"width": round(section.width), "height": round(section.height)}
                dom = await self._store_tree(part, _with_page(around, page))
            place = Section(
                name=section.name,
                position=position,
                x=round(section.x, 2),
                y=round(section.y, 2),
                width=round(section.width, 2),
                height=round(section.height, 2),
            )
            shots.append(await self._shot("section", viewport, theme, png, dom, verdicts, place))
        return shots

    async def _inside(self, viewport: Viewport, theme: Theme, verdicts: Sequence[str]) -> list[Shot]:
        """The whole length of a page that scrolls inside a box of its own: the window grows until the box holds all."""
        found = await self.tab.call("scroller")
        extra = found.get("extra") if isinstance(found, dict) else None
        if not isinstance(extra, int | float) or extra < 1:
            return []
        try:
            await self.tab.run_scripts()
            walked = await self.tab.call("scrollInner", {"maxSteps": INNER_STEPS})
            if isinstance(walked, int | float):  # what came on the way made it longer
                extra = max(extra, walked)
            height = min(viewport.height + int(extra), self.max_height)
            await self.tab.show_height(viewport, height)
            await self.tab.call("painted")
            await self.tab.stop_scripts()
            await self.tab.call("painted")
            left = await self.tab.call("innerLeft")
            take = await self._steady(viewport, True)
            around = await self._surroundings(viewport, theme, take)
            dom = await self._store_tree(take.snapshot, around)
            marks = [*verdicts, "inner_scroller"]
            marks += ["drift"] if take.drift > MAX_DRIFT else []
            marks += ["no_dom"] if dom is None else []
            marks += ["truncated"] if left or take.height < take.geometry.height else []
            return [await self._shot("full", viewport, theme, take.png, dom, marks)]
        finally:
            await self.tab.show_height(viewport, viewport.height)
            await self.tab.call("painted")

    async def _shot(
        self,
        kind: Any,
        viewport: Viewport,
        theme: Theme,
        png: bytes,
        dom: str | None,
        verdicts: Sequence[str],
        section: Section | None = None,
    ) -> Shot:
        width, height = png_size(png)
        image = Image(sha256=await self.put(png, "png"), format="png", width=width, height=height, bytes=len(png))
        view = View(
            kind=kind,
            width=viewport.width,
            height=viewport.height,
            dpr=viewport.dpr,
            theme=theme,
            form_factor=viewport.kind,
        )
        return Shot(view, image, dom, tuple(dict.fromkeys(verdicts)), section)


def _pixels(section: Found, scale: float, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """A section's box in pixels of the picture, at least one of them."""
    left, top = min(size[0] - 1, round(section.x * scale)), min(size[1] - 1, round(section.y * scale))
    right = max(left + 1, min(size[0], round((section.x + section.width) * scale)))
    return left, top, right, max(top + 1, min(size[1], round((section.y + section.height) * scale)))


def _with_page(around: Surroundings, page: dict[str, int]) -> Surroundings:
    return replace(around, page=page)
