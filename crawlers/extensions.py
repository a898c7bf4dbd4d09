"""Extensions: tell how far a crawl is and what it counts, turn a bug into a failure, stop before the disk is full."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider

from crawlers.captures import CaptureStore, Failure, failure_id, now
from crawlers.errors import CannotGoOn
from crawlers.folders import crawls_folder, missing_room
from crawlers.prometheus import prometheus_text
from crawlers.scheduler import frontier_of, stop, writer_of
from crawlers.urls import site_of

Report = Callable[[int, int], None]
INTERVAL = 0.3
STATS_SECONDS = 5.0
ROOM_SECONDS = 5.0


class ProgressExtension:
    """Calls the crawler's `GESSO_REPORT` setting, a function, with (done, queued) as requests are closed."""

    def __init__(self, crawler: Crawler, report: Report) -> None:
        self.crawler = crawler
        self.report = report
        self._last: tuple[int, int] | None = None
        self._next = 0.0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ProgressExtension:
        extension = cls(crawler, crawler.settings.get("GESSO_REPORT") or _silent)
        for signal in (signals.request_reached_downloader, signals.item_scraped):
            crawler.signals.connect(extension.tell_now_and_then, signal)
        crawler.signals.connect(extension.tell, signals.spider_idle)
        return extension

    def tell_now_and_then(self) -> None:
        """Counting a large frontier takes a while: at most every 0.3 s."""
        if monotonic() >= self._next:
            self.tell()
            self._next = monotonic() + INTERVAL

    def tell(self) -> None:
        frontier = frontier_of(self.crawler)
        if frontier is None:
            return
        states = frontier.states()
        now_at = (states.get("done", 0) + states.get("failed", 0), states.get("queued", 0) + states.get("leased", 0))
        if now_at != self._last:
            self._last = now_at
            self.report(*now_at)


class BugExtension:
    """A callback that raised leaves a failure of kind `bug`, so that its request is accounted for."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> BugExtension:
        extension = cls(crawler)
        crawler.signals.connect(extension.callback_failed, signals.spider_error)
        return extension

    def callback_failed(self, failure: Any, response: Any, spider: Any) -> None:
        if isinstance(failure.value, CannotGoOn) or not hasattr(spider, "run_id"):
            return
        url = str(getattr(response, "url", None) or getattr(getattr(response, "request", None), "url", ""))
        record = Failure(
            failure_id=failure_id(spider.source, url, "bug"),
            run_id=spider.run_id,
            source=spider.source,
            spider=spider.name,
            url=url,
            site=site_of(url) if url else "",
            failed_at=now(),
            kind="bug",
            reason=f"{failure.type.__name__}: {failure.value}"[:500],
        )
        store = CaptureStore(self.crawler.settings["GESSO_STORE"], create=True)
        store.append(spider.run_id, [record], writer=writer_of(self.crawler.settings))
        if self.crawler.stats is not None:
            self.crawler.stats.inc_value("gesso/failures")
            self.crawler.stats.inc_value("gesso/failures/bug")


class _Ticking:
    """An extension that does something every so often while the spider is open, and once when it has closed."""

    seconds = 5.0

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._task: asyncio.Task[None] | None = None
        crawler.signals.connect(self.opened, signals.spider_opened)
        crawler.signals.connect(self.closed, signals.spider_closed)

    def opened(self, spider: Any) -> None:
        self._task = asyncio.get_running_loop().create_task(self._keep_on())

    def closed(self, spider: Any, reason: str) -> None:
        if self._task is not None:  # else the crawl was not opened
            self._task.cancel()
            self.tick()

    async def _keep_on(self) -> None:
        while True:
            await asyncio.sleep(self.seconds)
            self.tick()

    def tick(self) -> None:
        raise NotImplementedError


class StatsExtension(_Ticking):
    """Writes the crawl's statistics beside its frontier: `stats.json`, and `stats.prom` for a textfile collector."""

    seconds = STATS_SECONDS

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> StatsExtension:
        return cls(crawler)

    def opened(self, spider: Any) -> None:
        if not hasattr(spider, "run_id"):  # `scrapy shell` has no run
            return
        self._folder = crawls_folder(self.crawler.settings["GESSO_STORE"]) / spider.run_id
        self._folder.mkdir(parents=True, exist_ok=True)
        self._labels = {"run": spider.run_id, "spider": spider.name}
        self._counted = getattr(spider, "pages_stat", "response_received_count")
        self._pages, self._at = 0, monotonic()
        super().opened(spider)

    def tick(self) -> None:
        assert self.crawler.stats is not None
        stats = dict(self.crawler.stats.get_stats())
        pages = int(stats.get(self._counted, 0))
        elapsed = monotonic() - self._at
        if elapsed >= 1:
            rate = round(60 * (pages - self._pages) / elapsed, 1)
            self.crawler.stats.set_value("gesso/pages_per_minute", rate)
            stats["gesso/pages_per_minute"] = rate
            self._pages, self._at = pages, monotonic()
        states = _states(self.crawler)
        stats |= {f"gesso/frontier/{state}": number for state, number in states.items()}
        with contextlib.suppress(OSError):  # a full disk is another extension's to tell
            _write_whole(self._folder / "stats.json", json.dumps(stats, default=str, indent=1, sort_keys=True) + "\n")
            _write_whole(self._folder / "stats.prom", prometheus_text(stats, self._labels))


class RoomExtension(_Ticking):
    """Ends a crawl in order while there is still GESSO_MIN_FREE bytes of room, and does not begin one below it."""

    seconds = ROOM_SECONDS

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RoomExtension:
        return cls(crawler)

    def opened(self, spider: Any) -> None:
        if self._missing():
            raise CloseSpider("disk_full")
        super().opened(spider)

    def tick(self) -> None:
        if self._missing():
            stop(self.crawler, "disk_full")

    def _missing(self) -> bool:
        settings = self.crawler.settings
        word = missing_room(settings["GESSO_STORE"], settings.getint("GESSO_MIN_FREE"))
        if word and self.crawler.stats is not None:
            self.crawler.stats.set_value("gesso/broken", word)
        return word is not None


def _states(crawler: Crawler) -> dict[str, int]:
    frontier = frontier_of(crawler)
    if frontier is None:
        return {}
    try:
        return frontier.states()
    except Exception:  # closed, or out of reach: the crawl's own business, the figures can wait
        return {}


def _write_whole(path: Path, text: str) -> None:
    aside = path.with_name(f"{path.name}.{os.getpid()}.part")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)


def _silent(done: int, queued: int) -> None:
    """For a crawl that nobody watches."""
