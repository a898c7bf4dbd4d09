"""The item pipeline: makes every capture and failure durable before the frontier hears of it."""

from __future__ import annotations

from typing import Any

from scrapy.crawler import Crawler

from crawlers.captures import Capture, CaptureStore, Failure


class StorePipeline:
    """Appends records to the run's logs. Blobs were stored by whoever made the record."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.store = CaptureStore(crawler.settings["GESSO_STORE"], create=True)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> StorePipeline:
        return cls(crawler)

    def process_item(self, item: Any) -> Any:
        stats = self.crawler.stats
        if isinstance(item, Capture):
            self.store.append(item.run_id, [item])
            if stats is not None:
                stats.inc_value("gesso/captures")
                for verdict in item.verdicts:
                    stats.inc_value(f"gesso/verdicts/{verdict}")
        elif isinstance(item, Failure):
            self.store.append(item.run_id, [item])
            if stats is not None:
                stats.inc_value("gesso/failures")
                stats.inc_value(f"gesso/failures/{item.kind}")
        return item
