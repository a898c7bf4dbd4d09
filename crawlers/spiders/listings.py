"""What spiders of stores and of local files share: a listed image becomes a capture, or a failure that says why."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from scrapy import Request
from scrapy.http import Response

from crawlers.captures import (
    Capture,
    CaptureStore,
    Failure,
    Image,
    Listing,
    Page,
    Signal,
    View,
    capture_id,
    now,
    texts_of,
)
from crawlers.commits import GroupCommit
from crawlers.parsers.fields import web_url
from crawlers.parsers.media import MAX_IMAGE_BYTES, NotAnImage, Sniffed, check_whole, sniff_image
from crawlers.policy.c2pa import image_signals
from crawlers.policy.decide import decide
from crawlers.policy.identity import opt_out
from crawlers.policy.opt_out import page_signals
from crawlers.scheduler import FRONTIER
from crawlers.spiders.albums import Album, Turns, gathered, restored
from crawlers.spiders.base import GessoSpider
from crawlers.urls import canonical_url

MAX_KEPT_LISTINGS = 256


@dataclass(frozen=True)
class ListedImage:
    """One screenshot of a listing: where it is, whose it is, and what to try where the first address has none."""

    app_id: str
    form_factor: str
    locale: str
    position: int
    urls: tuple[str, ...]

    @property
    def identity(self) -> str:
        """What tells this listing's place from every other."""
        return f"{self.app_id}/{self.locale}/{self.form_factor}/{self.position}"


class ListingSpider(GessoSpider):
    """Base of the store spiders: requests that go over plain HTTP, and images with the listing they stand in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._listings: OrderedDict[str, Listing] = OrderedDict()
        self._opened: CaptureStore | None = None
        self._turns = Turns(self)

    @property
    def store(self) -> CaptureStore:
        """The run's capture store."""
        if self._opened is None:
            self._opened = CaptureStore(self.settings["GESSO_STORE"], create=True)
        return self._opened

    def count(self, name: str, by: int = 1) -> None:
        """Add to the stat `gesso/<name>`."""
        if by and self.crawler.stats is not None:
            self.crawler.stats.inc_value(f"gesso/{name}", by)

    def request(self, url: str, callback: Any, place: str, *, seed: bool = False, **kwargs: Any) -> Request:
        """A plain request whose answer reaches the callback whatever its status."""
        meta = {FRONTIER: {"place": place, "seed": seed}, "handle_httpstatus_all": True, **kwargs.pop("meta", {})}
        return Request(url, callback=callback, errback=kwargs.pop("errback", self.failed), meta=meta, **kwargs)

    def http_failure(self, response: Response, hint: str = "") -> Failure:
        """The failure of an answer that is not 200."""
        reason = f"{response.url} answers {response.status}{hint and ': '}{hint}"
        return self.failure(response.url, f"http_{response.status}", reason)

    def with_evidence(self, response: Response, error: Exception) -> str:
        """A reason that names the blob which the unreadable page was saved as."""
        sha256 = self.store.put_blob(response.body, "html") if response.body else ""
        return f"{response.url}: {error}" + (f"; the page is kept as blob {sha256}.html" if sha256 else "")

    def albums(self, requests: Iterator[Any]) -> Iterator[Any]:
        """Image requests, and records among them, with what one host may be asked for without a pause put together."""
        return gathered(self, requests)

    def turn(self, url: str) -> Any:
        """To be held while a host is asked outside of Scrapy's own queue."""
        return self._turns.of(url)

    async def parse_album(
        self, response: Response, callback: str, given: dict[str, Any], others: list[dict[str, Any]]
    ) -> AsyncIterator[Any]:
        """The first image of an album by its own callback, then the others; each by itself where the first fails."""
        assert response.request is not None
        failed = False
        for result in getattr(self, callback)(response, **given):
            failed = failed or isinstance(result, Failure)
            yield result
        if failed:
            for request in restored(self, others):
                yield request
            return
        async for result in Album(self, response.request).results(restored(self, others)):
            yield result

    def album_failed(self, failure: Any) -> Iterator[Any]:
        """The first image's failure; each of the others is asked for by itself."""
        others = failure.request.cb_kwargs["others"]
        yield from self.failed(failure)
        yield from restored(self, others)

    def image_requests(
        self, listing: Listing, images: Sequence[ListedImage], place: str, **about: Any
    ) -> Iterator[Any]:
        """Requests for an app's screenshots; its texts are kept once, as a blob, for all of them."""
        return self.albums(self._each_image(listing, images, place, about))

    def _each_image(
        self, listing: Listing, images: Sequence[ListedImage], place: str, about: dict[str, Any]
    ) -> Iterator[Any]:
        if not images:
            return
        texts = self.store.put_blob(texts_of(listing), "json")
        seen: set[str] = set()
        for number, image in enumerate(images):
            self.count("listings/images")
            self.count("listings/duplicates", image.urls[0] in seen)
            seen.add(image.urls[0])
            good = tuple(url for url in image.urls if web_url(url))
            if good:
                yield self._image_request(image, good, texts, f"{place}.{number:05d}", about)
            else:
                reason = f"{image.identity}: {image.urls[0][:200]!r} is no http(s) address"
                where = f"{self.name}:{image.identity}"
                yield self.failure(where, "bad_url", reason, site=image.app_id, identity=image.identity)

    def _image_request(
        self, image: ListedImage, urls: Sequence[str], texts: str, place: str, about: dict[str, Any]
    ) -> Request:
        fields = {**asdict(image), "urls": list(urls)}
        meta = {"download_maxsize": MAX_IMAGE_BYTES, "listed": image.identity, "site": image.app_id}
        given = {"image": fields, "texts": texts, "place": place, "about": about}
        return self.request(urls[0], self.parse_image, place, meta=meta, cb_kwargs=given)

    def parse_image(
        self, response: Response, image: dict[str, Any], texts: str, place: str, about: dict[str, Any]
    ) -> Iterator[Capture | Failure | Request]:
        """The image, or the next address that may have it."""
        urls = image["urls"]
        listed = ListedImage(**{**image, "urls": tuple(urls)})
        if response.status in (400, 403, 404, 410) and len(urls) > 1:
            self.count("listings/fallbacks")
            yield self._image_request(listed, urls[1:], texts, f"{place}+", about)
            return
        if response.status != 200:
            yield self.image_failure(response.url, f"http_{response.status}", f"answers {response.status}", listed)
            return
        listing = self.listing_of(texts).model_copy(update={"position": listed.position})
        notes = tuple(Signal.model_validate(note) for note in about.get("signals", ()))
        yield from self.listing_capture(response, listed, listing, notes, about.get("licence"))

    def listing_capture(
        self,
        response: Response,
        listed: ListedImage,
        listing: Listing,
        notes: tuple[Signal, ...] = (),
        licence: str | None = None,
        sha256: str | None = None,
    ) -> Iterator[Capture | Failure]:
        """A capture of an answered image, or the failure it is; `sha256` where the bytes were checked against it."""
        data, url = response.body, response.url
        try:
            sniffed = sniff_image(data)
            check_whole(data, sniffed)
        except NotAnImage as error:
            yield self.image_failure(url, error.kind, str(error), listed)
            return
        assert response.request is not None
        signals = (*notes, *header_evidence(response), *self.evidence(data))
        rights = self.rights_of(response.request, *signals, licence=licence)
        refusal = self.refused(rights.signals)
        if refusal is not None:
            yield self.image_failure(url, "opt_out", f"opts out: {refusal.source}: {refusal.evidence}", listed)
            return
        yield self.capture_image(
            data,
            sniffed,
            sha256=sha256,
            url=url,
            identity=f"{listed.app_id}/{listed.locale}/{listed.position}",
            site=listed.app_id,
            form_factor=listed.form_factor,
            rights=rights,
            listing=listing,
            http_status=response.status,
        )

    def evidence(self, data: bytes) -> tuple[Signal, ...]:
        """What the image itself says of permission."""
        return image_signals(data)

    def refused(self, signals: Sequence[Signal]) -> Signal | None:
        """The signal that keeps an image from being stored, if one does."""
        return decide(signals, opt_out(self.settings)).refusal

    def capture_image(
        self,
        data: bytes,
        sniffed: Sniffed,
        *,
        url: str,
        identity: str,
        site: str,
        form_factor: str,
        rights: Any,
        kind: Any = "listing",
        listing: Listing | None = None,
        page: Page | None = None,
        http_status: int | None = None,
        theme: Any = None,
        sha256: str | None = None,
    ) -> Capture:
        """Store the bytes as they are and describe them. `identity` is what the capture's id is made from."""
        width, height = sniffed.width or 1, sniffed.height or 1
        view = View(kind=kind, width=width, height=height, dpr=1, theme=theme, form_factor=form_factor)
        sha256 = GroupCommit.of(self.crawler).stage(data, sniffed.format, sha256)  # durable before the capture is
        return Capture(
            capture_id=capture_id(self.source, identity, view, sha256),
            run_id=self.run_id,
            source=self.source,
            spider=self.name,
            url=url,
            canonical_url=canonical_url(url),
            site=site,
            fetched_at=now(),
            http_status=http_status,
            image=Image(sha256=sha256, format=sniffed.format, width=width, height=height, bytes=len(data)),
            view=view,
            listing=listing,
            page=page,
            rights=rights,
        )

    def image_failure(self, url: str, kind: str, what: str, listed: ListedImage) -> Failure:
        """A failure of one listed image, with its app as the site."""
        return self.failure(url, kind, f"{url}: {what}", site=listed.app_id, identity=listed.identity)

    def listing_of(self, sha256: str) -> Listing:
        """The texts that `image_requests` kept."""
        kept = self._listings.get(sha256)
        if kept is None:
            kept = Listing.model_validate_json(self.store.read_blob(sha256, "json"))
            self._listings[sha256] = kept
            if len(self._listings) > MAX_KEPT_LISTINGS:
                self._listings.popitem(last=False)
        return kept

    def failed(self, failure: Any) -> Iterator[Failure]:
        """As the base's, with the app and the listing that the request was for."""
        request: Request = failure.request
        for record in super().failed(failure):
            listed, site = request.meta.get("listed"), request.meta.get("site")
            if listed:
                record = self.failure(request.url, record.kind, record.reason, site=site, identity=listed)
            yield record


def header_evidence(response: Response) -> tuple[Signal, ...]:
    """What the headers of an image say of permission."""
    headers = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in response.headers.items()
        for value in values
    ]
    return page_signals(headers, ())
