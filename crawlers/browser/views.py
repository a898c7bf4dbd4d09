"""Everything we look at on one page: two windows, fold and whole length, light and, where it reacts, dark.

`visit` opens a page, lets it settle, and hands each picture and tree to a blob writer as soon as it is taken; what it
returns is small. The whole visit is under a watchdog.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from PIL import Image as Pillow
from PIL import ImageChops
from playwright.async_api import CDPSession, Error, Page, Response

from crawlers.browser.assets import Assets
from crawlers.browser.outcome import PageFailure, failure_of, status_verdicts
from crawlers.browser.picture import Geometry, measure, screenshot
from crawlers.browser.session import BrowserSession, Theme, Viewport
from crawlers.browser.settle import SettleLimits, Traffic, in_page, settle
from crawlers.browser.snapshot import Surroundings, pack_snapshot, take_snapshot
from crawlers.captures import Image, Signal, View
from crawlers.policy.opt_out import opted_out, page_signals

DESKTOP = Viewport("desktop", 1440, 900)
PHONE = Viewport("phone", 390, 844, dpr=2, mobile=True)
MAX_HTML = 8 << 20
REACTION_LEVEL = 12  # of 255, below which a pixel counts as unchanged
REACTION_SHARE = 0.02

PutBlob = Callable[[bytes, str], Awaitable[str]]
Permit = Callable[[str], Awaitable[Signal]]


@dataclass(frozen=True)
class VisitOptions:
    """What to take of a page, and how long it may last."""

    viewports: tuple[Viewport, ...] = (DESKTOP, PHONE)
    dark: bool = True
    seconds: float = 120.0
    limits: SettleLimits = field(default_factory=SettleLimits)
    user_agents: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Shot:
    """One picture, stored, with the tree that belongs to it."""

    view: View
    image: Image
    dom_sha256: str | None
    verdicts: tuple[str, ...]


@dataclass
class Visit:
    """What a page gave. `url` is where it ended up; `html` its document once settled."""

    url: str
    status: int
    headers: list[tuple[str, str]]
    title: str = ""
    description: str = ""
    lang: str = ""
    html: str = ""
    signals: tuple[Signal, ...] = ()
    shots: list[Shot] = field(default_factory=list)


async def visit(session: BrowserSession, url: str, put: PutBlob, permit: Permit, options: VisitOptions) -> Visit:
    """Take all views of a page. Raises PageFailure, with a kind to count by, where the page gives none."""
    try:
        done: Visit | None = None
        reacts: bool | None = None if options.dark else False
        for viewport in options.viewports:
            agent = options.user_agents.get(viewport.name)
            async with (
                session.page(viewport, user_agent=agent) as page,
                asyncio.timeout(options.seconds / len(options.viewports)),
            ):
                look = _Look(page, viewport, url, put, permit, options.limits)
                seen, reacts = await look.take(reacts)
            if done is None:
                done = seen
            else:
                done.shots += seen.shots
        assert done is not None
        return done
    except TimeoutError:
        raise PageFailure("timeout", f"{url} was not done within {options.seconds:g} s") from None
    except Error as error:
        raise failure_of(url, error) from None


class _Look:
    """One page through one window."""

    def __init__(
        self, page: Page, viewport: Viewport, url: str, put: PutBlob, permit: Permit, limits: SettleLimits
    ) -> None:
        self.page, self.viewport, self.url = page, viewport, url
        self.put, self.permit, self.limits = put, permit, limits
        self.traffic = Traffic(page)
        self.assets = Assets(page, put)
        self.verdicts: list[str] = []
        self.about: dict[str, Any] = {}

    async def take(self, reacts: bool | None) -> tuple[Visit, bool]:
        """All pictures through this window; `reacts` None asks to find out whether the page has a dark theme."""
        response = await self._open()
        verdicts = await settle(self.page, self.traffic, self.limits)
        self.about = _checked(await in_page(self.page, "describe"))
        headers = [(h["name"], h["value"]) for h in await response.headers_array()]
        found = Visit(self.page.url, response.status, headers)
        found.title, found.description, found.lang = self.about["title"], self.about["description"], self.about["lang"]
        found.signals = (await self._permission(), *page_signals(headers, self.about["metas"]))
        refusal = opted_out(found.signals)
        if refusal is not None:
            raise PageFailure("opt_out", f"{self.url} opts out: {refusal.source}: {refusal.evidence}")
        self.verdicts = verdicts + status_verdicts(response.status, found.title)
        found.html = (await asyncio.wait_for(self.page.content(), 10))[:MAX_HTML]
        cdp = await self.page.context.new_cdp_session(self.page)
        fonts = await self._fonts()
        fold, geometry = await self._fold(cdp)
        found.shots += await self._theme(cdp, "light", fold, geometry, fonts)
        if reacts is None or reacts:
            dark = await self._dark(cdp, fold, geometry)
            reacts = dark is not None
            if dark is not None:
                found.shots += await self._theme(cdp, "dark", *dark, fonts)
        return found, bool(reacts)

    async def _open(self) -> Response:
        seconds = self.limits.goto
        response = await self.page.goto(self.url, wait_until="domcontentloaded", timeout=seconds * 1000)
        if response is None:
            raise PageFailure("unreachable", f"{self.url} gave no answer: check the address")
        kind = (await response.header_value("content-type") or "text/html").split(";")[0].strip().lower()
        if kind not in ("text/html", "application/xhtml+xml"):
            status = f"http_{response.status}" if response.status >= 400 else "not_html"
            raise PageFailure(status, f"{self.url} answers {response.status} with {kind[:80]}, not with a page")
        return response

    async def _permission(self) -> Signal:
        """The robots evidence of where the page ended up, which may not be where it was asked for."""
        signal = await self.permit(self.page.url)
        if signal.effect == "disallow":
            raise PageFailure("robots", f"{self.page.url} is disallowed: {signal.evidence}")
        return signal

    async def _fonts(self) -> list[dict[str, Any]]:
        with contextlib.suppress(Error, TimeoutError):
            fonts = await in_page(self.page, "fonts")
            return [
                {**{k: str(f.get(k, ""))[:200] for k in ("family", "weight", "style")}, "url": str(f["url"])[:2000]}
                for f in (fonts if isinstance(fonts, list) else [])
                if isinstance(f, dict) and f.get("url")
            ]
        return []

    async def _fold(self, cdp: CDPSession) -> tuple[bytes, Geometry]:
        geometry = await measure(cdp, self.viewport.width)
        scale = self.viewport.dpr * geometry.zoom
        return await screenshot(cdp, geometry.fold_width, geometry.fold_height, scale), geometry

    async def _dark(self, cdp: CDPSession, light: bytes, geometry: Geometry) -> tuple[bytes, Geometry] | None:
        """The fold in the dark, or None where the page does not react to the theme (or moves by itself)."""
        await self._emulate("dark")
        dark, _ = await self._fold(cdp)
        change = await asyncio.to_thread(changed_share, light, dark)
        if change < REACTION_SHARE:
            return None
        await self._emulate("light")
        again, _ = await self._fold(cdp)
        if await asyncio.to_thread(changed_share, light, again) >= change / 2:
            return None
        await self._emulate("dark")
        return await self._fold(cdp)

    async def _emulate(self, theme: Theme) -> None:
        await self.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        with contextlib.suppress(Error, TimeoutError):
            await in_page(self.page, "painted", None, 5)

    async def _theme(
        self, cdp: CDPSession, theme: Theme, fold: bytes, geometry: Geometry, fonts: list[dict[str, Any]]
    ) -> list[Shot]:
        verdicts = list(self.verdicts)
        dom = await self._dom(cdp, theme, geometry, fonts)
        if dom is None:
            verdicts.append("no_dom")
        if self.about["textLength"] == 0 and await asyncio.to_thread(is_flat, fold):
            verdicts.append("blank")
        shots = [await self._shot("fold", theme, fold, dom, verdicts)]
        if geometry.height > geometry.fold_height:
            height = min(geometry.height, self.limits.max_height)
            if height < geometry.height:
                verdicts.append("truncated")
            scale = self.viewport.dpr * geometry.zoom
            full = await screenshot(cdp, geometry.fold_width, height, scale)
            shots.append(await self._shot("full", theme, full, dom, verdicts))
        return shots

    async def _dom(self, cdp: CDPSession, theme: Theme, geometry: Geometry, fonts: list[dict[str, Any]]) -> str | None:
        try:
            snapshot = await take_snapshot(cdp)
        except (Error, TimeoutError):
            return None
        viewport = {"width": self.viewport.width, "height": self.viewport.height, "dpr": self.viewport.dpr}
        around = Surroundings(
            url=self.page.url,
            title=self.about["title"],
            lang=self.about["lang"],
            viewport=viewport,
            theme=theme,
            page={"width": geometry.width, "height": geometry.height},
            assets=await self.assets.stored(),
            fonts=fonts,
        )
        packed = await asyncio.to_thread(pack_snapshot, snapshot, around)
        return None if packed is None else await self.put(packed, "dom")

    async def _shot(self, kind: Any, theme: Theme, png: bytes, dom: str | None, verdicts: list[str]) -> Shot:
        width, height = png_size(png)
        image = Image(sha256=await self.put(png, "png"), format="png", width=width, height=height, bytes=len(png))
        view = View(
            kind=kind,
            width=self.viewport.width,
            height=self.viewport.height,
            dpr=self.viewport.dpr,
            theme=theme,
            form_factor=self.viewport.name,
        )
        return Shot(view, image, dom, tuple(dict.fromkeys(verdicts)))


def without_dark(options: VisitOptions) -> VisitOptions:
    """The same visit in the light only."""
    return replace(options, dark=False)


def png_size(png: bytes) -> tuple[int, int]:
    """Width and height that a PNG's header states."""
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")


def changed_share(one: bytes, other: bytes) -> float:
    """Share of pixels (0 to 1) that differ visibly between two PNGs; 1 where their sizes differ."""
    with Pillow.open(io.BytesIO(one)) as first, Pillow.open(io.BytesIO(other)) as second:
        if first.size != second.size:
            return 1.0
        small = (max(1, first.width // 2), max(1, first.height // 2))
        a, b = (im.convert("L").resize(small, Pillow.Resampling.NEAREST) for im in (first, second))
        histogram = ImageChops.difference(a, b).histogram()
        return sum(histogram[REACTION_LEVEL:]) / (small[0] * small[1])


def is_flat(png: bytes) -> bool:
    """Whether a PNG shows one colour, give or take what no eye sees."""
    with Pillow.open(io.BytesIO(png)) as image:
        return all(high - low < 8 for low, high in image.convert("RGB").getextrema())  # type: ignore[misc]


def _checked(answer: Any) -> dict[str, Any]:
    """The page's description of itself with the types it should have: the page may have lied."""
    given = answer if isinstance(answer, dict) else {}
    about: dict[str, Any] = {key: str(given.get(key) or "")[:2000] for key in ("title", "description", "lang")}
    length = given.get("textLength")
    about["textLength"] = length if isinstance(length, int) else 0
    metas = given.get("metas") if isinstance(given.get("metas"), list) else []
    about["metas"] = [(str(m[0]), str(m[1])) for m in metas or [] if isinstance(m, list) and len(m) == 2]
    return about
