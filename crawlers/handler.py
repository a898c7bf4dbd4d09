"""The download handler: a request with `meta["page"]` is visited by the browser, any other goes over plain HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.http import Headers, HtmlResponse, Response

from crawlers.browser.outcome import PageFailure
from crawlers.browser.session import BrowserGone, BrowserOptions, BrowserSession
from crawlers.browser.settle import SettleLimits
from crawlers.browser.views import Visit, VisitOptions, visit
from crawlers.captures import CaptureStore, Signal
from crawlers.policy.robots import AGENT

ATTEMPTS = 3
DROPPED_HEADERS = frozenset({"content-encoding", "content-length", "transfer-encoding", "set-cookie"})
ENGINE = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"  # what sites that sniff agents want to read
DESKTOP_AGENT = f"Mozilla/5.0 (X11; Linux x86_64) {ENGINE} Safari/537.36"
PHONE_AGENT = f"Mozilla/5.0 (Linux; Android 14; Mobile) {ENGINE} Mobile Safari/537.36"

Permit = Callable[[str], Awaitable[Signal]]


class PageResponse(HtmlResponse):
    """The settled document of a visit, with the visit itself in `visit`."""

    attributes = (*HtmlResponse.attributes, "visit")

    def __init__(self, *args: Any, visit: Visit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.visit = visit


class PageDownloadHandler:
    """Owns the browser. One instance serves http and https: Scrapy makes one a scheme, they share it by the crawler."""

    lazy = False

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self._crawler = crawler
        self._http = HTTP11DownloadHandler.from_crawler(crawler)
        self._session: BrowserSession | None = None
        self._options = BrowserOptions(
            proxy=settings.get("GESSO_PROXY") or None,
            concurrent_pages=settings.getint("GESSO_PAGES"),
        )
        self._slots: asyncio.Semaphore | None = None
        self._store = CaptureStore(settings["GESSO_STORE"], create=True)
        suffix = identity(settings.get("GESSO_CONTACT"))
        self._visit_options = VisitOptions(
            dark=settings.getbool("GESSO_DARK"),
            seconds=settings.getfloat("GESSO_PAGE_SECONDS"),
            limits=SettleLimits(max_height=settings.getint("GESSO_MAX_HEIGHT")),
            user_agents={
                "desktop": f"{DESKTOP_AGENT} {suffix}",
                "phone": f"{PHONE_AGENT} {suffix}",
            },
        )

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> PageDownloadHandler:
        shared = getattr(crawler, "_gesso_pages", None)
        if shared is None:
            shared = crawler._gesso_pages = cls(crawler)  # type: ignore[attr-defined]
        return shared

    async def download_request(self, request: Request) -> Response:
        """Scrapy's entry. Raises PageFailure where a page gives no capture."""
        if not request.meta.get("page"):
            return await self._http.download_request(request)
        if self._session is None:
            self._session = BrowserSession(self._options)
            self._slots = asyncio.Semaphore(self._options.concurrent_pages)
            await self._session.start()
        assert self._slots is not None
        async with self._slots:
            found = await self._visit(self._session, request)
        if self._crawler.stats is not None:
            self._crawler.stats.inc_value("gesso/pages")
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

    async def _visit(self, session: BrowserSession, request: Request) -> Visit:
        permit: Permit = self._crawler._gesso_permit  # type: ignore[attr-defined]
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await visit(session, request.url, self._put, permit, self._visit_options)
            except BrowserGone as error:  # not necessarily this page's fault: another may have hung the browser
                if attempt == ATTEMPTS:
                    raise PageFailure("browser", f"{request.url}: {error}") from None
        raise AssertionError("unreachable")

    async def _put(self, data: bytes, format: str) -> str:
        return await asyncio.to_thread(self._store.put_blob, data, format)

    async def close(self) -> None:
        """End the browser and the connections; called once a scheme."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()
        http, self._http = self._http, _Closed()  # type: ignore[assignment]
        await http.close()


class _Closed:
    async def close(self) -> None:
        """Nothing left to close."""


def identity(contact: str | None) -> str:
    """What we call ourselves, with where to reach whoever runs the crawl."""
    return f"{AGENT}/0.1 (+{contact})" if contact else f"{AGENT}/0.1"
