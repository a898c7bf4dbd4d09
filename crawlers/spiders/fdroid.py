"""`scrapy crawl fdroid -a repo=URL [-a fingerprint=…] [-a locales=…] [-a apps=…|-a limit_apps=N]`: every screenshot.

The signature of entry.jar stands for the index, the index's hashes for the screenshots. `-a entry=json` reads a
repository that is not signed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from scrapy import Request
from scrapy.http import Response

from crawlers.arguments.fdroid import FdroidArguments
from crawlers.captures import Capture, Failure, Signal
from crawlers.held import HeldIndex, held_index, hold_index, read_held
from crawlers.parsers.errors import StorePayloadError
from crawlers.parsers.fdroid import (
    FORM_FACTORS,
    Entry,
    FileEntry,
    Index,
    RepositoryError,
    Screenshot,
    check_file,
    file_url,
    merge_diff,
    parse_entry,
)
from crawlers.parsers.jar import read_signed
from crawlers.parsers.media import MAX_IMAGE_BYTES
from crawlers.spiders.listings import ListedImage, ListingSpider


class FdroidSpider(ListingSpider):
    """entry.jar, its signature checked → the index, or a diff to the one held, checked → one request a screenshot."""

    name = "fdroid"
    source = "fdroid"
    arguments: FdroidArguments
    _index: tuple[str, Index] | None = None

    async def start(self) -> AsyncIterator[Request]:
        yield self.request(f"{self.arguments.repo}/entry.{self.arguments.entry}", self.parse_entry, "0", seed=True)

    def parse_entry(self, response: Response) -> Iterator[Any]:
        """The entry names the index; what vouches for it goes on as evidence."""
        signed = self.arguments.entry == "jar"
        if response.status != 200:
            unsigned = "; for a repository that is not signed, give entry=json" if signed else ""
            yield self.http_failure(response, f"is it an F-Droid repository?{unsigned}")
            return
        held = held_index(self.store, self.arguments.repo)
        fingerprint, trust = None, ""
        try:
            body = response.body
            if signed:
                jar = read_signed(body, "entry.json", self.arguments.fingerprint)
                body, fingerprint = jar.data, jar.fingerprint
                trust = self._trust(fingerprint, held)
            entry = parse_entry(body)
            if signed:
                self._not_older(entry, fingerprint, held)
        except StorePayloadError as error:
            yield self.failure(response.url, error.kind, f"{response.url}: {error}")
            return
        yield from self._to_index(entry, fingerprint, trust, held)

    def _trust(self, fingerprint: str, held: HeldIndex | None) -> str:
        """Why a signer is trusted, in words. Raises StorePayloadError where an earlier run met another one."""
        if self.arguments.fingerprint is not None:
            return f"certificate SHA-256 {fingerprint}, as given"
        if held is not None and held.fingerprint is not None:
            if held.fingerprint != fingerprint:
                raise StorePayloadError(
                    f"signed by {fingerprint}, but by {held.fingerprint} when it was first used: "
                    f"if that is right, give fingerprint={fingerprint}",
                    "wrong_fingerprint",
                )
            return f"certificate SHA-256 {fingerprint}, as on first use"
        return f"certificate SHA-256 {fingerprint}, trusted on first use: no fingerprint was given"

    def _not_older(self, entry: Entry, fingerprint: str | None, held: HeldIndex | None) -> None:
        """Raises StorePayloadError for an entry that was signed once but is not what its signer says today."""
        same = held is not None and held.fingerprint == fingerprint
        if held is not None and same and entry.timestamp < held.timestamp and not self.arguments.older:
            raise StorePayloadError(
                f"its signed entry is of {_day(entry.timestamp)}, but {_day(held.timestamp)} was read before: a mirror "
                "may be behind, or somebody holds updates back; give older=1 to take it all the same",
                "rolled_back",
            )

    def _to_index(
        self, entry: Entry, fingerprint: str | None, trust: str, held: HeldIndex | None
    ) -> Iterator[Failure | Request]:
        """The index that is held, a diff to it, or the whole; what is held counts only under the same signer."""
        about = {"file": asdict(entry.index), "time": entry.timestamp, "fingerprint": fingerprint, "trust": trust}
        whole = self.request(
            file_url(self.arguments.repo, entry.index.name), self.parse_index, "0.0", seed=True, cb_kwargs=about
        )
        data = read_held(self.store, held) if held is not None and held.fingerprint == fingerprint else None
        if held is None or data is None:
            yield whole
        elif held.sha256 == entry.index.sha256:
            self.count("fdroid/held_indexes")
            yield from self._take(whole.url, data, trust)
        elif held.timestamp in entry.diffs and held.timestamp < entry.timestamp:
            diff = entry.diffs[held.timestamp]
            given = {**about, "diff": asdict(diff), "held": held.blob}
            url = file_url(self.arguments.repo, diff.name)
            yield self.request(url, self.parse_diff, "0.0", cb_kwargs=given, errback=self.diff_failed)
        else:
            yield whole

    def parse_diff(self, response: Response, diff: dict[str, Any], held: str, **about: Any) -> Iterator[Any]:
        """The held index with a diff applied; the whole index where that does not work out."""
        try:
            if response.status != 200:
                raise RepositoryError(f"{response.url} answers {response.status}", "bad_diff")
            check_file(response.body, FileEntry(**diff))
            merged = merge_diff(self.store.read_blob(held, "json"), response.body, about["time"])
            Index(merged)
        except RepositoryError as error:
            self.logger.warning("%s: %s; the whole index is fetched", response.url, error)
            yield self._whole_instead(about)
            return
        self.count("fdroid/diffs")
        yield from self._keep(merged, **about)

    def diff_failed(self, failure: Any) -> Iterator[Any]:
        """A diff that could not be fetched is no loss."""
        kwargs = dict(failure.request.cb_kwargs)
        yield self._whole_instead({key: kwargs[key] for key in ("file", "time", "fingerprint", "trust")})

    def _whole_instead(self, about: dict[str, Any]) -> Request:
        self.count("fdroid/diff_fallbacks")
        url = file_url(self.arguments.repo, about["file"]["name"])
        return self.request(url, self.parse_index, "0.0", seed=True, cb_kwargs=about)

    def parse_index(
        self, response: Response, file: dict[str, Any], time: int, fingerprint: str | None, trust: str
    ) -> Iterator[Any]:
        """The whole index, held to what the entry says of it."""
        if response.status != 200:
            yield self.http_failure(response, "is it an F-Droid repository?")
            return
        try:
            check_file(response.body, FileEntry(**file))
            Index(response.body)
        except RepositoryError as error:
            yield self.failure(response.url, error.kind, f"{response.url}: {error}")
            return
        yield from self._keep(response.body, file=file, time=time, fingerprint=fingerprint, trust=trust)

    def _keep(self, data: bytes, file: dict[str, Any], time: int, fingerprint: str | None, trust: str) -> Iterator[Any]:
        """Remember an index for those who resume and for the next run's diff, then take what it lists."""
        blob = self.store.put_blob(data, "json")
        hold_index(self.store, HeldIndex(self.arguments.repo, time, file["sha256"], blob, fingerprint))
        yield from self._take(file_url(self.arguments.repo, file["name"]), data, trust)

    def _take(self, url: str, data: bytes, trust: str) -> Iterator[Failure | Request]:
        """Requests for the screenshots that the index lists."""
        index, sha256 = Index(data), self.store.put_blob(data, "json")
        self._index = (sha256, index)
        yield from self.albums(self._each_screenshot(url, index, sha256, trust))

    def _each_screenshot(self, url: str, index: Index, sha256: str, trust: str) -> Iterator[Failure | Request]:
        for number, shot in enumerate(self._screenshots(index)):
            if isinstance(shot, Failure):
                yield shot
            elif shot.file is None:
                yield self.failure(f"{url}#{shot.identity}", "bad_entry", shot.problem, site=shot.app_id)
            else:
                yield self._screenshot_request(shot, shot.file, sha256, f"0.0.{number:08d}", trust)

    def _unknown_locales(self, index: Index) -> Iterator[Failure]:
        there = index.locales() if self.arguments.locales else []
        for locale in self.arguments.locales or ():
            if locale not in there:
                reason = f"no app of the index has screenshots in {locale}: there are {', '.join(there[:50])}"
                yield self.failure(self.arguments.repo, "no_such_locale", reason, identity=locale)

    def _screenshots(self, index: Index) -> Iterator[Screenshot | Failure]:
        yield from self._unknown_locales(index)
        apps = index.app_ids()
        if self.arguments.apps is not None:
            for app in self.arguments.apps:
                if app not in apps:
                    yield self.failure(
                        self.arguments.repo, "no_such_app", f"{app} is not in the index", site=app, identity=app
                    )
            apps = [app for app in apps if app in self.arguments.apps]
        for app in apps[: self.arguments.limit_apps]:
            self.count("listings/apps")
            seen: set[str] = set()
            for shot in index.screenshots(app, self.arguments.locales):
                self.count("listings/images")
                if shot.file is not None:
                    self.count("listings/duplicates", shot.file.sha256 in seen)
                    seen.add(shot.file.sha256)
                yield shot

    def _screenshot_request(self, shot: Screenshot, file: FileEntry, index: str, place: str, trust: str) -> Request:
        image = ListedImage(shot.app_id, shot.form_factor, shot.locale, shot.position, ())
        given = {"image": asdict(image), "file": asdict(file), "index": index, "trust": trust}
        # The same file may be listed twice: each listing is a request of its own.
        meta = {"download_maxsize": MAX_IMAGE_BYTES, "listed": shot.identity, "site": shot.app_id}
        url = file_url(self.arguments.repo, file.name)
        return self.request(url, self.parse_screenshot, place, meta=meta, cb_kwargs=given)

    def parse_screenshot(
        self, response: Response, image: dict[str, Any], file: dict[str, Any], index: str, trust: str
    ) -> Iterator[Capture | Failure]:
        """An image that is what the index says becomes a capture."""
        listed = ListedImage(**{**image, "urls": ()})
        if response.status != 200:
            yield self.image_failure(response.url, f"http_{response.status}", f"answers {response.status}", listed)
            return
        try:
            check_file(response.body, FileEntry(**file))
        except RepositoryError as error:
            yield self.image_failure(response.url, error.kind, str(error), listed)
            return
        texts = self._loaded(index)
        licence = texts.licence(listed.app_id)
        notes = [Signal(source="index metadata.license", evidence=licence, effect="note")] if licence else []
        if trust:
            notes.append(Signal(source="entry.jar signature", evidence=trust, effect="note"))
        listing = texts.listing(listed.app_id, listed.locale, listed.position)
        if listed.form_factor not in FORM_FACTORS:
            listed = replace(listed, form_factor="phone")
        yield from self.listing_capture(response, listed, listing, tuple(notes), licence, str(file["sha256"]))

    def _loaded(self, sha256: str) -> Index:
        """The index, from the blob where this process has not read it itself."""
        if self._index is None or self._index[0] != sha256:
            self._index = (sha256, Index(self.store.read_blob(sha256, "json")))
        return self._index[1]


def _day(timestamp: int) -> str:
    """A repository's time, in milliseconds since 1970, as a person reads it."""
    try:
        return datetime.fromtimestamp(timestamp / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, OSError, ValueError):
        return f"timestamp {timestamp}"
