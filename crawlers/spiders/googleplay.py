"""`scrapy crawl googleplay -a ids=a.b,c.d | -a search=TERM [-a language=en -a country=us]`: listings' screenshots.

GESSO_GOOGLEPLAY replaces the host. A page whose layout changed is one failure, with the page kept as evidence.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlencode

from scrapy import Request
from scrapy.http import Response

from crawlers.arguments.googleplay import GoogleplayArguments
from crawlers.parsers.errors import StorePayloadError
from crawlers.parsers.googleplay import form_factor, full_size, parse_app, parse_search
from crawlers.spiders.listings import ListedImage, ListingSpider

HOST = "https://play.google.com"


class GoogleplaySpider(ListingSpider):
    """Details pages of the ids given and of those that a search lists."""

    name = "googleplay"
    source = "googleplay"
    arguments: GoogleplayArguments

    async def start(self) -> AsyncIterator[Request]:
        given = self.arguments
        for number, app_id in enumerate(given.ids):
            yield self._details(app_id, f"0.{number:05d}", seed=True)
        if given.search:
            url = self._url("/store/search", q=given.search, c="apps")
            yield self.request(url, self.parse_search, "1", seed=True)

    def _url(self, path: str, **query: str) -> str:
        host = self.settings.get("GESSO_GOOGLEPLAY", HOST).rstrip("/")
        return f"{host}{path}?{urlencode({**query, 'hl': self.arguments.language, 'gl': self.arguments.country})}"

    def _details(self, app_id: str, place: str, *, seed: bool = False) -> Request:
        given = {"app_id": app_id, "place": place}
        url = self._url("/store/apps/details", id=app_id)
        return self.request(url, self.parse_details, place, seed=seed, cb_kwargs=given, meta={"site": app_id})

    def parse_search(self, response: Response) -> Iterator[Any]:
        """The apps that a search lists."""
        if response.status != 200:
            yield self.http_failure(response)
            return
        try:
            found = parse_search(response.body)
        except StorePayloadError as error:
            yield self.failure(response.url, error.kind, self.with_evidence(response, error))
            return
        if not found:
            yield self.failure(response.url, "nothing_found", f"no app for {self.arguments.search!r}")
        for number, app_id in enumerate(found[: self.arguments.limit]):
            yield self._details(app_id, f"1.{number:05d}")

    def parse_details(self, response: Response, app_id: str, place: str) -> Iterator[Any]:
        """One app's texts and screenshots."""
        if response.status != 200:
            hint = f"is {app_id} in the {self.arguments.country} store?" if response.status == 404 else ""
            yield self.http_failure(response, hint).model_copy(update={"site": app_id})
            return
        try:
            app = parse_app(response.body, app_id)
        except StorePayloadError as error:
            if error.kind == "layout_changed":
                self.count("layout_changed")
                self.logger.error("%s: %s", response.url, error)
            yield self.failure(response.url, error.kind, self.with_evidence(response, error), site=app_id)
            return
        self.count("listings/apps")
        locale = self.arguments.language
        images = [
            ListedImage(app_id, form_factor(image), locale, position, full_size(image))
            for position, image in enumerate(app.screenshots)
        ]
        yield from self.image_requests(app.listing(locale), images, place)
