"""How fast a host is asked: floors from Crawl-delay and DOWNLOAD_SLOTS, pauses from Retry-After, on Scrapy's own slots.

What waits for a slow host does not count against CONCURRENT_REQUESTS, or a few slow hosts would hold all others up.
"""

from __future__ import annotations

from time import monotonic
from typing import Any

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.utils.asyncio import call_later

MAX_SLOTS = 20_000
SLOW_SECONDS = 2.0  # from which delay on a host's waiting requests are left out of the count
MAX_WAITING = 2000


class Pace:
    """One a crawler; slows hosts down, never up. A paused slot holds its own requests and nobody else's."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        slots = crawler.settings.getdict("DOWNLOAD_SLOTS")
        self._stated = {host: float(slot.get("delay") or 0) for host, slot in slots.items()}  # a store's rate, say
        self._floors: dict[str, float] = {}
        self._until: dict[str, float] = {}
        self._slow: set[str] = set()
        self._concurrency = crawler.settings.getint("CONCURRENT_REQUESTS")
        crawler.signals.connect(self._after_response, signals.response_downloaded)

    @classmethod
    def of(cls, crawler: Crawler) -> Pace:
        """The crawler's pace, made once."""
        found = getattr(crawler, "_gesso_pace", None)
        if found is None:
            found = crawler._gesso_pace = cls(crawler)  # type: ignore[attr-defined]
        return found

    def at_least(self, request: Request, seconds: float) -> None:
        """Ask the request's host no faster than once in so many seconds."""
        key, slot = self._slot(request)
        if self._floors.get(key) != seconds:
            self._remember(self._floors, key, seconds)
            if self.crawler.stats is not None:
                self.crawler.stats.inc_value("gesso/crawl_delay/hosts")
                self.crawler.stats.max_value("gesso/crawl_delay/longest", seconds)
        self._apply(key, slot)

    def pause(self, request: Request, seconds: float, *, hold: bool = True) -> None:
        """Ask the request's host nothing for so long; with `hold` its queue waits, else only `paused` tells."""
        key, slot = self._slot(request)
        until = max(monotonic() + seconds, self._until.get(key, 0.0))
        self._remember(self._until, key, until)
        if hold:
            self._hold(slot, until)

    def paused(self, request: Request) -> float:
        """How many seconds the request's host is still to be left alone."""
        key, _ = self._slot(request)
        return max(0.0, self._until.get(key, 0.0) - monotonic())

    def prepare(self, request: Request) -> None:
        """Make sure that a request of a paused host waits: Scrapy drops slots that were idle for a while."""
        key, slot = self._slot(request)
        until = self._until.get(key, 0.0)
        if until > monotonic() and slot.latercall is None:
            self._hold(slot, until)
        self._apply(key, slot)
        if until > monotonic() or slot.delay >= SLOW_SECONDS:
            self._slow.add(key)
        if self._slow:
            self._make_room()

    def _make_room(self) -> None:
        """Let the engine take as many more requests as wait for slow hosts just now."""
        downloader, now, waiting = self._downloader(), monotonic(), 1
        for key in list(self._slow):
            slot = downloader.slots.get(key)
            if slot is None or (self._until.get(key, 0.0) <= now and slot.delay < SLOW_SECONDS):
                self._slow.discard(key)
            else:
                waiting += len(slot.queue)
        room = self._concurrency + min(waiting, MAX_WAITING) if self._slow else self._concurrency
        if self._concurrency and room != downloader.total_concurrency:
            more = room > downloader.total_concurrency
            downloader.total_concurrency = room
            engine_slot = getattr(self.crawler.engine, "_slot", None)
            if more and engine_slot is not None:
                engine_slot.nextcall.schedule()

    def _hold(self, slot: Any, until: float) -> None:
        if slot.latercall is not None:
            slot.latercall.cancel()
        slot.latercall = call_later(max(0.0, until - monotonic()), self._downloader()._latercall, slot)

    def _apply(self, key: str, slot: Any) -> None:
        floor = max(self._floors.get(key, 0.0), self._stated.get(key, 0.0))
        if floor:
            slot.jitter = 0.0
            slot.delay = max(slot.delay, floor)

    def _after_response(self, request: Request) -> None:
        """AutoThrottle may just have made the slot faster than its host wishes."""
        key = str(request.meta.get("download_slot"))
        slot = self._downloader().slots.get(key)
        if slot is not None:
            self._apply(key, slot)

    def _slot(self, request: Request) -> tuple[str, Any]:
        key, slot = self._downloader()._get_slot(request)
        return str(key), slot

    def _downloader(self) -> Any:
        assert self.crawler.engine is not None
        return self.crawler.engine.downloader

    @staticmethod
    def _remember(values: dict[str, float], key: str, value: float) -> None:
        if len(values) >= MAX_SLOTS:
            values.pop(next(iter(values)))
        values[key] = value
