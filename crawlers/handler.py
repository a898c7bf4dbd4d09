"""The download handler: a request with `meta["page"]` is visited by the browser, any other goes over plain HTTP.

What a browser needs is imported with the first page: a crawl of listings does without, and starts faster for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.http import Response

if TYPE_CHECKING:
    from crawlers.pages import Pages


class PageDownloadHandler:
    """One instance serves http and https: Scrapy makes one a scheme, they share it by the crawler."""

    lazy = False

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._http = HTTP11DownloadHandler.from_crawler(crawler)
        self._pages: Pages | None = None

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
        if self._pages is None:
            from crawlers.pages import Pages

            self._pages = Pages(self._crawler)
        return await self._pages.visited(request)

    async def close(self) -> None:
        """End the browser and the connections; called once a scheme."""
        pages, self._pages = self._pages, None
        if pages is not None:
            await pages.close()
        http, self._http = self._http, _Closed()  # type: ignore[assignment]
        await http.close()


class _Closed:
    async def close(self) -> None:
        """Nothing left to close."""
