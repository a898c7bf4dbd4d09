"""`scrapy crawl gallery -a url=URL -a preset=NAME|FILE.yaml`: the sites a gallery shows, and what it says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from scrapy import Request
from scrapy.http import Response, TextResponse

from crawlers.about import About, clean_about
from crawlers.arguments.gallery import GalleryArguments
from crawlers.captures import CaptureStore, Failure
from crawlers.parsers.gallery import (
    GalleryError,
    Showcase,
    outbound,
    parse_detail,
    parse_gallery,
    skipped,
    without_referrer,
)
from crawlers.parsers.links import absolute
from crawlers.scheduler import FRONTIER
from crawlers.spiders.visits import VisitSpider
from crawlers.urls import may_be_page, site_of

MAX_HOPS = 3
MAX_LISTING_BYTES = 16 << 20
REDIRECTS = [301, 302, 303, 307, 308]


class GallerySpider(VisitSpider):
    """Listing pages, page by page → entries, through their own pages and redirects → visits of the showcased sites."""

    name = "gallery"
    arguments: GalleryArguments

    async def start(self) -> AsyncIterator[Request]:
        self.how = self.arguments.how
        try:
            for number, url in enumerate(self.arguments.url):
                yield self._listing(url, gallery=url, place=f"{number:04d}", page=1, taken=0)
        finally:
            self.prepared = True

    def _listing(self, url: str, *, gallery: str, place: str, page: int, taken: int) -> Request:
        carried = {"gallery": gallery, "page": page, "taken": taken}
        return self._read(url, self.parse_listing, f"{place[:4]}.{page:05d}", carried, seed=page == 1)

    def _read(self, url: str, callback: Any, place: str, carried: dict[str, Any], *, seed: bool = False) -> Request:
        """One of the gallery's own pages: over plain HTTP, or drawn by the browser without keeping a picture."""
        meta: dict[str, Any] = {"download_maxsize": MAX_LISTING_BYTES}
        if self.arguments.render:
            meta = {"page": True, "pictures": False, "handle_httpstatus_all": True, "dont_retry": True}
        return self.preparation(url, callback, place=place, seed=seed, meta=meta, cb_kwargs=carried)

    def parse_listing(self, response: Response, gallery: str, page: int, taken: int) -> Iterator[Failure | Request]:
        """Requests for a listing's entries and for its next page."""
        place = self._place(response)
        try:
            found = parse_gallery(self._document(response).selector, response.url, self.how)
        except GalleryError as error:
            yield self._changed(response, error)
            return
        self.count("gallery/pages")
        for entry in found.entries[: self.arguments.limit - taken]:
            taken += 1
            yield from self._entry(entry, gallery, response.url, page, f"{place}.{entry.position:04d}")
        if found.next is None or found.next == response.url or site_of(found.next) != site_of(gallery):
            return
        if page >= self.arguments.pages or taken >= self.arguments.limit:
            self.count("gallery/more_pages")
            return
        yield self._listing(found.next, gallery=gallery, place=place, page=page + 1, taken=taken)

    def _entry(self, entry: Showcase, gallery: str, listing: str, page: int, place: str) -> Iterator[Request]:
        self.count("gallery/entries")
        about = self._about(entry, gallery, listing, page)
        if entry.link is not None:
            target = outbound(entry.link, gallery, self.how.redirects)
            if target is not None or not self._has_detail(entry):
                yield from self._towards(entry.link, gallery, about, place)
                return
        if self._has_detail(entry):
            assert entry.detail is not None
            carried = {"gallery": gallery, "about": about, "position": entry.position}
            yield self._read(entry.detail, self.parse_entry, place, carried)
        else:
            self.count("gallery/no_link")

    def _has_detail(self, entry: Showcase) -> bool:
        return entry.detail is not None and bool(self.how.on_detail.link)

    def _about(self, entry: Showcase, gallery: str, listing: str, page: int) -> About:
        given = {
            "gallery": self.how.name or site_of(gallery),
            "gallery_url": listing,
            "gallery_page": page,
            "position": entry.position,
            "title": entry.title,
            "tags": entry.tags,
            "votes": _whole(entry.votes),
            "rank": _whole(entry.rank),
        }
        return clean_about(given)

    def parse_entry(
        self, response: Response, gallery: str, about: dict[str, Any], position: int
    ) -> Iterator[Failure | Request]:
        """An entry's own page: its link, and what it adds to the listing."""
        try:
            found = parse_detail(self._document(response).selector, response.url, self.how, Showcase(position))
        except GalleryError as error:
            yield self._changed(response, error)
            return
        assert found.link is not None
        more: dict[str, Any] = {"votes": _whole(found.votes), "rank": _whole(found.rank), "title": found.title}
        more["tags"] = [*about.get("tags", []), *found.tags]
        merged = clean_about({**about, **{name: value for name, value in more.items() if value not in (None, "")}})
        yield from self._towards(found.link, gallery, merged, self._place(response))

    def _towards(self, link: str, gallery: str, about: About, place: str, hops: int = 0) -> Iterator[Request]:
        """A visit of the site that a link means; where only the gallery's server knows it, a request to be told."""
        target = outbound(link, gallery, self.how.redirects)
        if target is None:
            if hops >= MAX_HOPS:
                self.count("gallery/no_target")
                return
            carried = {"gallery": gallery, "about": about, "hops": hops + 1}
            meta = {"dont_redirect": True, "handle_httpstatus_list": REDIRECTS}
            yield self.preparation(link, self.parse_redirect, place=place, meta=meta, cb_kwargs=carried)
            return
        why = skipped(target, gallery, self.how.skip) or ("" if may_be_page(target) else "no_page")
        if why:
            self.count(f"gallery/skipped/{why}")
            return
        self.count("gallery/showcased")
        # The pages of one site are taken in the order of the gallery; what is said of a site twice, first counts.
        yield self.page_request(without_referrer(target, gallery), place=place, about=about)

    def parse_redirect(
        self, response: Response, gallery: str, about: dict[str, Any], hops: int
    ) -> Iterator[Failure | Request]:
        """Where the gallery's own redirect leads."""
        assert response.request is not None
        location = (response.headers.get("Location") or b"").decode("latin-1")
        target = absolute(response.url, location) if location else None
        if response.status not in REDIRECTS or target is None or not target.startswith(("http://", "https://")):
            self.count("gallery/no_target")
            reason = f"{response.url} answers {response.status} and leads nowhere else: its link may need render=1"
            yield self.failure(response.request.url, "no_target", reason)
            return
        yield from self._towards(target, gallery, about, self._place(response), hops)

    def _place(self, response: Response) -> str:
        assert response.request is not None
        return str(response.request.meta[FRONTIER]["place"])

    def _document(self, response: Response) -> TextResponse:
        if response.status >= 400:
            raise GalleryError(f"the answer is {response.status}", f"http_{response.status}")
        if not isinstance(response, TextResponse):
            raise GalleryError("the answer is no text", "not_html")
        return response

    def _changed(self, response: Response, error: GalleryError) -> Failure:
        """A page that is not as expected is kept as evidence, and said loudly."""
        assert response.request is not None
        sha256 = CaptureStore(self.settings["GESSO_STORE"], create=True).put_blob(response.body, "html")
        self.logger.error("%s: %s", response.url, error)
        reason = f"{response.url}: {error}; the page is kept as blob {sha256}.html: mend the preset's selectors"
        return self.failure(response.request.url, error.kind, reason)


def _whole(value: float | None) -> float | int | None:
    return int(value) if value is not None and value.is_integer() else value
