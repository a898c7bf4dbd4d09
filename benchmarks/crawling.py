"""The children of benchmarks.crawl: one crawl each, ours or plain scrapy-playwright, and what it took.

`python -m benchmarks.crawling ours|plain` reads one JSON job from stdin and prints one JSON object. Times run from the
first request to the last page, without the start of Python; the browser's start is inside for both.
"""

from __future__ import annotations

import json
import statistics
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from time import perf_counter
from typing import Any

import psutil

SAMPLE_SECONDS = 0.5
# What a user adds to get what we get: walk down, so that lazy pictures come, and wait for them.
WALK = """async () => {
  for (let top = 0; top < document.documentElement.scrollHeight; top += innerHeight * 0.8) {
    scrollTo(0, top);
    await new Promise((done) => setTimeout(done, 75));
  }
  scrollTo(0, 0);
  await Promise.allSettled([...document.images].filter((image) => image.currentSrc).map((image) => image.decode()));
}"""


class Memory:
    """Samples memory (proportional where the kernel tells it) of this process and all below it, where it is asked to.

    Never while speed is measured: to add up a browser's pages, the kernel holds the browser up.
    """

    def __init__(self, *, watch: bool) -> None:
        self.samples: list[float] = []
        self._stop = threading.Event()
        if watch:
            threading.Thread(target=self._sample, daemon=True).start()

    def _sample(self) -> None:
        own = psutil.Process()
        while not self._stop.wait(SAMPLE_SECONDS):
            total = 0
            for process in (own, *own.children(recursive=True)):
                try:
                    total += process.memory_full_info().pss
                except (psutil.Error, AttributeError):
                    continue
            self.samples.append(total)

    def growth(self) -> float:
        """Median of the last fifth over that of the second fifth (the first is warming up), minus 1."""
        self._stop.set()
        fifth = len(self.samples) // 5
        if not fifth:
            return 0.0
        return statistics.median(self.samples[-fifth:]) / statistics.median(self.samples[fifth : 2 * fifth]) - 1


def ours(job: dict[str, Any]) -> dict[str, float]:
    from crawlers.run import crawl

    seeds = Path(job["store"]).with_suffix(".txt")
    seeds.parent.mkdir(parents=True, exist_ok=True)
    seeds.write_text("\n".join(job["urls"]))
    # The peer knows no opt-out: to race over the same pages, ours records them here instead of turning back.
    settings = {"GESSO_PROXY": job["proxy"], "OPT_OUT": "record", **job["settings"]}
    memory, begun = Memory(watch=bool(job.get("memory"))), perf_counter()
    summary = crawl("web", {"seeds": str(seeds), "depth": "0"}, store=job["store"], settings=settings)
    seconds = float(summary.stats.get("gesso/page_seconds", perf_counter() - begun))
    if summary.failures:
        print(summary.failures, file=sys.stderr)
    return {
        "pages": summary.pages,
        "captures": summary.captures,
        "seconds": seconds,
        "growth": memory.growth(),
    }


def plain(job: dict[str, Any]) -> dict[str, float]:
    """scrapy-playwright as its README shows it; at its best with one context and so many tabs that are used again."""
    import scrapy
    from scrapy.crawler import AsyncCrawlerProcess
    from scrapy_playwright.page import PageMethod

    from crawlers.browser.find import require_chromium

    times: list[float] = []
    begun: list[float] = []
    urls = list(job["urls"])
    tabs = int(job["tabs"])
    best = tabs > 0

    left = list(urls)

    class Plain(scrapy.Spider):
        name = "plain"

        async def start(self) -> AsyncIterator[scrapy.Request]:
            begun.append(perf_counter())
            for _ in range(tabs if best else len(urls)):
                if left:
                    yield self.visit(left.pop(0))

        def visit(self, url: str, page: Any = None) -> scrapy.Request:
            walk = [PageMethod("evaluate", WALK)] if job["walk"] else []
            methods = [*walk, PageMethod("screenshot", full_page=True)]
            meta: dict[str, Any] = {"playwright": True, "playwright_page_methods": methods}
            if best:
                meta |= {"playwright_include_page": True, "playwright_page": page, "playwright_context": "default"}
            return scrapy.Request(url, meta=meta, dont_filter=True)

        async def parse(self, response: Any) -> Any:
            assert response.meta["playwright_page_methods"][-1].result[:4] == b"\x89PNG"
            times.append(perf_counter())
            page = response.meta.get("playwright_page")
            if best and left:
                yield self.visit(left.pop(0), page)
            elif page is not None:
                await page.close()

    handler = "scrapy_playwright.handler.ScrapyPlaywrightDownloadHandler"
    settings: dict[str, Any] = {
        "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
        "DOWNLOAD_HANDLERS": {"http": handler, "https": handler},
        "PLAYWRIGHT_LAUNCH_OPTIONS": {
            "executable_path": str(require_chromium()),
            "args": ["--no-sandbox"],
            "proxy": {"server": job["proxy"]},
        },
        "LOG_LEVEL": "ERROR",
        "DOWNLOAD_DELAY": 0,
        "ROBOTSTXT_OBEY": False,
        "TELNETCONSOLE_ENABLED": False,
    }
    if best:
        settings |= {
            "CONCURRENT_REQUESTS": tabs,
            "CONCURRENT_REQUESTS_PER_DOMAIN": tabs,
            "PLAYWRIGHT_MAX_PAGES_PER_CONTEXT": tabs,
            "PLAYWRIGHT_PROCESS_REQUEST_HEADERS": None,
            "PLAYWRIGHT_CONTEXTS": {"default": {"viewport": {"width": 1440, "height": 900}}},
        }
    process = AsyncCrawlerProcess(settings)
    process.crawl(Plain)
    process.start()
    seconds = max(times) - begun[0]
    return {"pages": len(times), "captures": len(times), "seconds": seconds, "growth": 0.0}


if __name__ == "__main__":
    print(json.dumps({"ours": ours, "plain": plain}[sys.argv[1]](json.load(sys.stdin))))
