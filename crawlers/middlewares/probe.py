"""Before a host's first page: what does it answer for a path that no site has? The page's own download is too late."""

from __future__ import annotations

from scrapy import Request
from scrapy.crawler import Crawler

from crawlers.surroundings import CrawlSurroundings


class ProbeMiddleware:
    """Has a host asked once, through its download slot and at its pace, before the first of its pages waits for one."""

    def __init__(self, crawler: Crawler) -> None:
        self._around = CrawlSurroundings.of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ProbeMiddleware:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        if request.meta.get("page"):
            await self._around.ask(request.url)
