"""What `web` and `gallery` share: a page is visited, its captures are kept, its links are followed within bounds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawlers.arguments.visits import VisitArguments
from crawlers.captures import Capture, Failure
from crawlers.pages import PageResponse, check_pictures
from crawlers.parsers.links import Link, PageLinks, page_links
from crawlers.scheduler import FRONTIER
from crawlers.spiders.pages import PageSpider
from crawlers.traps import buckets, refused
from crawlers.urls import UrlError, canonical_url, may_be_page, site_of

MAX_LINKS = 2000
PREPARATION = 1  # the priority of requests that only find pages


class VisitSpider(PageSpider):
    """Base of the spiders that visit pages and follow same-site links breadth first."""

    source = "web"
    arguments: VisitArguments
    prepared = False  # the scheduler gives nothing out before `start` has been read to its end

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Raises DeviceError, too."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        check_pictures(spider.arguments.views, crawler.settings)
        return spider

    def page_request(
        self, url: str, *, place: str, depth: int = 0, seed: bool = False, about: Mapping[str, Any] | None = None
    ) -> Request:
        """A visit of a canonical URL; `about` goes into its captures, and into no other page's."""
        known: dict[str, Any] = {"depth": depth, "place": place, "group": site_of(url), "seed": seed}
        known["cap"] = self.arguments.per_site
        families = buckets(url, self.arguments.traps)
        # What was named is taken, whatever it looks like; of a template as many as were asked for.
        known["families"] = [list(b) for b in families if depth > 0 or b.kind == "template"]
        meta: dict[str, Any] = {"page": True, FRONTIER: known, "about": dict(about or {})}
        for name in ("sections", "views", "themes", "kinds", "jitter", "jitter_seed"):
            chosen = getattr(self.arguments, name)
            if chosen:
                meta[name] = chosen if isinstance(chosen, bool | int) else list(chosen)
        # The browser follows redirects itself, and error pages are looked at too.
        meta |= {"handle_httpstatus_all": True, "dont_retry": True, "dont_redirect": True}
        return Request(url, callback=self.parse_page, errback=self.failed_page, meta=meta)

    def preparation(
        self, url: str, callback: Any, *, place: str, level: int = 0, seed: bool = False, **more: Any
    ) -> Request:
        """A request that only finds pages. It goes before them, and they wait for it: what they are settles the order.

        Given a `site`, it is read by that site's share of a crawl alone.
        """
        known = {"depth": level, "place": place, "seed": seed, "prepares": True, "site": more.pop("site", None)}
        meta = {FRONTIER: known, **more.pop("meta", {})}
        return Request(url, callback=callback, errback=self.failed, meta=meta, priority=PREPARATION, **more)

    def parse_page(self, response: Response) -> Any:
        """One capture a picture, then the links."""
        return self.visited(response)

    def failed_page(self, failure: Any) -> Any:
        """The errback of a visit."""
        return self.failed(failure)

    def visited(self, response: Response) -> Iterator[Capture | Failure | Request]:
        """The captures of a visit and the requests for what it links to."""
        assert isinstance(response, PageResponse)
        request = response.request
        assert request is not None
        known = request.meta[FRONTIER]
        try:
            canonical = canonical_url(response.url)
            site = site_of(canonical)
        except UrlError as error:
            yield self.failure(
                request.url, "bad_url", f"{request.url} leads to no address: {error}", site=known["group"]
            )
            return
        if known["depth"] > 0 and site != known["group"]:
            reason = f"{request.url} leads to another site: {canonical}"
            yield self.failure(request.url, "off_site", reason, site=known["group"])
            return
        header = b",".join(response.headers.getlist("X-Robots-Tag")).decode("latin-1")
        found = page_links(response.selector, canonical, header)
        if found.canonical and found.canonical != canonical:
            request.meta["about"] = {**request.meta.get("about", {}), "link_canonical": found.canonical[:500]}
        yield from self.captures_of(response, canonical, site)
        if known["depth"] < self.arguments.depth and response.status < 400:
            yield from self._follow(found, known, site)

    def _follow(self, found: PageLinks, known: Mapping[str, Any], site: str) -> Iterator[Request]:
        """A request for each link worth it. Which ones is a function of the page alone; the frontier does the rest."""
        seen: set[str] = set()
        taken: Counter[str] = Counter()
        self.count("links/broken", found.broken)
        for link in (*found.links, *(found.alternates if self.arguments.alternates else ())):
            if link.url in seen or not self._wanted(link, site):
                continue
            seen.add(link.url)
            if len(seen) > MAX_LINKS:
                self.count("links/too_many")
                return
            families = buckets(link.url, self.arguments.traps)
            full = next((b for b in families if taken[b.name] >= b.cap), None)
            if full is not None:  # this page alone fills it: what comes later could never be leased
                self.count(f"traps/{full.kind}")
                continue
            taken.update(b.name for b in families)
            place = f"{known['place']}.{len(seen):05d}"
            yield self.page_request(link.url, place=place, depth=known["depth"] + 1)

    def _wanted(self, link: Link, site: str) -> bool:
        if not may_be_page(link.url):
            self.count("links/no_page")
        elif site_of(link.url) != site:
            self.count("links/off_site")
        elif link.nofollow and not self.arguments.nofollow:
            self.count("links/nofollow")
        elif (kind := refused(link.url, self.arguments.traps)) is not None:
            self.count(f"traps/{kind}")
        else:
            return True
        return False

    def count(self, name: str, number: int = 1) -> None:
        """Add to the statistic `gesso/<name>`."""
        if number and self.crawler.stats is not None:
            self.crawler.stats.inc_value(f"gesso/{name}", number)
