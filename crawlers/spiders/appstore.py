"""`scrapy crawl appstore -a search=TERM | -a ids=a,b | -a charts=top-free [-a country=us]`: listings' screenshots.

Settings replace the hosts: GESSO_APPSTORE_API (search, lookup, legacy charts), GESSO_APPSTORE_CHARTS (v2 charts),
GESSO_APPSTORE_PAGES (store pages). GESSO_APPSTORE_CALLS is the number of API calls a minute.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawlers.arguments.appstore import AppstoreArguments
from crawlers.captures import Failure, Listing
from crawlers.defaults import positive
from crawlers.parsers.appstore import App, full_size, parse_apps, parse_chart, parse_store_page
from crawlers.parsers.errors import StorePayloadError
from crawlers.spiders.listings import ListedImage, ListingSpider

API = "https://itunes.apple.com"
CHARTS = "https://rss.applemarketingtools.com"
PAGES = "https://apps.apple.com"
CALLS_A_MINUTE = 20
BATCH = 200  # ids of one lookup
BATCH_LENGTH = 1500  # characters: Scrapy drops addresses longer than 2000
LEGACY = {"top-free": "topfreeapplications", "top-paid": "toppaidapplications"}


class AppstoreSpider(ListingSpider):
    """Search, lookup and charts give apps; an app without screenshots in the answer has its store page read."""

    name = "appstore"
    source = "appstore"
    arguments: AppstoreArguments

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> AppstoreSpider:
        """Raises SettingError, too."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        settings = crawler.settings
        spider.api = settings.get("GESSO_APPSTORE_API", API).rstrip("/")
        spider.chart_host = settings.get("GESSO_APPSTORE_CHARTS", CHARTS).rstrip("/")
        spider.pages = settings.get("GESSO_APPSTORE_PAGES", PAGES).rstrip("/")
        # The addon adds its own slots to these. Images have hosts, and so a pace, of their own.
        host = urlsplit(spider.api).hostname or ""
        calls = positive(settings, "GESSO_APPSTORE_CALLS", CALLS_A_MINUTE)
        pace = {"concurrency": 1, "delay": 60 / calls, "jitter": 0}
        settings.set("DOWNLOAD_SLOTS", {host: pace, **settings.getdict("DOWNLOAD_SLOTS")}, "addon")
        return spider

    api = API
    chart_host = CHARTS
    pages = PAGES

    async def start(self) -> AsyncIterator[Request]:
        given = self.arguments
        if given.search:
            query = {"term": given.search, "entity": "software", "limit": given.limit}
            yield self._call("search", query, "0")
        for request in self._lookups(given.ids, "1"):
            yield request
        for number, chart in enumerate(given.charts):
            yield self._chart(chart, f"2.{number}", legacy=given.feed == "legacy")

    def _call(self, verb: str, query: dict[str, Any], place: str, **kwargs: Any) -> Request:
        query = {**query, "country": self.arguments.country}
        if self.arguments.language:
            query["lang"] = self.arguments.language
        url = f"{self.api}/{verb}?{urlencode(query)}"
        self.count("listings/calls")
        return self.request(url, self.parse_answer, place, seed=True, cb_kwargs={"place": place, **kwargs})

    def _lookups(self, ids: Sequence[str], place: str) -> Iterator[Request]:
        """Batched lookups: numbers in one, bundle ids in another."""
        for key, wanted in (("id", [i for i in ids if i.isdigit()]), ("bundleId", [i for i in ids if not i.isdigit()])):
            for number, batch in enumerate(batches(wanted)):
                where = f"{place}.{key}.{number:05d}"
                yield self._call("lookup", {key: ",".join(batch), "entity": "software"}, where, wanted=batch)

    def _chart(self, chart: str, place: str, *, legacy: bool) -> Request:
        country, limit = self.arguments.country, self.arguments.limit
        if legacy:
            url = f"{self.api}/{country}/rss/{LEGACY[chart]}/limit={limit}/json"
        else:
            url = f"{self.chart_host}/api/v2/{country}/apps/{chart}/{limit}/apps.json"
        given = {"chart": chart, "place": place, "legacy": legacy}
        return self.request(url, self.parse_chart, place, seed=True, cb_kwargs=given)

    def parse_chart(self, response: Response, chart: str, place: str, legacy: bool) -> Iterator[Failure | Request]:
        """A chart names apps, which are then looked up; where the v2 form has none, the legacy one is asked."""
        failure: Failure | None = None
        ids: tuple[str, ...] = ()
        if response.status != 200:
            failure = self.http_failure(response, f"no {chart} chart for {self.arguments.country}")
        else:
            try:
                ids = parse_chart(response.body)[: self.arguments.limit]
            except StorePayloadError as error:
                failure = self.failure(response.url, error.kind, f"{response.url}: {error}")
        if failure is not None and self.arguments.feed == "auto" and not legacy:
            self.count("listings/fallbacks")
            yield self._chart(chart, f"{place}.legacy", legacy=True)
        elif failure is not None:
            yield failure
        else:
            yield from self._lookups(ids, place)

    def parse_answer(
        self, response: Response, place: str, wanted: Sequence[str] = ()
    ) -> Iterator[Failure | Request | Any]:
        """The apps of a search or lookup, and a failure for each id that has none."""
        if response.status != 200:
            yield self.http_failure(response, "the App Store allows about 20 calls a minute")
            return
        try:
            answer = parse_apps(response.body, self.locale)
        except StorePayloadError as error:
            yield self.failure(response.url, error.kind, f"{response.url}: {error}")
            return
        self.count("listings/others", answer.others)
        for number, problem in enumerate(answer.problems):
            where = f"{response.url}#{number}"
            yield self.failure(where, "bad_entry", problem)
        known = {str(app.track_id) for app in answer.apps} | {app.listing.app_id.lower() for app in answer.apps}
        for missing in (one for one in wanted if one.lower() not in known):
            reason = f"{missing} is not in the {self.arguments.country} store"
            yield self.failure(f"{response.url}#{missing}", "no_such_app", reason, site=missing, identity=missing)
        apps = answer.apps if wanted else answer.apps[: self.arguments.limit]  # whatever a search answers with
        for number, app in enumerate(apps):
            yield from self._app(app, f"{place}.{number:05d}")

    @property
    def locale(self) -> str:
        """What the answers' texts and screenshots are localised to."""
        return self.arguments.language.replace("_", "-") or self.arguments.country

    def _app(self, app: App, place: str) -> Iterator[Any]:
        self.count("listings/apps")
        if app.damaged:
            site = app.listing.app_id
            reason = f"{site} lists {app.damaged} screenshots without an http(s) address"
            yield self.failure(f"appstore:{site}", "bad_entry", reason, site=site)
        if app.screenshots:
            yield from self._images(app.listing, app.screenshots, place)
        elif app.page or app.track_id:
            self.count("listings/store_pages")
            url = app.page or f"{self.pages}/{self.arguments.country}/app/id{app.track_id}"
            given = {"listing": app.listing.model_dump(mode="json"), "place": place}
            meta = {"site": app.listing.app_id}
            yield self.request(url, self.parse_store_page, place, cb_kwargs=given, meta=meta)
        else:
            reason = f"{app.listing.app_id} has no screenshots and no store page"
            yield self.failure(f"appstore:{app.listing.app_id}", "no_screenshots", reason, site=app.listing.app_id)

    def parse_store_page(self, response: Response, listing: dict[str, Any], place: str) -> Iterator[Any]:
        """The screenshots of a store page, for an app whose answer had none."""
        about = Listing.model_validate(listing)
        site = about.app_id
        if response.status != 200:
            yield self.http_failure(response).model_copy(update={"site": site})
            return
        try:
            screenshots = parse_store_page(response.body)
        except StorePayloadError as error:
            yield self.failure(response.url, error.kind, self.with_evidence(response, error), site=site)
            return
        if screenshots:
            yield from self._images(about, screenshots, place)
        else:
            reason = f"{site} shows no screenshots on {response.url}"
            yield self.failure(response.url, "no_screenshots", reason, site=site)

    def _images(self, listing: Listing, screenshots: Any, place: str) -> Iterator[Any]:
        images = [
            ListedImage(listing.app_id, factor, listing.locale, position, full_size(url))
            for factor, urls in screenshots.items()
            for position, url in enumerate(urls)
        ]
        yield from self.image_requests(listing, images, place)


def batches(ids: Sequence[str]) -> Iterator[list[str]]:
    """The ids in order, as many a batch as one lookup takes."""
    batch: list[str] = []
    length = 0
    for one in ids:
        if batch and (len(batch) == BATCH or length + len(one) + 3 > BATCH_LENGTH):
            yield batch
            batch, length = [], 0
        batch.append(one)
        length += len(one) + 3  # a comma is written as %2C
    if batch:
        yield batch
