"""The browser's side of the download handler: what a request with `meta["page"]` brings.

A page request may say in its meta which `views`, `themes` and `kinds` it wants (lists of names) and whether `sections`;
`jitter` lists kinds of damage to take as well, from `jitter_seed`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from dataclasses import replace
from time import monotonic
from typing import Any

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Headers, HtmlResponse
from scrapy.settings import BaseSettings

from crawlers.browser.devices import PRESETS, DeviceError, resolve_all
from crawlers.browser.find import BrowserNotFound
from crawlers.browser.jitter import Jitter
from crawlers.browser.outcome import PageFailure
from crawlers.browser.session import BrowserGone, BrowserOptions, BrowserSession
from crawlers.browser.settle import SettleLimits
from crawlers.browser.views import Visit, VisitOptions, visit
from crawlers.captures import CaptureStore
from crawlers.policy.identity import identity, opt_out
from crawlers.surroundings import CrawlSurroundings

THEMES = ("light", "dark")
KINDS = ("fold", "full")
PAGES_A_CORE = 4
MOST_PAGES = 16  # of one browser: its own process draws and packs all pictures
PAGE_MEMORY = 512 << 20
ATTEMPTS = 3
CRASHES = 2
JITTER_SECONDS = 60.0  # a view's damaged variants may take that much longer
START_AGAIN_SECONDS = 2.0
DROPPED_HEADERS = frozenset({"content-encoding", "content-length", "transfer-encoding", "set-cookie"})
ENGINE = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"  # what sites that sniff agents want to read
DESKTOP_AGENT = f"Mozilla/5.0 (X11; Linux x86_64) {ENGINE} Safari/537.36"
PHONE_AGENT = f"Mozilla/5.0 (Linux; Android 14; Mobile) {ENGINE} Mobile Safari/537.36"


class PageResponse(HtmlResponse):
    """The settled document of a visit, with the visit itself in `visit`."""

    attributes = (*HtmlResponse.attributes, "visit")

    def __init__(self, *args: Any, visit: Visit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.visit = visit


class Pages:
    """Owns the browser, which is started for the first page that is asked for."""

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self._crawler = crawler
        self._session: BrowserSession | None = None
        self._starting = asyncio.Lock()
        self._pages = settings.getint("GESSO_PAGES") or pages_at_once()
        self._slots = asyncio.Semaphore(self._pages)
        self._store = CaptureStore(settings["GESSO_STORE"], create=True)
        self._around = CrawlSurroundings.of(crawler)
        self._begun: float | None = None
        suffix = identity(settings.get("GESSO_CONTACT"))
        self._options = VisitOptions(
            viewports=resolve_all(settings.getlist("GESSO_VIEWS")),
            themes=words(settings.getlist("GESSO_THEMES"), THEMES, "GESSO_THEMES"),
            kinds=words(settings.getlist("GESSO_KINDS"), KINDS, "GESSO_KINDS"),
            each_load=settings.getbool("GESSO_LOAD_EACH_VIEW"),
            opt_out=opt_out(settings),
            seconds=settings.getfloat("GESSO_PAGE_SECONDS"),
            limits=SettleLimits(max_height=settings.getint("GESSO_MAX_HEIGHT")),
            user_agents={"desktop": f"{DESKTOP_AGENT} {suffix}", "phone": f"{PHONE_AGENT} {suffix}"},
        )

    async def visited(self, request: Request) -> PageResponse:
        """The settled document, with what was seen of it. Raises PageFailure where a page gives no capture."""
        if self._begun is None:
            self._begun = monotonic()
        options = self._wanted(request)
        session = await self._started()
        async with self._slots:
            found = await self._visit(session, request, options)
        self._count(found)
        request.meta["download_latency"] = found.seconds  # what AutoThrottle goes by
        headers = Headers()
        for name, value in found.headers:
            if name.lower() not in DROPPED_HEADERS:
                headers.appendlist(name, value)
        return PageResponse(
            url=found.url,
            status=found.status,
            headers=headers,
            body=found.html.encode("utf-8", "replace"),
            encoding="utf-8",
            request=request,
            visit=found,
        )

    def _wanted(self, request: Request) -> VisitOptions:
        """The crawl's options with what this request asks for. Raises DeviceError for a view that nobody knows."""
        options, meta = self._options, request.meta
        if meta.get("pictures") is False:  # a gallery's own page: read as the browser draws it, not kept
            return replace(options, kinds=(), viewports=options.viewports[:1])
        if meta.get("views"):
            options = replace(options, viewports=resolve_all(meta["views"]))
        if meta.get("themes"):
            options = replace(options, themes=words(meta["themes"], THEMES, "themes"))
        if meta.get("kinds"):
            options = replace(options, kinds=words(meta["kinds"], KINDS, "kinds"))
        if meta.get("jitter"):
            asked = Jitter(tuple(meta["jitter"]), int(meta.get("jitter_seed", 0)))
            views = len(options.viewports) * len(options.themes)
            options = replace(options, jitter=asked, seconds=options.seconds + JITTER_SECONDS * views)
        return replace(options, sections=True) if meta.get("sections") else options

    async def _started(self) -> BrowserSession:
        async with self._starting:
            if self._session is None:
                proxy = await self._around.proxy()
                self._session = BrowserSession(BrowserOptions(proxy=proxy, concurrent_pages=self._pages))
                await self._session.start()
        return self._session

    async def _visit(self, session: BrowserSession, request: Request, options: VisitOptions) -> Visit:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await visit(session, request.url, self._put, self._around, options)
            except PageFailure as error:
                if error.kind != "crashed" or attempt == CRASHES:  # once may have been another's fault, or the system's
                    raise
            except BrowserNotFound:  # it may have been a moment without memory; else the crawl cannot go on
                if attempt == ATTEMPTS:
                    raise
                await asyncio.sleep(START_AGAIN_SECONDS)
            except BrowserGone as error:  # not necessarily this page's fault: another may have hung the browser
                if attempt == ATTEMPTS:
                    raise PageFailure("browser", f"{request.url}: {error}") from None
        raise AssertionError("unreachable")

    async def _put(self, data: bytes, format: str) -> str:
        return await asyncio.to_thread(self._store.put_blob, data, format)

    def _count(self, found: Visit) -> None:
        stats = self._crawler.stats
        if stats is not None:
            stats.inc_value("gesso/pages")
            stats.inc_value("gesso/loads", found.loads)
            for kind, count in found.undamaged.items():
                stats.inc_value(f"gesso/jitter/dropped/{kind}", count)
            stats.set_value("gesso/page_seconds", round(monotonic() - (self._begun or 0), 3))

    async def close(self) -> None:
        """End the browser."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()


def pages_at_once() -> int:
    """How many pages this machine looks at well at once: four a core, for pages wait more than they work."""
    return max(2, min(MOST_PAGES, PAGES_A_CORE * cpus(), memory() // PAGE_MEMORY))


def cpus() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory() -> int:
    """Bytes of memory that the machine has; 4 GiB where it does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return 4 << 30


def words(given: Iterable[str], known: tuple[str, ...], name: str) -> tuple[Any, ...]:
    """The known words among those given, in their own order. Raises DeviceError for any other."""
    found = {word.strip().lower() for word in given if word.strip()}
    if not found or found - set(known):
        raise DeviceError(f"{name}={','.join(sorted(found))[:80]} is not a list of {', '.join(known)}")
    return tuple(word for word in known if word in found)


def check_pictures(views: Iterable[str], settings: BaseSettings) -> None:
    """Raise DeviceError, before anything is fetched, where a view, theme or kind that was asked for is none."""
    resolve_all((*settings.getlist("GESSO_VIEWS", list(PRESETS)), *views))
    words(settings.getlist("GESSO_THEMES", list(THEMES)), THEMES, "GESSO_THEMES")
    words(settings.getlist("GESSO_KINDS", list(KINDS)), KINDS, "GESSO_KINDS")
