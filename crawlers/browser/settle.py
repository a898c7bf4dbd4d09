"""Bring a page to rest: loaded, scrolled through, fonts and images in, overlays gone, nothing moving.

Every step has a limit of its own and is best effort. Nothing waits when nothing is pending.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from playwright.async_api import Error, Page, Request

SCRIPT = (Path(__file__).parent / "in_page.js").read_text(encoding="utf-8")
EVALUATE_SECONDS = 15.0


@dataclass(frozen=True)
class SettleLimits:
    """Seconds, steps and CSS pixels that a page may take to come to rest."""

    goto: float = 30.0
    load: float = 10.0
    idle: float = 3.0
    quiet: float = 0.1
    scroll: float = 10.0
    scroll_steps: int = 30
    images: float = 5.0
    fonts: float = 3.0
    max_height: int = 20_000


class Traffic:
    """Counts the requests of a page that are under way, so that idling is seen as soon as it is there."""

    def __init__(self, page: Page) -> None:
        self._open: set[Request] = set()
        self._last = monotonic()
        page.on("request", self._begin)
        page.on("requestfinished", self._end)
        page.on("requestfailed", self._end)

    def _begin(self, request: Request) -> None:
        self._open.add(request)
        self._last = monotonic()

    def _end(self, request: Request) -> None:
        self._open.discard(request)
        self._last = monotonic()

    async def idle(self, quiet: float, at_most: float) -> bool:
        """Wait until nothing was under way for `quiet` seconds; False where `at_most` seconds did not suffice."""
        end = monotonic() + at_most
        while self._open or monotonic() - self._last < quiet:
            if monotonic() >= end:
                return False
            await asyncio.sleep(0.02)
        return True


async def in_page(page: Page, function: str, argument: Any = None, seconds: float = EVALUATE_SECONDS) -> Any:
    """Call one function of in_page.js in the page. Raises Error or TimeoutError."""
    call = f"(argument) => {SCRIPT.strip()}.{function}(argument)"
    return await asyncio.wait_for(page.evaluate(call, argument), seconds)


async def settle(page: Page, traffic: Traffic, limits: SettleLimits) -> list[str]:
    """Steps 2 to 5 of the recipe, after goto. Returns verdicts on what had to be done or cut short."""
    verdicts: list[str] = []
    with contextlib.suppress(Error):
        await page.wait_for_load_state("load", timeout=limits.load * 1000)
    await traffic.idle(limits.quiet, limits.idle)
    with contextlib.suppress(Error, TimeoutError):
        hidden = await in_page(page, "hideOverlays")
        verdicts += [v for v in ("consent_hidden", "overlay_hidden") if v in hidden]
    scroll = {"maxHeight": limits.max_height, "maxSteps": limits.scroll_steps, "seconds": limits.scroll}
    with contextlib.suppress(Error, TimeoutError):
        await in_page(page, "scroll", scroll, limits.scroll + 5)
    await traffic.idle(limits.quiet / 2, limits.idle)
    waits = {"imageSeconds": limits.images, "fontSeconds": limits.fonts}
    with contextlib.suppress(Error, TimeoutError):
        await in_page(page, "ready", waits, limits.images + limits.fonts + 2)
    with contextlib.suppress(Error, TimeoutError):
        await in_page(page, "freeze")
        await in_page(page, "painted")
    return verdicts
