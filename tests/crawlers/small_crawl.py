"""`python -m tests.crawlers.small_crawl < job.json`: a spider that asks for URLs and prints what came of each.

The job is {"urls": [[url, meta], …], "settings": {…}}; a line of JSON for every URL, and the stats last.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from scrapy import Request, Spider
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import Response
from scrapy.settings import Settings

from crawlers.frontier.sqlite import Frontier
from crawlers.spiders.base import classify


class SmallSpider(Spider):
    """Asks, and tells."""

    name = "small"
    source = "small"
    run_id = "small"

    def __init__(self, urls: list[tuple[str, dict[str, Any]]]) -> None:
        super().__init__()
        self.urls = urls
        self.begun = time.monotonic()

    def open_frontier(self) -> Frontier:
        return Frontier(Path(self.settings["GESSO_STORE"]) / "crawls" / "small", "{}")

    async def start(self) -> AsyncIterator[Request]:
        for url, meta in self.urls:
            yield Request(url, self.parse, errback=self.failed, meta={"asked": url, **meta}, dont_filter=True)

    def tell(self, request: Request, **found: Any) -> None:
        found["seconds"] = time.monotonic() - self.begun
        print(json.dumps({"url": request.meta["asked"], **found}), flush=True)

    def parse(self, response: Response) -> None:
        assert response.request is not None
        signals = response.meta.get("gesso_signals") or [response.meta["robots_signal"]]
        agent = (response.request.headers.get("User-Agent") or b"").decode()
        self.tell(response.request, status=response.status, size=len(response.body), signals=signals, agent=agent)

    def failed(self, failure: Any) -> None:
        kind, reason = classify(failure.value)
        self.tell(failure.request, kind=kind, reason=reason)


def main() -> None:
    job = json.load(sys.stdin)
    settings = Settings()
    settings.setmodule("crawlers.settings", priority="project")
    settings.setdict({"LOG_LEVEL": "ERROR", **job["settings"]}, priority="cmdline")
    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(SmallSpider)
    task = process.crawl(crawler, urls=job["urls"])
    process.start()
    error = task.exception()
    if error is not None:
        print(json.dumps({"error": type(error).__name__, "message": str(error)}))
    else:
        stats = crawler.stats.get_stats() if crawler.stats is not None else {}
        print(json.dumps({"stats": {key: value for key, value in stats.items() if key.startswith("gesso/")}}))


if __name__ == "__main__":
    main()
