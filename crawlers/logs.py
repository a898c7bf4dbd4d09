"""What a crawl's log is told: no record is made of each item where the log's level would not show it."""

from __future__ import annotations

import logging
from typing import Any

from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.logformatter import LogFormatter, LogFormatterResult
from twisted.python.failure import Failure


class ItemLogFormatter(LogFormatter):
    """Scrapy's own; its root logger takes everything, and leaves it to the handlers to drop what nobody asked for."""

    def __init__(self, *, each_item: bool) -> None:
        self._each_item = each_item

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ItemLogFormatter:
        level: Any = crawler.settings.get("LOG_LEVEL")  # a name or a number
        return cls(each_item=logging.getLevelNamesMapping().get(str(level), level) <= logging.DEBUG)

    def scraped(self, item: Any, response: Response | Failure | None, spider: Spider) -> LogFormatterResult | None:  # type: ignore[override]
        """None for no record, as Scrapy has it."""
        return super().scraped(item, response, spider) if self._each_item else None
