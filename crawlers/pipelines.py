"""The item pipeline: makes every capture and failure durable before the frontier hears of it."""

from __future__ import annotations

from typing import Any

from scrapy.crawler import Crawler

from crawlers.captures import Capture, CaptureStore, Failure, failure_id, now
from crawlers.scheduler import writer_of
from crawlers.takedown import TakedownWatch, remove_unneeded


class StorePipeline:
    """Appends records to the run's logs. Blobs were stored by whoever made the record.

    Where the frontier is shared, the run has many writers, and each has a log of its own.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.store = CaptureStore(crawler.settings["GESSO_STORE"], create=True)
        self.writer = writer_of(crawler.settings)
        self._taken_down = TakedownWatch(self.store)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> StorePipeline:
        return cls(crawler)

    def process_item(self, item: Any) -> Any:
        if isinstance(item, Capture) and self._taken_down.now().holds(item.site, item.capture_id):
            remove_unneeded(self.store, [item])
            item = _refusal(item)
        stats = self.crawler.stats
        if isinstance(item, Capture):
            self.store.append(item.run_id, [item], writer=self.writer)
            if stats is not None:
                stats.inc_value("gesso/captures")
                stats.inc_value("gesso/bytes", item.image.bytes)
                for verdict in item.verdicts:
                    stats.inc_value(f"gesso/verdicts/{verdict}")
        elif isinstance(item, Failure):
            self.store.append(item.run_id, [item], writer=self.writer)
            if stats is not None:
                stats.inc_value("gesso/failures")
                stats.inc_value(f"gesso/failures/{item.kind}")
        return item


def _refusal(capture: Capture) -> Failure:
    return Failure(
        failure_id=failure_id(capture.source, capture.capture_id, "takedown"),
        run_id=capture.run_id,
        source=capture.source,
        spider=capture.spider,
        url=capture.url,
        site=capture.site,
        failed_at=now(),
        kind="takedown",
        reason=f"{capture.url} was taken down: it may not be stored again",
    )
