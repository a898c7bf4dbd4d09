"""HTML to PNG with the crawler's own browser, for whoever wants to see a design next to its screenshot.

Scripts are off, and nothing is fetched but data: URLs and, where a job names a URL, that URL's own host.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from playwright.async_api import CDPSession, Error, Route

from crawlers.browser.devices import Viewport
from crawlers.browser.picture import measure, screenshot
from crawlers.browser.session import BrowserOptions, BrowserSession
from crawlers.browser.snapshot import COMPUTED_STYLES, FORMAT, SCALE, take_snapshot
from crawlers.browser.tab import Theme
from crawlers.errors import GessoError

LOAD_SECONDS = 15.0
JOB_SECONDS = 45.0

Progress = Callable[[str, int, int], None]
T = TypeVar("T")


class RenderError(GessoError):
    """A job that cannot be rendered."""


@dataclass(frozen=True)
class RenderJob:
    """One picture to take: of `html`, or of `url` (http, https or data:).

    `width` × `height` is the viewport in CSS pixels. `full_page` gives the page's whole length, up to `max_height`;
    `clip` (width, height) gives exactly that size from the top left, whatever the page's length. Chromium rounds
    baselines in one of two ways, by whether the session that takes the picture emulates the pixel ratio
    (`emulates_dpr`) or the context does; at a ratio of 1 they are the same.
    """

    html: str | None = None
    url: str | None = None
    width: int = 1440
    height: int = 900
    dpr: float = 1
    theme: Theme = "light"
    full_page: bool = False
    clip: tuple[int, int] | None = None
    max_height: int = 20_000
    emulates_dpr: bool = False


@dataclass(frozen=True)
class Rendered:
    """A picture, and the DOM snapshot (`gesso-dom/1`, without assets and fonts) of the page that it shows."""

    png: bytes
    snapshot: dict[str, Any]


def render_html(
    pages: Iterable[RenderJob],
    *,
    proxy: str | None = None,
    concurrent_pages: int = 2,
    progress: Progress | None = None,
) -> list[bytes]:
    """PNG bytes of every job, in the order given. Works with or without an event loop running in the calling thread.

    Raises RenderError for a job that fails, naming its place; BrowserNotFound where there is no Chromium.
    """
    return _render_jobs(list(pages), _picture, proxy, concurrent_pages, progress)


def render_with_trees(
    pages: Iterable[RenderJob],
    *,
    proxy: str | None = None,
    concurrent_pages: int = 2,
    progress: Progress | None = None,
) -> list[Rendered]:
    """As `render_html`, each picture with the tree that the browser laid out for it."""
    return _render_jobs(list(pages), _picture_and_tree, proxy, concurrent_pages, progress)


def _render_jobs(
    jobs: list[RenderJob],
    take: Callable[[CDPSession, RenderJob], Awaitable[T]],
    proxy: str | None,
    concurrent_pages: int,
    progress: Progress | None,
) -> list[T]:
    for number, job in enumerate(jobs):
        if (job.html is None) == (job.url is None):
            raise RenderError(f"render job {number}: give html or url, one of the two")
        if job.url is not None and urlsplit(job.url).scheme not in ("http", "https", "data"):
            raise RenderError(f"render job {number}: {job.url[:80]} is not an http, https or data URL")
    if not jobs:
        return []
    return _run(_render_all(jobs, take, BrowserOptions(proxy=proxy, concurrent_pages=concurrent_pages), progress))


async def _render_all(
    jobs: list[RenderJob],
    take: Callable[[CDPSession, RenderJob], Awaitable[T]],
    options: BrowserOptions,
    progress: Progress | None,
) -> list[T]:
    done = 0

    async def one(number: int, job: RenderJob) -> T:
        nonlocal done
        try:
            async with asyncio.timeout(JOB_SECONDS):
                taken = await _render(session, job, take)
        except (Error, TimeoutError) as error:
            line = str(error).strip().splitlines()[0] if str(error) else "it took too long"
            raise RenderError(f"render job {number} ({job.url or 'html'}): {line}") from None
        done += 1
        if progress is not None:
            progress("render", done, len(jobs))
        return taken

    async with BrowserSession(options) as session:
        tasks = [asyncio.create_task(one(number, job)) for number, job in enumerate(jobs)]
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _render(session: BrowserSession, job: RenderJob, take: Callable[[CDPSession, RenderJob], Awaitable[T]]) -> T:
    viewport = Viewport("render", job.width, job.height, 1 if job.emulates_dpr else job.dpr)
    own_host = urlsplit(job.url).netloc if job.url else None

    async def guard(route: Route) -> None:
        parts = urlsplit(route.request.url)
        if parts.scheme == "data" or (own_host and parts.scheme in ("http", "https") and parts.netloc == own_host):
            await route.continue_()
        else:
            await route.abort()

    async with session.page(viewport, theme=job.theme, javascript=False) as page:
        await page.route("**/*", guard)
        cdp = await page.context.new_cdp_session(page)
        if job.emulates_dpr:
            metrics = {"width": job.width, "height": job.height, "deviceScaleFactor": job.dpr, "mobile": False}
            await cdp.send("Emulation.setDeviceMetricsOverride", metrics)
        if job.html is not None:
            await page.set_content(job.html, wait_until="load", timeout=LOAD_SECONDS * 1000)
        else:
            assert job.url is not None
            await page.goto(job.url, wait_until="load", timeout=LOAD_SECONDS * 1000)
        return await take(cdp, job)


async def _picture(cdp: CDPSession, job: RenderJob) -> bytes:
    width, height = job.clip or (job.width, job.height)
    if job.full_page and job.clip is None:
        height = min((await measure(cdp, job.width)).height, job.max_height)
    if job.emulates_dpr:
        return await screenshot(cdp, width, height, 1, dpr=job.dpr)
    return await screenshot(cdp, width, height, job.dpr)


async def _picture_and_tree(cdp: CDPSession, job: RenderJob) -> Rendered:
    tree = await take_snapshot(cdp)
    geometry = await measure(cdp, job.width)
    around = {
        "format": FORMAT,
        "url": job.url or "about:blank",
        "viewport": {"width": job.width, "height": job.height, "dpr": job.dpr},
        "page": {"width": geometry.fold_width, "height": geometry.height},
        "scale": SCALE,
        "computed_styles": list(COMPUTED_STYLES),
    }
    return Rendered(await _picture(cdp, job), {**around, "snapshot": tree})


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, in a thread of its own where the caller's thread runs a loop already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    outcome: list[T] = []
    errors: list[BaseException] = []

    def target() -> None:
        try:
            outcome.append(asyncio.run(work))
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=target, name="render")
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return outcome[0]
