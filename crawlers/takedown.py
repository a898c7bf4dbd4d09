"""Take captures out of a store: mark them first, then remove the files that nothing else needs.

The mark is durable before any file goes, and removing is decided anew from the marks each time: a kill in between
leaves files behind that the same command removes when it is run again.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import inf
from time import monotonic
from typing import Any

from scrapy import Request
from scrapy.crawler import Crawler

from crawlers.captures import Capture, CaptureStore, Signal, StoreError, now, texts_of
from crawlers.middlewares import Refused
from crawlers.shards import shard_key
from crawlers.takedowns import NAME, Takedown, Takedowns
from crawlers.urls import UrlError, canonical_url, site_of

LEAST_ID = 6
MAX_DOM_BYTES = 256 << 20
LOOK_SECONDS = 0.1  # a look at a file for every image would be a tenth of what the image costs
REMOTE_LOOK_SECONDS = 30.0  # between two looks at a list that lies on another machine
READ_AT_ONCE = 4  # snapshots, each of which may be large
SOME = 64  # snapshots between two words of progress
Blob = tuple[str, str]  # sha256, format
_NAMED = re.compile(rb'"sha256"\s*:\s*"([0-9a-f]{64})"')
_KEPT = re.compile(r"kept as blob ([0-9a-f]{64})\.html")
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class TakenDown:
    """What a takedown holds: its captures, and the files that go with them or went before."""

    what: str
    capture_ids: tuple[str, ...]
    urls: tuple[str, ...]
    blobs: int
    bytes: int
    kept_shared: int
    done: bool


def take_down(store: CaptureStore, what: str, *, dry_run: bool = True, progress: Progress | None = None) -> TakenDown:
    """Take down a site, or a capture by the first digits of its id. Raises StoreError where the store holds neither.

    `progress` is called with ("snapshots", done, total) while it is worked out what others need, then with "remove".
    """
    captures = list(store.captures(taken_down=True, damaged=True))
    chosen, site = _chosen(store, captures, what)
    if not dry_run:
        _mark(store, chosen, site)
        captures = list(
            store.captures(taken_down=True, damaged=True)
        )  # a crawl under way may have added some before it saw the mark
        chosen = [capture for capture in captures if capture.site == site] if site is not None else chosen
    ids = tuple(capture.capture_id for capture in chosen)
    urls = tuple(dict.fromkeys(capture.canonical_url for capture in chosen))
    unneeded, shared = _unneeded(store, chosen, captures, progress)
    if site is not None:
        unneeded |= _evidence(store, site)
    size = sum(_size(store, blob) for blob in unneeded)
    if not dry_run:
        for number, (sha256, kind) in enumerate(sorted(unneeded, key=_snapshots_last), 1):
            _remove(store, sha256, kind)
            if progress is not None:
                progress("remove", number, len(unneeded))
    return TakenDown(what, ids, urls, len(unneeded), size, len(shared), not dry_run)


def _mark(store: CaptureStore, chosen: list[Capture], site: str | None) -> None:
    """Put a site, or single captures with their addresses, on the list; once."""
    ids = tuple(capture.capture_id for capture in chosen)
    gone = store.takedowns()
    if site in gone.sites if site is not None else set(ids) <= gone.capture_ids:
        return
    urls = tuple(dict.fromkeys(capture.canonical_url for capture in chosen))
    store.take_down(Takedown(now().isoformat(), site, () if site else ids, () if site else urls))


def remove_unneeded(store: CaptureStore, captures: Iterable[Capture]) -> None:
    """Remove the files of captures that are not to be kept, but for those that others need."""
    chosen = list(captures)
    unneeded, _ = _unneeded(store, chosen, list(store.captures(damaged=True)) + chosen)
    for sha256, kind in sorted(unneeded):
        _remove(store, sha256, kind)


def _chosen(store: CaptureStore, captures: list[Capture], what: str) -> tuple[list[Capture], str | None]:
    found: list[Capture] = []
    for site in _spellings(what):
        found = [capture for capture in captures if capture.site.lower() == site]
        if found or site in store.takedowns().sites:
            return found, found[0].site if found else site
    if len(what) >= LEAST_ID and all(digit in "0123456789abcdef" for digit in what):
        found = [capture for capture in captures if capture.capture_id.startswith(what)]
    if not found:
        raise StoreError(
            f"{store.url} holds no site and no capture {what[:100]!r}: give a site as its captures have it, or an id"
        )
    if len({capture.capture_id for capture in found}) > 1:
        raise StoreError(f"{what!r} begins the ids of {len(found)} captures: give more digits")
    return found, None


def _spellings(what: str) -> Iterator[str]:
    """The sites that a text may mean: as it stands and, in letters beyond ASCII, as a host of that name is spelt."""
    if "://" in what:
        yield site_of(what)
        return
    yield what.strip().lower()
    if not what.isascii():
        with contextlib.suppress(UrlError):
            yield site_of(f"http://{what.strip()}")


def _unneeded(
    store: CaptureStore, chosen: list[Capture], captures: list[Capture], progress: Progress | None = None
) -> tuple[set[Blob], set[Blob]]:
    """(the files that only the chosen captures need and that are there, those that others need as well)."""
    ids = {capture.capture_id for capture in chosen}
    gone = store.takedowns()
    wanted = _own(chosen)
    for dom in _snapshots(chosen):
        wanted |= _assets(store, dom)
    if not wanted:
        return set(), set()
    staying = [c for c in captures if c.capture_id not in ids and not gone.holds(c.site, c.capture_id)]
    needed = _own(staying) & wanted
    needed |= _listed(store, _snapshots(staying), wanted - needed, progress)
    return {blob for blob in wanted - needed if store.fs.exists(store.blob_path(*blob))}, wanted & needed


def _own(captures: Iterable[Capture]) -> set[Blob]:
    """The files that captures name themselves: images, snapshots, texts of listings."""
    found: set[Blob] = set()
    for capture in captures:
        found.add((capture.image.sha256, capture.image.format))
        if capture.listing is not None:
            found.add((hashlib.sha256(texts_of(capture.listing)).hexdigest(), "json"))
        if capture.page is not None and capture.page.dom_sha256 is not None:
            found.add((capture.page.dom_sha256, "dom"))
    return found


def _snapshots(captures: Iterable[Capture]) -> list[str]:
    return list(dict.fromkeys(c.page.dom_sha256 for c in captures if c.page is not None and c.page.dom_sha256))


def _listed(store: CaptureStore, doms: list[str], wanted: set[Blob], progress: Progress | None) -> set[Blob]:
    """Which of `wanted` snapshots list. All of them are read, several at once, until each wanted file is found."""
    found: set[Blob] = set()
    names = {sha256.encode() for sha256, _ in wanted}
    done = 0
    with ThreadPoolExecutor(READ_AT_ONCE) as pool:
        for first in range(0, len(doms), SOME):
            if found >= wanted:
                break
            some = doms[first : first + SOME]
            for listed in pool.map(lambda dom: _assets(store, dom, names), some):
                found |= listed & wanted
            done += len(some)
            if progress is not None:
                progress("snapshots", done, len(doms))
    return found


def _assets(store: CaptureStore, dom: str, among: set[bytes] | None = None) -> set[Blob]:
    """What a snapshot lists; nothing where it is gone already (it goes after what it lists).

    With `among`, one that mentions none of these hashes is not taken apart: that is most of the work.
    """
    try:
        packed = store.read_blob(dom, "dom")
        with gzip.open(io.BytesIO(packed)) as unpacked:
            text = unpacked.read(MAX_DOM_BYTES)
        if among is not None and among.isdisjoint(_NAMED.findall(text)):
            return set()
        snapshot: dict[str, Any] = json.loads(text)
    except (StoreError, OSError, ValueError, EOFError):
        return set()
    listed = snapshot.get("assets") or {}
    entries = listed.values() if isinstance(listed, dict) else listed
    return {(e["sha256"], e["format"]) for e in entries if isinstance(e, dict) and "sha256" in e and "format" in e}


def _evidence(store: CaptureStore, site: str) -> set[Blob]:
    """The pages of a site that were kept because they could not be read: their failures name them."""
    reasons = [failure.reason for failure in store.failures(mended=True) if failure.site == site]
    named = {(found, "html") for reason in reasons for found in _KEPT.findall(reason)}
    return {blob for blob in named if store.fs.exists(store.blob_path(*blob))}


def _snapshots_last(blob: Blob) -> tuple[bool, str]:
    """A kill must leave what says which other files are to go."""
    return blob[1] == "dom", blob[0]


def _size(store: CaptureStore, blob: Blob) -> int:
    return int(store.fs.size(store.blob_path(*blob)) or 0)


def _remove(store: CaptureStore, sha256: str, kind: str) -> None:
    path = store.blob_path(sha256, kind)
    if store.fs.exists(path):
        store.fs.rm_file(path)


_SIGNAL = Signal(source=NAME, evidence="taken down on request", effect="disallow")


class TakedownWatch:
    """A store's takedowns as they stand at the moment: a crawl under way learns of a new one."""

    def __init__(self, store: CaptureStore) -> None:
        self._store = store
        self._every = LOOK_SECONDS if store.is_local else REMOTE_LOOK_SECONDS
        self._size = -1
        self._looked = -inf
        self._known = Takedowns()

    def now(self, since: float = -inf) -> Takedowns:
        """The list as it was a moment ago; where the store is local, no earlier than `since` on `monotonic`'s clock."""
        oldest = monotonic() - self._every
        if self._looked < (max(oldest, since) if self._store.is_local else oldest):
            self._looked = monotonic()
            size = self._store.takedowns_size()
            if size != self._size:
                self._size, self._known = size, self._store.takedowns()
        return self._known


class TakedownMiddleware:
    """Refuses to fetch again what was taken down, so that no file of it is written."""

    def __init__(self, crawler: Crawler) -> None:
        self._watch = TakedownWatch(CaptureStore(crawler.settings["GESSO_STORE"], create=True))

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> TakedownMiddleware:
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        gone = self._watch.now(monotonic())
        if not gone or request.meta.get("robots_exempt"):
            return
        site = shard_key(request) or site_of(request.url)
        if gone.refuses(site, canonical_url(request.url)) or site_of(request.url) in gone.sites:
            raise Refused("takedown", f"{request.url} was taken down: it may not be fetched again", _SIGNAL)
