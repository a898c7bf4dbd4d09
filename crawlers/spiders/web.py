"""`scrapy crawl web -a seeds=URL[,URL…]|FILE -a sitemap=URL -a depth=1 -a per_site=20`: pages, as they look."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from scrapy import Request
from scrapy.http import Response

from crawlers.about import About
from crawlers.arguments.web import WebArguments
from crawlers.captures import Capture, Failure
from crawlers.parsers.links import absolute
from crawlers.parsers.sitemap import MAX_BYTES, Listed, SitemapError, parse_sitemap
from crawlers.scheduler import FRONTIER
from crawlers.spiders.visits import VisitSpider
from crawlers.traps import refused
from crawlers.urls import UrlError, may_be_page, site_of

MAX_NESTING = 3
MAX_CHILDREN = 200  # sitemaps that one index may add: 10 million addresses
MAX_ROBOTS_SITEMAPS = 20
SITEMAP_SECONDS = 60


class WebSpider(VisitSpider):
    """Seeds and the pages of sitemaps are depth 0; same-site links are followed from there."""

    name = "web"
    arguments: WebArguments

    async def start(self) -> AsyncIterator[Request]:
        try:
            for number, url in enumerate(self.arguments.sitemap):
                owner = None if self.arguments.cross_site else site_of(url)
                yield self._sitemap(url, owner, place=f"s{number:06d}", level=1, named=True)
            for number, seed in enumerate(self.arguments.seeds):
                about = self.arguments.about.get(seed)
                yield self.page_request(seed, place=f"{number:07d}", seed=True, about=about)
        finally:
            self.prepared = True

    def _sitemap(self, url: str, owner: str | None, *, place: str, level: int, named: bool = False) -> Request:
        """`owner` is the site whose pages count; None for those of any."""
        return self.preparation(
            url,
            self.parse_sitemap,
            place=place,
            level=level,
            site=owner,
            seed=named,
            meta={"download_maxsize": MAX_BYTES, "download_timeout": SITEMAP_SECONDS},
            cb_kwargs={"owner": owner, "level": level},
        )

    def parse_sitemap(self, response: Response, owner: str | None, level: int) -> Iterator[Failure | Request]:
        """Requests for the pages that a sitemap lists, or for the sitemaps that an index does."""
        assert response.request is not None
        asked = response.request.url
        try:
            found = parse_sitemap(response.body)
        except SitemapError as error:
            yield self.failure(asked, error.kind, f"{asked}: {error}")
            return
        self.count("sitemaps/files")
        if found.problem:
            self.count("sitemaps/damaged")
            yield self.failure(f"{asked}#rest", "sitemap_cut", f"{asked}: {found.problem}; what came before is used")
        place = response.request.meta[FRONTIER]["place"]
        if found.kind == "index" and level >= MAX_NESTING:
            yield self.failure(
                asked, "sitemap_nesting", f"{asked} is an index below {MAX_NESTING - 1} others: not read"
            )
        elif found.kind == "index":
            yield from self._children(found.entries, response.url, owner, level, place)
        else:
            yield from self._pages(found.entries, response.url, owner, place)

    def _children(
        self, entries: tuple[Listed, ...], base: str, owner: str | None, level: int, place: str
    ) -> Iterator[Request]:
        for number, entry in enumerate(entries):
            if number >= MAX_CHILDREN:
                self.count("sitemaps/too_many", len(entries) - number)
                return
            url = absolute(base, entry.url)
            if url is None or not url.startswith(("http://", "https://")):
                self.count("sitemaps/broken")
            elif owner is not None and site_of(url) not in (owner, site_of(base)):
                self.count("sitemaps/off_site")
            else:
                yield self._sitemap(url, owner, place=f"{place}.{number:06d}", level=level + 1)

    def _pages(self, entries: tuple[Listed, ...], base: str, owner: str | None, place: str) -> Iterator[Request]:
        for number, entry in enumerate(entries):
            about: About = {"lastmod": entry.lastmod} if entry.lastmod else {}
            languages = entry.alternates if self.arguments.alternates else ()
            for turn, written in enumerate((entry.url, *languages)):
                url = absolute(base, written)
                if url is None or not may_be_page(url):
                    self.count("sitemaps/no_page")
                elif owner is not None and site_of(url) != owner:
                    self.count("sitemaps/off_site")
                elif (kind := refused(url, self.arguments.traps)) is not None:
                    self.count(f"traps/{kind}")
                else:
                    self.count("sitemaps/pages")
                    yield self.page_request(url, place=f"{place}.{number:06d}.{turn:02d}", about=about)

    async def parse_page(self, response: Response) -> AsyncIterator[Capture | Failure | Request]:
        """The visit, and for a seed the sitemaps that its robots.txt names: before its links, so before their turn."""
        assert response.request is not None
        async for request in self._robots_sitemaps(response.request):
            yield request
        for item in self.visited(response):
            yield item

    async def failed_page(self, failure: Any) -> AsyncIterator[Failure | Request]:
        """A seed that cannot be shown may still have a robots.txt that names sitemaps."""
        async for request in self._robots_sitemaps(failure.request):
            yield request
        for record in self.failed(failure):
            yield record

    async def _robots_sitemaps(self, request: Request) -> AsyncIterator[Request]:
        known = request.meta[FRONTIER]
        if not self.arguments.robots_sitemaps or not known["seed"]:
            return
        rules = await self.crawler._gesso_robots(request.url)  # type: ignore[attr-defined]
        for number, written in enumerate(rules.sitemaps[:MAX_ROBOTS_SITEMAPS]):
            url = absolute(rules.url, written)
            try:
                owner = site_of(request.url)
            except UrlError:
                return
            if url is None or not url.startswith(("http://", "https://")):
                self.count("sitemaps/broken")
                continue
            self.count("sitemaps/from_robots")
            yield self._sitemap(url, owner, place=f"t{known['place']}.{number:02d}", level=1)
        self.count("sitemaps/too_many", max(0, len(rules.sitemaps) - MAX_ROBOTS_SITEMAPS))
