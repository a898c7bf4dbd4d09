"""The frontier as Scrapy's SCHEDULER: kept as JSON, leased, acknowledged once the engine is done.

Scrapy's engine keeps a request in progress until its callback or errback has ended, its items have passed the pipelines
(so are durable) and its requests are scheduled. It asks for the next request right after it lets one go; that is when
we acknowledge. Retries and redirects carry the lease in their meta and take the row's place.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from scrapy import Request, signals
from scrapy.core.scheduler import BaseScheduler
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.spiders import Spider
from scrapy.utils.request import request_from_dict
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure as TwistedFailure

from crawlers.captures import Capture, Failure
from crawlers.frontier import Entry, Frontier
from crawlers.urls import host_of

LEASE = "gesso_lease"
FRONTIER = "frontier"  # request.meta key: {place, depth, group, cap, seed}, all optional


@dataclass
class _Lease:
    request: Request
    captures: int = 0
    failures: int = 0
    kind: str | None = None
    reason: str | None = None
    lost: bool = False


class FrontierScheduler(BaseScheduler):
    """Set SCHEDULER to this class; the spider brings `frontier_folder` and `frontier_arguments`."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._leases: dict[int, _Lease] = {}
        self._frontier: Frontier | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> FrontierScheduler:
        scheduler = cls(crawler)
        crawler.signals.connect(scheduler.item_scraped, signals.item_scraped)
        crawler.signals.connect(scheduler.item_lost, signals.item_error)
        crawler.signals.connect(scheduler.callback_failed, signals.spider_error)
        return scheduler

    @property
    def frontier(self) -> Frontier:
        assert self._frontier is not None
        return self._frontier

    def open(self, spider: Spider) -> Deferred[None] | None:
        self.spider = spider
        self._frontier = spider.open_frontier()  # type: ignore[attr-defined]
        return None

    def close(self, reason: str) -> Deferred[None] | None:
        self._acknowledge(in_progress=set())
        states = self.frontier.states()
        stats = self.crawler.stats
        if stats is not None:
            for state, count in states.items():
                stats.set_value(f"gesso/frontier/{state}", count)
            stats.set_value("gesso/failed_seeds", self.frontier.failed_seeds())
        self.frontier.close()
        return None

    def has_pending_requests(self) -> bool:
        return self.frontier.has_queued()

    def enqueue_request(self, request: Request) -> bool:
        number = request.meta.get(LEASE)
        if number is not None and number in self._leases:
            lease = self._leases.pop(number)
            again = request.replace(callback=lease.request.callback, errback=lease.request.errback)
            self.frontier.requeue(number, request_json(again, self.spider))
            return True
        request.meta.pop(LEASE, None)
        about = request.meta.get(FRONTIER) or {}
        fingerprinter = self.crawler.request_fingerprinter
        assert fingerprinter is not None
        added = self.frontier.add(
            Entry(
                fingerprint=fingerprinter.fingerprint(request).hex(),
                request=request_json(request, self.spider),
                url=request.url,
                host=host_of(request.url),
                priority=request.priority,
                depth=int(about.get("depth", 0)),
                place=str(about.get("place", "")),
                group=about.get("group"),
                cap=about.get("cap"),
                seed=bool(about.get("seed")),
            )
        )
        if self.crawler.stats is not None:
            self.crawler.stats.inc_value("gesso/requests/added" if added else "gesso/requests/known")
        return added

    def next_request(self) -> Request | None:
        self._acknowledge(self._in_progress())
        leased = self.frontier.lease()
        if leased is None:
            return None
        number, text = leased
        if self.crawler.stats is not None:
            self.crawler.stats.inc_value("gesso/requests/taken")
        request = request_from_json(text, self.spider)
        request.meta[LEASE] = number
        self._leases[number] = _Lease(request)
        return request

    def _in_progress(self) -> set[Request]:
        """The requests that the engine has not let go of yet."""
        slot = getattr(self.crawler.engine, "_slot", None)
        return set(slot.inprogress) if slot is not None else set()

    def _acknowledge(self, in_progress: set[Request]) -> None:
        for number, lease in list(self._leases.items()):
            if lease.request in in_progress:
                continue
            del self._leases[number]
            if not lease.lost:
                self.frontier.acknowledge(
                    number, captures=lease.captures, failures=lease.failures, kind=lease.kind, reason=lease.reason
                )

    def _lease_of(self, response: Response | TwistedFailure | None) -> _Lease | None:
        request = getattr(response, "request", None)
        return self._leases.get(request.meta.get(LEASE, -1)) if request is not None else None

    def item_scraped(self, item: Any, response: Any) -> None:
        lease = self._lease_of(response)
        if lease is None:
            return
        if isinstance(item, Capture):
            lease.captures += 1
        elif isinstance(item, Failure):
            lease.failures += 1
            if item.url == lease.request.url:  # the request's own, not that of an entry it listed
                lease.kind, lease.reason = item.kind, item.reason[:500]

    def item_lost(self, item: Any, response: Any) -> None:
        """A record that could not be made durable: the request stays leased, and the next run takes it up again."""
        lease = self._lease_of(response)
        if lease is not None:
            lease.lost = True

    def callback_failed(self, failure: Any, response: Any) -> None:
        lease = self._lease_of(response)
        if lease is not None:
            lease.kind, lease.reason = "bug", f"{failure.type.__name__}: {failure.value}"[:500]


def request_json(request: Request, spider: Spider) -> str:
    """A request as JSON: no pickle, so a frontier can be read by anyone and harm nobody."""
    fields = request.to_dict(spider=spider)
    fields["headers"] = {
        key.decode("latin-1"): [value.decode("latin-1") for value in values] for key, values in request.headers.items()
    }
    fields["body"] = base64.b64encode(request.body).decode("ascii")
    fields["meta"] = {key: value for key, value in request.meta.items() if key not in (LEASE, *TRANSIENT)}
    fields["flags"] = []
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False)


TRANSIENT = ("download_slot", "download_latency", "download_timeout", "robots_signal", "proxy", "_auth_proxy")


def request_from_json(text: str, spider: Spider) -> Request:
    """The request that `request_json` wrote, with the spider's methods for its callback and errback."""
    fields = json.loads(text)
    fields["body"] = base64.b64decode(fields["body"])
    fields.pop("_class", None)
    return request_from_dict(fields, spider=spider)
