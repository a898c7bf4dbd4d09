"""`scrapy crawl web -a seeds=URL[,URL…]|FILE -a depth=1 -a per_site=20`: pages, looked at through several windows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from scrapy import Request
from scrapy.http import Response
from scrapy.linkextractors import LinkExtractor

from crawlers.arguments import WebArguments
from crawlers.captures import Capture, Failure
from crawlers.handler import PageResponse
from crawlers.scheduler import FRONTIER
from crawlers.spiders.pages import PageSpider
from crawlers.urls import canonical_url, may_be_page, site_of

MAX_LINKS = 2000


class WebSpider(PageSpider):
    """Follows same-site links breadth first from the seeds."""

    name = "web"
    source = "web"
    arguments: WebArguments
    links = LinkExtractor(deny_extensions=[], unique=True)

    async def start(self) -> AsyncIterator[Request]:
        for number, seed in enumerate(self.arguments.seeds):
            yield self._request(seed, depth=0, place=f"{number:07d}", site=site_of(seed))

    def _request(self, url: str, *, depth: int, place: str, site: str) -> Request:
        about = {"depth": depth, "place": place, "group": site, "cap": self.arguments.per_site, "seed": depth == 0}
        meta = {"page": True, FRONTIER: about}
        # The browser follows redirects itself, and error pages are looked at too.
        meta |= {"handle_httpstatus_all": True, "dont_retry": True, "dont_redirect": True}
        return Request(url, callback=self.parse_page, errback=self.failed, meta=meta)

    def parse_page(self, response: Response) -> Iterator[Capture | Failure | Request]:
        """One capture a picture, then the links."""
        assert isinstance(response, PageResponse)
        assert response.request is not None
        about = response.request.meta[FRONTIER]
        canonical = canonical_url(response.url)
        site = site_of(canonical)
        if about["depth"] > 0 and site != about["group"]:
            asked = response.request.url
            yield self.failure(asked, "off_site", f"{asked} leads to another site: {canonical}", site=about["group"])
            return
        yield from self.captures_of(response, canonical, site)
        if about["depth"] < self.arguments.depth and response.status < 400:
            yield from self._follow(response, about, site)

    def _follow(self, response: PageResponse, about: dict, site: str) -> Iterator[Request]:
        seen: set[str] = set()
        for link in self.links.extract_links(response):
            if len(seen) >= MAX_LINKS:
                return
            if not may_be_page(link.url):
                continue
            url = canonical_url(link.url)
            if url in seen or site_of(url) != site:
                continue
            seen.add(url)
            place = f"{about['place']}.{len(seen):05d}"
            yield self._request(url, depth=about["depth"] + 1, place=place, site=site)
