"""Extensions: tell whoever started the crawl how far it is, and turn a callback's bug into a typed failure."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

from scrapy import signals
from scrapy.crawler import Crawler

from crawlers.captures import CaptureStore, Failure, failure_id, now
from crawlers.scheduler import FrontierScheduler
from crawlers.urls import site_of

Report = Callable[[int, int], None]
INTERVAL = 0.3


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
        engine = self.crawler.engine
        scheduler = getattr(getattr(engine, "_slot", None), "scheduler", None)
        if not isinstance(scheduler, FrontierScheduler):
            return
        states = scheduler.frontier.states()
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
        CaptureStore(self.crawler.settings["GESSO_STORE"], create=True).append(spider.run_id, [record])
        if self.crawler.stats is not None:
            self.crawler.stats.inc_value("gesso/failures")
            self.crawler.stats.inc_value("gesso/failures/bug")


def _silent(done: int, queued: int) -> None:
    """For a crawl that nobody watches."""
