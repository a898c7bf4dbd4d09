"""The item pipeline: what a crawl yields is durable in the capture store before the frontier hears of it."""

from __future__ import annotations

from math import inf
from typing import Any

from scrapy.crawler import Crawler

from crawlers.captures import Capture, Failure, failure_id, now
from crawlers.commits import GroupCommit
from crawlers.takedown import TakedownWatch, remove_unneeded


class StorePipeline:
    """Appends records to the run's logs, with whatever blobs were staged for them; many at a time where many come.

    Where the frontier is shared, the run has many writers, and each has a log of its own.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.commits = GroupCommit.of(crawler)
        self._taken_down = TakedownWatch(self.commits.store)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> StorePipeline:
        return cls(crawler)

    async def process_item(self, item: Any) -> Any:
        if isinstance(item, Capture) and self._is_taken_down(item):
            self.commits.unstage(item.image.sha256, item.image.format)
            remove_unneeded(self.commits.store, [item])
            item = _refusal(item)
        if not isinstance(item, Capture | Failure):
            return item
        durable = await self.commits.commit(item.run_id, item)
        if isinstance(item, Capture) and self._is_taken_down(item, durable):
            # While it was being written: it is hidden already, its files go now.
            remove_unneeded(self.commits.store, [item])
            item = _refusal(item)
            await self.commits.commit(item.run_id, item)
        self._count(item)
        return item

    def _is_taken_down(self, item: Capture, since: float = -inf) -> bool:
        return self._taken_down.now(since).holds(item.site, item.capture_id)

    def _count(self, item: Capture | Failure) -> None:
        stats = self.crawler.stats
        if stats is None:
            return
        if isinstance(item, Failure):
            stats.inc_value("gesso/failures")
            stats.inc_value(f"gesso/failures/{item.kind}")
            return
        stats.inc_value("gesso/captures")
        stats.inc_value("gesso/bytes", item.image.bytes)
        for verdict in item.verdicts:
            stats.inc_value(f"gesso/verdicts/{verdict}")


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
