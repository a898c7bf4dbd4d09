"""What a crawl's log is told: no record is made of each item where its level would not show it."""

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
        level = log_level(crawler.settings.get("LOG_LEVEL"))
        return cls(each_item=level is None or level <= logging.DEBUG)

    def scraped(self, item: Any, response: Response | Failure | None, spider: Spider) -> LogFormatterResult | None:  # type: ignore[override]
        """None for no record, as Scrapy has it."""
        return super().scraped(item, response, spider) if self._each_item else None


def log_level(written: Any) -> int | None:
    """The number of a log's level, given by name or number; None for what is none."""
    text = str(written).strip().upper()
    return int(text) if text.isascii() and text.isdigit() else logging.getLevelNamesMapping().get(text)
