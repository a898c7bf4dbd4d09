"""`scrapy crawl flathub -a source=appstream | -a collection=popular | -a ids=a,b | -a dep11=URL`: screenshots.

`source` may also be the address of any AppStream catalogue. GESSO_FLATHUB replaces the API's host.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any

from scrapy import Request
from scrapy.http import Response

from crawlers.arguments.flathub import FlathubArguments
from crawlers.captures import Failure
from crawlers.parsers.errors import StorePayloadError
from crawlers.parsers.flathub import Component, parse_api_app, parse_appstream, parse_collection, parse_dep11
from crawlers.spiders.listings import ListedImage, ListingSpider

HOST = "https://flathub.org"
PER_PAGE = 250
Parser = Callable[[bytes, str], Iterable[Component | StorePayloadError]]


class FlathubSpider(ListingSpider):
    """Bulk catalogues give apps at once, a collection gives ids that the API is asked about."""

    name = "flathub"
    source = "flathub"
    arguments: FlathubArguments

    async def start(self) -> AsyncIterator[Request]:
        given = self.arguments
        if given.source:
            yield self.request(given.source, self.parse_appstream, "0", seed=True)
        if given.dep11:
            yield self.request(given.dep11, self.parse_dep11, "1", seed=True)
        if given.collection:
            yield self._collection(1, 0)
        for number, app_id in enumerate(given.ids):
            yield self._app(app_id, f"3.{number:05d}", seed=True)

    @property
    def api(self) -> str:
        """Where the API's verbs stand."""
        return f"{self.settings.get('GESSO_FLATHUB', HOST).rstrip('/')}/api/v2"

    def _app(self, app_id: str, place: str, *, seed: bool = False) -> Request:
        url = f"{self.api}/appstream/{app_id}?locale={self.arguments.locale}"
        given = {"app_id": app_id, "place": place}
        return self.request(url, self.parse_app, place, seed=seed, cb_kwargs=given, meta={"site": app_id})

    def _collection(self, page: int, before: int) -> Request:
        query = f"page={page}&per_page={PER_PAGE}&locale={self.arguments.locale}"
        url = f"{self.api}/collection/{self.arguments.collection}?{query}"
        given = {"page": page, "before": before}
        return self.request(url, self.parse_collection, f"2.{page:05d}", seed=page == 1, cb_kwargs=given)

    def parse_collection(self, response: Response, page: int, before: int) -> Iterator[Any]:
        """One page of a collection: its apps, and the next page."""
        if response.status != 200:
            yield self.http_failure(response, f"is there a collection {self.arguments.collection}?")
            return
        try:
            found = parse_collection(response.body)
        except StorePayloadError as error:
            yield self.failure(response.url, error.kind, f"{response.url}: {error}")
            return
        left = None if self.arguments.limit is None else max(0, self.arguments.limit - before)
        for number, app_id in enumerate(found.ids[:left]):
            yield self._app(app_id, f"2.{page:05d}.{number:05d}")
        if found.ids and page < found.pages and (left is None or left > len(found.ids)):
            yield self._collection(page + 1, before + len(found.ids))

    def parse_app(self, response: Response, app_id: str, place: str) -> Iterator[Any]:
        """One app of the API."""
        if response.status != 200:
            yield self.http_failure(response).model_copy(update={"site": app_id})
            return
        try:
            component = parse_api_app(response.body, self.arguments.locale)
        except StorePayloadError as error:
            yield self.failure(response.url, error.kind, f"{response.url}: {error}", site=app_id)
            return
        yield from self._screenshots(component, place)

    def parse_appstream(self, response: Response) -> Iterator[Any]:
        """A bulk catalogue in XML."""
        yield from self._catalogue(response, parse_appstream, "0")

    def parse_dep11(self, response: Response) -> Iterator[Any]:
        """A bulk catalogue in DEP-11 YAML."""
        yield from self._catalogue(response, parse_dep11, "1")

    def _catalogue(self, response: Response, parser: Parser, place: str) -> Iterator[Any]:
        if response.status != 200:
            yield self.http_failure(response, "is it the address of a catalogue?")
            return
        apps = 0
        try:
            for number, component in enumerate(parser(response.body, self.arguments.locale)):
                if isinstance(component, StorePayloadError):
                    where = f"{response.url}#{number}"
                    yield self.failure(where, component.kind, f"{where}: {component}")
                    continue
                yield from self._screenshots(component, f"{place}.{number:07d}")
                apps += 1
                if apps == self.arguments.limit:
                    return
        except StorePayloadError as error:
            yield self.failure(response.url, error.kind, f"{response.url}: {error}")

    def _screenshots(self, component: Component, place: str) -> Iterator[Any]:
        self.count("listings/apps")
        self.count("listings/other_systems", component.skipped)
        about: dict[str, Any] = {"licence": component.licence or None}
        if component.licence:
            about["signals"] = [
                {"source": "appstream project_license", "evidence": component.licence, "effect": "note"}
            ]
        listing = component.listing
        if component.damaged:
            yield self._damaged(component)
        images = [
            ListedImage(listing.app_id, "desktop", listing.locale, position, shot.urls)
            for position, shot in enumerate(component.screenshots)
        ]
        yield from self.image_requests(listing, images, place, **about)

    def _damaged(self, component: Component) -> Failure:
        app_id = component.listing.app_id
        reason = f"{app_id} lists {component.damaged} screenshots without an address of a picture"
        return self.failure(f"flathub:{app_id}", "bad_entry", reason, site=app_id)
