"""Bring a page to rest: loaded, consent answered, scrolled through, fonts and images in, nothing moving.

Every step has a limit of its own and is best effort. Nothing waits when nothing is pending.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field

from playwright.async_api import Error

from crawlers.browser.consent import Consent, answer_overlays
from crawlers.browser.tab import Tab

PAINT_SECONDS = 5.0
MAX_MOVES = 4  # documents that a page may put in its own place while we look


@dataclass(frozen=True)
class SettleLimits:
    """Seconds, steps and CSS pixels that a page may take to come to rest."""

    goto: float = 30.0
    load: float = 10.0
    idle: float = 3.0
    quiet: float = 0.08
    scroll: float = 10.0
    scroll_steps: int = 30
    images: float = 5.0
    fonts: float = 3.0
    consent: float = 8.0
    max_height: int = 20_000


@dataclass
class Settled:
    """What had to be done or cut short on the way, and what came of the consent dialogs."""

    verdicts: list[str] = field(default_factory=list)
    consent: Consent = field(default_factory=Consent)


async def settle(tab: Tab, limits: SettleLimits) -> Settled:
    """Steps 2 to 5 of the recipe, after the DOM is there. Raises Error where the page keeps replacing itself."""
    for _ in range(MAX_MOVES):
        loader = tab.loader
        settled = await _settle_document(tab, limits)
        if tab.loader == loader:
            return settled
    raise Error("the page keeps leading elsewhere by itself")


async def _settle_document(tab: Tab, limits: SettleLimits) -> Settled:
    settled = Settled()
    await tab.loaded(limits.load)
    await tab.network.idle(limits.quiet, limits.idle)
    with contextlib.suppress(Error, TimeoutError):
        settled.consent = await answer_overlays(tab, limits.consent)
        settled.verdicts += settled.consent.verdicts
    if await _walk_down(tab, limits):
        settled.verdicts.append("truncated")
    await still(tab, limits)
    return settled


async def settle_again(tab: Tab, limits: SettleLimits, *, painted: bool = False) -> None:
    """After a change of window or theme: what it asked for has come, what it moved is at rest. Scripts must run.

    `painted` is for a change that has been painted already.
    """
    late: bool | None = None
    with contextlib.suppress(Error, TimeoutError):
        seconds = PAINT_SECONDS + limits.images + limits.fonts + 2
        late = bool(await tab.call("arrived", {"painted": painted, **_waits(limits)}, seconds))
    if tab.network.busy():
        await tab.network.idle(limits.quiet / 2, limits.idle)
        late = None
    if late is False:
        await _stop(tab)
        return
    with contextlib.suppress(Error, TimeoutError):
        if late or await tab.call("lazy"):
            await _walk_down(tab, limits)
    await still(tab, limits)


async def still(tab: Tab, limits: SettleLimits) -> None:
    """Images and fonts in, then everything frozen and the page's scripts stopped."""
    await _ready(tab, limits)
    await _stop(tab)


async def _ready(tab: Tab, limits: SettleLimits) -> None:
    with contextlib.suppress(Error, TimeoutError):
        await tab.call("ready", _waits(limits), limits.images + limits.fonts + 2)


async def _stop(tab: Tab) -> None:
    await tab.stop_scripts()
    with contextlib.suppress(Error, TimeoutError):
        await tab.call("freeze")


def _waits(limits: SettleLimits) -> dict[str, float]:
    return {"imageSeconds": limits.images, "fontSeconds": limits.fonts}


async def _walk_down(tab: Tab, limits: SettleLimits) -> bool:
    """Scroll to the bottom and back. True where the page went on for longer than we did."""
    scroll = {"maxHeight": limits.max_height, "maxSteps": limits.scroll_steps, "seconds": limits.scroll}
    bounded = False
    with contextlib.suppress(Error, TimeoutError):
        walked = await tab.call("scroll", scroll, limits.scroll + 5)
        bounded = isinstance(walked, dict) and bool(walked.get("bounded")) and bool(walked.get("grown"))
    await tab.network.idle(limits.quiet / 2, limits.idle)
    return bounded
