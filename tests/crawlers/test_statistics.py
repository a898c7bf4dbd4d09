"""What a crawl says of its own speed, in the files that it leaves every few seconds."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from scrapy.utils.test import get_crawler

from crawlers import extensions
from crawlers.spiders.fdroid import FdroidSpider
from crawlers.spiders.web import WebSpider


@pytest.mark.parametrize(
    ("spider", "rates"),
    [
        (WebSpider(seeds="http://a.test/"), [0.0, 12.0, 24.0]),  # answers to robots.txt are no pages
        (FdroidSpider(repo="http://a.test/repo"), [24.0, 36.0, 12.0]),
    ],
    ids=["web", "fdroid"],
)
def test_pages_a_minute_count_what_the_spider_is_after(
    spider: WebSpider | FdroidSpider, rates: list[float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr(extensions, "monotonic", lambda: clock[0])
    crawler = get_crawler(type(spider), settings_dict={"GESSO_STORE": str(tmp_path)})
    assert crawler.stats is not None
    crawler.engine = SimpleNamespace()  # nothing is fetched: no frontier to count
    said = []

    async def work() -> None:
        extension = extensions.StatsExtension.from_crawler(crawler)
        extension.opened(spider)
        for responses, pages in ((2, None), (5, 1), (6, 3)):
            crawler.stats.set_value("response_received_count", responses)
            if pages is not None and isinstance(spider, WebSpider):
                crawler.stats.set_value("gesso/pages", pages)
            clock[0] += 5
            extension.tick()
            stats = json.loads((tmp_path / "crawls" / spider.run_id / "stats.json").read_text())
            said.append(stats["gesso/pages_per_minute"])
        extension.closed(spider, "finished")

    asyncio.run(work())
    assert said == rates
