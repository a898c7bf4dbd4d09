"""The frontier as Scrapy's SCHEDULER: kept as JSON, leased, acknowledged once the engine is done.

Scrapy's engine keeps a request in progress until its callback or errback has ended, its items have passed the pipelines
(so are durable) and its requests are scheduled. It asks for the next request right after it lets one go; that is when
we acknowledge. Retries and redirects carry the lease in their meta and take the row's place.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import logging
import os
import socket
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request, signals
from scrapy.core.scheduler import BaseScheduler, Scheduler
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.settings import BaseSettings
from scrapy.spiders import Spider
from scrapy.utils.request import request_from_dict
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure as TwistedFailure

from crawlers.browser.find import BrowserNotFound
from crawlers.captures import Capture, CaptureStore, Failure, StoreFull
from crawlers.errors import CannotGoOn
from crawlers.frontier import Entry, Frontier, FrontierBackend, FrontierError, Outcome
from crawlers.frontier.admission import admit
from crawlers.shards import Shard, shard_key
from crawlers.urls import host_of

LEASE = "gesso_lease"
FRONTIER = "frontier"  # request.meta key: {place, depth, group, cap, seed, site, families, prepares}, all optional
BATCH = 500
IDLE_SECONDS = 0.5
log = logging.getLogger(__name__)


@dataclass
class _Lease:
    request: Request
    attempts: int = 1
    captures: int = 0
    failures: int = 0
    bytes: int = 0
    status: int | None = None
    kind: str | None = None
    reason: str | None = None
    lost: bool = False

    def outcome(self) -> Outcome:
        return Outcome(self.captures, self.failures, self.kind, self.reason, self.status, self.bytes)


class FrontierScheduler(BaseScheduler):
    """Set SCHEDULER to this class; the spider opens the frontier. It holds what is leased, never what is queued."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._leases: dict[int, _Lease] = {}
        self._new: list[Entry] = []
        self._frontier: FrontierBackend | None = None
        self._broken = False
        self._store = CaptureStore(crawler.settings["GESSO_STORE"], create=True)
        self._writer = writer_of(crawler.settings)
        self._at_once = pace(crawler.settings)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> BaseScheduler:  # type: ignore[override]
        """Scrapy's own for a spider without a frontier, such as `scrapy shell` and `scrapy fetch` have."""
        if not hasattr(crawler.spidercls, "open_frontier"):
            log.info("spider %s opens no frontier: its requests do not outlive the process", crawler.spidercls.name)
            return Scheduler.from_crawler(crawler)
        scheduler = cls(crawler)
        crawler.signals.connect(scheduler.response_received, signals.response_received)
        crawler.signals.connect(scheduler.item_scraped, signals.item_scraped)
        crawler.signals.connect(scheduler.item_lost, signals.item_error)
        crawler.signals.connect(scheduler.callback_failed, signals.spider_error)
        return scheduler

    @property
    def frontier(self) -> FrontierBackend:
        assert self._frontier is not None
        return self._frontier

    def open(self, spider: Spider) -> Deferred[None] | None:
        self.spider = spider
        self.shard: Shard | None = getattr(spider, "shard", None)
        self._frontier = spider.open_frontier()  # type: ignore[attr-defined]
        return None

    def close(self, reason: str) -> Deferred[None] | None:
        if self._frontier is None:  # it could not be opened, and that is told
            return None
        with self._guarded():
            self._acknowledge(in_progress=set())
        with self._guarded():
            for state, count in self.frontier.states().items():
                self._set(f"gesso/frontier/{state}", count)
            self._set("gesso/failed_seeds", self.frontier.failed_seeds())
        with self._guarded():
            self.frontier.close()
        return None

    def has_pending_requests(self) -> bool:
        with self._guarded():
            self._flush()
            return self.frontier.has_queued()
        return False

    def enqueue_request(self, request: Request) -> bool:
        number = request.meta.get(LEASE)
        if number is not None and number in self._leases:
            lease = self._leases.pop(number)
            again = request.replace(callback=lease.request.callback, errback=lease.request.errback)
            with self._guarded():
                self._own(self.frontier.requeue(number, request_json(again, self.spider)))
            return True
        request.meta.pop(LEASE, None)
        key = shard_key(request)
        if self.shard is not None and key is not None and not self.shard.holds(key):
            self._count("gesso/requests/other_shard")
            return False
        self._new.append(self._entry(request))
        if len(self._new) >= BATCH:
            with self._guarded():
                self._flush()
        return True

    def _entry(self, request: Request) -> Entry:
        about = request.meta.get(FRONTIER) or {}
        fingerprinter = self.crawler.request_fingerprinter
        assert fingerprinter is not None
        host = host_of(request.url)
        return Entry(
            fingerprint=fingerprinter.fingerprint(request).hex(),
            request=request_json(request, self.spider),
            url=request.url,
            host=host,
            priority=request.priority,
            depth=int(about.get("depth", 0)),
            place=str(about.get("place", "")),
            group=about.get("group"),
            cap=about.get("cap"),
            seed=bool(about.get("seed")),
            at_once=self._at_once(host),
        )

    def _flush(self) -> None:
        """A callback's requests go to the frontier in one step, before its own request is acknowledged."""
        if self._new:
            added = self.frontier.add_many(self._new)
            self._new.clear()
            self._count("gesso/requests/added", sum(added))
            self._count("gesso/requests/known", len(added) - sum(added))

    def next_request(self) -> Request | None:
        with self._guarded():
            self._acknowledge(self._in_progress())
            if not getattr(self.spider, "prepared", True):  # order begins once all that starts it is known
                return None
            while (leased := self.frontier.lease()) is not None:
                request = request_from_json(leased.request, self.spider)
                about = request.meta.get(FRONTIER) or {}
                if not about.get("prepares") and self._preparing():
                    self.frontier.release(leased.number)
                    return None
                full = admit(self.frontier, leased.number, about.get("families", ()))
                if full is None:
                    break
                self._count(f"gesso/traps/{full}")
            if leased is None:
                self._look_again_soon()
                return None
            self._count("gesso/requests/taken")
            request.meta[LEASE] = leased.number
            self._leases[leased.number] = _Lease(request, leased.attempts)
            return request
        return None

    def _preparing(self) -> bool:
        """Whether a request that finds pages is under way: their order is settled when it is done."""
        return any((lease.request.meta.get(FRONTIER) or {}).get("prepares") for lease in self._leases.values())

    def _look_again_soon(self) -> None:
        """Where other workers may free a lane or bring requests, the engine's own 5 s are long."""
        slot = getattr(self.crawler.engine, "_slot", None)
        if slot is not None and not self._leases and not isinstance(self.frontier, Frontier):
            asyncio.get_running_loop().call_later(IDLE_SECONDS, slot.nextcall.schedule)

    def _in_progress(self) -> set[Request]:
        """The requests that the engine has not let go of yet."""
        slot = getattr(self.crawler.engine, "_slot", None)
        return set(slot.inprogress) if slot is not None else set()

    def _acknowledge(self, in_progress: set[Request]) -> None:
        self._flush()
        for number, lease in list(self._leases.items()):
            if lease.request in in_progress:
                continue
            del self._leases[number]
            if lease.lost or self._broken:
                continue
            if lease.attempts > 1 and lease.captures and not lease.failures:
                self._store.mend(self.spider.run_id, lease.request.url, writer=self._writer)  # type: ignore[attr-defined]
            self._own(self.frontier.close_lease(number, lease.outcome()))

    def _own(self, still: bool) -> None:
        if not still:  # we stalled for longer than a lease lasts, and another worker has taken it up
            self._count("gesso/requests/lease_lost")

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """A frontier that fails ends the crawl in order; nothing is acknowledged from then on."""
        try:
            yield
        except (StoreFull, FrontierError, sqlite3.OperationalError) as error:
            self.give_up(error)

    def give_up(self, error: BaseException) -> None:
        """Close the spider: `disk_full` without room, `browser_missing` without a browser, else `frontier_lost`."""
        full = isinstance(error, StoreFull) or (isinstance(error, sqlite3.Error) and "full" in str(error))
        self._set("gesso/broken", str(error))
        if not self._broken:
            self._broken = True
            log.error("%s", error)
            missing = "browser_missing" if isinstance(error, BrowserNotFound) else "frontier_lost"
            stop(self.crawler, "disk_full" if full else missing)

    def _lease_of(self, response: Response | TwistedFailure | None) -> _Lease | None:
        request = getattr(response, "request", None)
        return self._leases.get(request.meta.get(LEASE, -1)) if request is not None else None

    def response_received(self, response: Response, request: Request) -> None:
        lease = self._leases.get(request.meta.get(LEASE, -1))
        if lease is not None:
            lease.status = response.status

    def item_scraped(self, item: Any, response: Any) -> None:
        lease = self._lease_of(response)
        if lease is None:
            return
        if isinstance(item, Capture):
            lease.captures += 1
            lease.bytes += item.image.bytes
        elif isinstance(item, Failure):
            lease.failures += 1
            if item.url == lease.request.url:  # the request's own, not that of an entry it listed
                lease.kind, lease.reason = item.kind, item.reason[:500]

    def item_lost(self, item: Any, response: Any, failure: Any) -> None:
        """A record that could not be made durable: the request stays leased, and the next run takes it up again."""
        lease = self._lease_of(response)
        if lease is not None:
            lease.lost = True
        if isinstance(failure.value, CannotGoOn):
            self.give_up(failure.value)

    def callback_failed(self, failure: Any, response: Any) -> None:
        lease = self._lease_of(response)
        if isinstance(failure.value, CannotGoOn):
            if lease is not None:
                lease.lost = True
            self.give_up(failure.value)
        elif lease is not None:
            lease.kind, lease.reason = "bug", f"{failure.type.__name__}: {failure.value}"[:500]

    def _count(self, name: str, by: int = 1) -> None:
        if self.crawler.stats is not None and by:
            self.crawler.stats.inc_value(name, by)

    def _set(self, name: str, value: Any) -> None:
        if self.crawler.stats is not None:
            self.crawler.stats.set_value(name, value)


def writer_of(settings: BaseSettings) -> str:
    """What a process calls its logs, where a run has several that write: each has its own."""
    return f"{socket.gethostname()[:40]}-{os.getpid()}" if settings.get("GESSO_FRONTIER") else ""


def pace(settings: BaseSettings) -> Callable[[str], int]:
    """How many requests of a host, or of the group it belongs to, are worth leasing at once: twice what may be sent."""
    usual = settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN")
    slots = settings.getdict("DOWNLOAD_SLOTS")

    def at_once(host: str) -> int:
        slot = slots.get(urlsplit(host).hostname or "", {})
        return 2 * max(1, int(slot.get("concurrency", usual)))

    return at_once


def frontier_of(crawler: Crawler) -> FrontierBackend | None:
    """The open frontier of a crawl, if any; for Scrapy, any scheduler is an instance of any other's class."""
    scheduler = getattr(getattr(crawler.engine, "_slot", None), "scheduler", None)
    return getattr(scheduler, "_frontier", None)


def stop(crawler: Crawler, reason: str) -> None:
    """Close the spider in order, from wherever in the engine's turn this is called."""
    engine = crawler.engine
    if engine is not None and engine.spider is not None:
        asyncio.get_running_loop().create_task(engine.close_spider_async(reason=reason))


def request_json(request: Request, spider: Spider) -> str:
    """A request as JSON: no pickle, so a frontier can be read by anyone and harm nobody."""
    fields: dict[str, Any] = {name: getattr(request, name) for name in request.attributes}
    fields["callback"] = _method_name(request.callback, spider)
    fields["errback"] = _method_name(request.errback, spider)
    fields["headers"] = {
        key.decode("latin-1"): [value.decode("latin-1") for value in values] for key, values in request.headers.items()
    }
    fields["body"] = base64.b64encode(request.body).decode("ascii")
    fields["meta"] = {key: value for key, value in request.meta.items() if key not in (LEASE, *TRANSIENT)}
    fields["flags"] = []
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False)


def _method_name(method: Any, spider: Spider) -> str | None:
    """Scrapy's own search looks at every member of the spider, for every request. Raises ValueError for no method."""
    name = getattr(method, "__name__", None) if callable(method) else method
    if callable(method) and getattr(spider, str(name), None) != method:
        raise ValueError(f"{method} is not a method of {spider}")
    return name


TRANSIENT = ("download_slot", "download_latency", "download_timeout", "robots_signal", "proxy", "_auth_proxy")


def request_from_json(text: str, spider: Spider) -> Request:
    """The request that `request_json` wrote, with the spider's methods for its callback and errback."""
    fields = json.loads(text)
    fields["body"] = base64.b64decode(fields["body"])
    return request_from_dict(fields, spider=spider)
