"""`scrapy crawl fdroid -a repo=URL [-a locales=…] [-a apps=…|-a limit_apps=N]`: every screenshot of a repository."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from scrapy import Request
from scrapy.http import Response

from crawlers.arguments import FdroidArguments
from crawlers.captures import Capture, CaptureStore, Failure, Image, Signal, View, capture_id, now
from crawlers.parsers.fdroid import (
    FORM_FACTORS,
    FileEntry,
    Index,
    RepositoryError,
    Screenshot,
    check_file,
    file_url,
    parse_entry,
)
from crawlers.parsers.media import MAX_IMAGE_BYTES, NotAnImage, sniff_image
from crawlers.scheduler import FRONTIER
from crawlers.spiders.base import GessoSpider
from crawlers.urls import canonical_url


class FdroidSpider(GessoSpider):
    """entry.json → the index, checked → one request a screenshot."""

    name = "fdroid"
    source = "fdroid"
    arguments: FdroidArguments
    _index: tuple[str, Index] | None = None

    async def start(self) -> AsyncIterator[Request]:
        yield self._request(f"{self.arguments.repo}/entry.json", self.parse_entry, "0", seed=True)

    def _request(self, url: str, callback: Any, place: str, *, seed: bool = False, **kwargs: Any) -> Request:
        meta = {FRONTIER: {"place": place, "seed": seed}, "handle_httpstatus_all": True, **kwargs.pop("meta", {})}
        return Request(url, callback=callback, errback=self.failed, meta=meta, **kwargs)

    def parse_entry(self, response: Response) -> Iterator[Failure | Request]:
        """entry.json names the index."""
        if response.status != 200:
            yield self._http_failure(response)
            return
        try:
            index = parse_entry(response.body)
        except RepositoryError as error:
            yield self.failure(response.url, error.kind, f"{response.url}: {error}")
            return
        file = {"name": index.name, "sha256": index.sha256, "size": index.size}
        yield self._request(
            file_url(self.arguments.repo, index.name), self.parse_index, "0.0", seed=True, cb_kwargs={"file": file}
        )

    def parse_index(self, response: Response, file: dict[str, Any]) -> Iterator[Failure | Request]:
        """The index lists every screenshot; it is kept as a blob for those who resume."""
        if response.status != 200:
            yield self._http_failure(response)
            return
        try:
            check_file(response.body, FileEntry(**file))
            index = Index(response.body)
        except RepositoryError as error:
            yield self.failure(response.url, error.kind, f"{response.url}: {error}")
            return
        sha256 = CaptureStore(self.settings["GESSO_STORE"], create=True).put_blob(response.body, "json")
        self._index = (sha256, index)
        for number, shot in enumerate(self._screenshots(index)):
            if isinstance(shot, Failure):
                yield shot
            elif shot.file is None:
                yield self.failure(f"{response.url}#{shot.identity}", "bad_entry", shot.problem, site=shot.app_id)
            else:
                yield self._screenshot_request(shot, shot.file, sha256, f"0.0.{number:08d}")

    def _screenshots(self, index: Index) -> Iterator[Screenshot | Failure]:
        apps = index.app_ids()
        if self.arguments.apps is not None:
            for app in self.arguments.apps:
                if app not in apps:
                    yield self.failure(
                        self.arguments.repo, "no_such_app", f"{app} is not in the index", site=app, identity=app
                    )
            apps = [app for app in apps if app in self.arguments.apps]
        for app in apps[: self.arguments.limit_apps]:
            yield from index.screenshots(app, self.arguments.locales)

    def _screenshot_request(self, shot: Screenshot, file: FileEntry, index: str, place: str) -> Request:
        url = file_url(self.arguments.repo, file.name)
        about = {
            "app_id": shot.app_id,
            "form_factor": shot.form_factor,
            "locale": shot.locale,
            "position": shot.position,
            "file": {"name": file.name, "sha256": file.sha256, "size": file.size},
            "index": index,
        }
        # The same file may be listed twice: each listing is a request of its own.
        meta = {"download_maxsize": MAX_IMAGE_BYTES, "listed": shot.identity}
        return self._request(url, self.parse_screenshot, place, meta=meta, cb_kwargs=about)

    def parse_screenshot(
        self,
        response: Response,
        app_id: str,
        form_factor: str,
        locale: str,
        position: int,
        file: dict[str, Any],
        index: str,
    ) -> Iterator[Capture | Failure]:
        """An image that is what the index says becomes a capture."""
        url = response.url
        identity = f"{app_id}/{locale}/{form_factor}/{position}"

        def failed(kind: str, reason: str) -> Failure:
            return self.failure(url, kind, reason, site=app_id, identity=identity)

        if response.status != 200:
            yield failed(f"http_{response.status}", f"{url} answers {response.status}")
            return
        try:
            check_file(response.body, FileEntry(**file))
            sniffed = sniff_image(response.body)
        except (RepositoryError, NotAnImage) as error:
            yield failed(error.kind, f"{url}: {error}")
            return
        width, height = sniffed.width or 0, sniffed.height or 0
        factor = form_factor if form_factor in FORM_FACTORS else "phone"
        view = View(kind="listing", width=width, height=height, dpr=1, theme=None, form_factor=factor)
        texts = self._loaded(index)
        licence = texts.licence(app_id)
        stated = [Signal(source="index metadata.license", evidence=licence, effect="note")] if licence else []
        sha256 = CaptureStore(self.settings["GESSO_STORE"], create=True).put_blob(response.body, sniffed.format)
        assert response.request is not None
        yield Capture(
            capture_id=capture_id(self.source, f"{app_id}/{locale}/{position}", view, sha256),
            run_id=self.run_id,
            source=self.source,
            spider=self.name,
            url=url,
            canonical_url=canonical_url(url),
            site=app_id,
            fetched_at=now(),
            http_status=response.status,
            image=Image(sha256=sha256, format=sniffed.format, width=width, height=height, bytes=len(response.body)),
            view=view,
            listing=texts.listing(app_id, locale, position),
            rights=self.rights_of(response.request, *stated, licence=licence),
        )

    def failed(self, failure: Any) -> Iterator[Failure]:
        """As the base's, with the app and the listing that the request was for."""
        request: Request = failure.request
        for record in super().failed(failure):
            listed = request.meta.get("listed")
            if listed:
                app_id = request.cb_kwargs["app_id"]
                record = self.failure(request.url, record.kind, record.reason, site=app_id, identity=listed)
            yield record

    def _http_failure(self, response: Response) -> Failure:
        reason = f"{response.url} answers {response.status}: is it an F-Droid repository?"
        return self.failure(response.url, f"http_{response.status}", reason)

    def _loaded(self, sha256: str) -> Index:
        """The index, from the blob where this process has not read it itself."""
        if self._index is None or self._index[0] != sha256:
            store = CaptureStore(self.settings["GESSO_STORE"])
            self._index = (sha256, Index(store.read_blob(sha256, "json")))
        return self._index[1]
