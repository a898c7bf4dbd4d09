"""`python -m benchmarks.crawl [SITES…]`: our crawl against plain scrapy-playwright on the same pages, in one run.

Every configuration crawls the same list of pages from one loopback server, several rounds in turn, each in a process
of its own; medians are compared. "One view" is a full-page PNG through a desktop window in the light. scrapy-
playwright runs with its documented defaults, then at its best: one context, tabs used again, no header override, two
or four tabs a core, whichever is faster. Ours also settles, scrolls, keeps the DOM snapshot and every image and font,
asks robots.txt, and makes all of it durable. The four views are two windows × two themes of pages that have two
themes. SITES are folders that hold one folder a site.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from benchmarks.figures import CannotRun, Figure, at_least, at_most, main
from crawlers.pages import cpus
from crawlers.policy.robots import RobotsRules
from pipelines.site_server import hosts_in, serving

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 3
MAX_PAGES = 40
TABS_A_CORE = (2, 4)
MEMORY_PAGES = 500
DARK_RULE = (
    "@media (prefers-color-scheme: dark) { html, body { background: #101418 !important; color: #eee !important } }"
)


def run(arguments: Sequence[str]) -> list[Figure]:
    sites = [Path(argument) for argument in arguments] or [ROOT / "examples" / "sites"]
    for folder in sites:
        if not folder.is_dir():
            raise CannotRun(f"{folder} is no folder of sites")
    hosts = hosts_in(*sites)
    urls = pages_of(hosts)
    with tempfile.TemporaryDirectory(prefix="gesso-bench-") as scratch:
        themed = themed_sites(Path(scratch) / "themed", hosts)
        with serving({**hosts, **themed}) as server:
            bench = Bench(server.address, Path(scratch))
            figures = speed(bench, urls)
            figures += views(bench, [url.replace("://", "://dark-") for url in urls[:20]])
            figures += [memory(bench, Path(scratch))]
    return figures


def pages_of(hosts: Mapping[str, Path]) -> list[str]:
    """Entry pages first, then others, a page of every site in turn; what robots.txt refuses is left out for both."""
    lists = []
    for host, root in hosts.items():
        pages = sorted(root.rglob("*.html"), key=lambda p: (p.name != "index.html", len(p.parts), str(p)))
        robots = root / "robots.txt"
        body = robots.read_bytes() if robots.is_file() else b""
        rules = RobotsRules(f"http://{host}/robots.txt", 200 if body else 404, body)
        urls = [f"http://{host}/{page.relative_to(root)}" for page in pages if page.name != "404.html"]
        lists.append([url for url in urls if rules.allows(url)])
    turns = [urls[turn] for turn in range(max(map(len, lists))) for urls in lists if turn < len(urls)]
    return turns[:MAX_PAGES]


def themed_sites(folder: Path, hosts: Mapping[str, Path]) -> dict[str, Path]:
    """The same sites with a dark theme each, so that four views are four."""
    themed = {}
    for host, root in hosts.items():
        copy = folder / host
        for source in root.rglob("*"):
            target = copy / source.relative_to(root)
            if source.is_dir():
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.suffix == ".html":
                page = source.read_text(encoding="utf-8", errors="replace")
                target.write_text(f"{page}<style>{DARK_RULE}</style>", encoding="utf-8")
            else:
                shutil.copyfile(source, target)  # a link out of its folder is what the server refuses
        themed[f"dark-{host}"] = copy
    return themed


class Bench:
    """Runs one configuration in a process of its own and says how long its pages took."""

    def __init__(self, proxy: str, scratch: Path) -> None:
        self.proxy, self.scratch, self.number = proxy, scratch, 0

    def ours(self, urls: Sequence[str], settings: Mapping[str, object], *, memory: bool = False) -> dict[str, float]:
        """{pages, captures, seconds, growth} of our crawl; growth of its memory where it is watched."""
        self.number += 1
        job = {"store": str(self.scratch / f"store-{self.number}"), "proxy": self.proxy, "urls": list(urls)}
        return self._measured("ours", {**job, "settings": dict(settings), "memory": memory})

    def plain(self, urls: Sequence[str], *, tabs: int = 0, walk: bool = False) -> dict[str, float]:
        """The same of plain scrapy-playwright: with its defaults, or tuned, with so many tabs.

        `walk` has it scroll through the page first, as ours does.
        """
        return self._measured("plain", {"proxy": self.proxy, "urls": list(urls), "tabs": tabs, "walk": walk})

    def _measured(self, mode: str, job: dict[str, object]) -> dict[str, float]:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.crawling", mode],
            input=json.dumps(job),
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=1800,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=False,
        )
        if done.returncode:
            raise CannotRun(f"{mode} ended with {done.returncode}: {(done.stderr or done.stdout)[-500:]}")
        answer: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
        if answer["pages"] < len(job["urls"]):  # type: ignore[arg-type]
            said = done.stderr.strip().splitlines()[-1:]
            raise CannotRun(f"{mode} took {answer['pages']:g} of {len(job['urls'])} pages {said}")  # type: ignore[arg-type]
        return answer


ONE_VIEW = {"GESSO_VIEWS": "desktop", "GESSO_THEMES": "light", "GESSO_KINDS": "full"}
TWO_KINDS = {"GESSO_VIEWS": "desktop", "GESSO_THEMES": "light"}
FOUR_VIEWS = {"GESSO_VIEWS": "desktop,phone", "GESSO_THEMES": "light,dark"}


def speed(bench: Bench, urls: Sequence[str]) -> list[Figure]:
    """Pages a second against the peer, rounds interleaved."""
    tabs_tried = [a_core * cpus() for a_core in TABS_A_CORE]
    ways: dict[str, Callable[[], dict[str, float]]] = {
        "ours": lambda: bench.ours(urls, ONE_VIEW),
        "default": lambda: bench.plain(urls),
        **{f"best {tabs}": partial(bench.plain, urls, tabs=tabs) for tabs in tabs_tried},
        **{f"walked {tabs}": partial(bench.plain, urls, tabs=tabs, walk=True) for tabs in tabs_tried},
    }
    rates: dict[str, list[float]] = {name: [] for name in ways}
    captures: list[float] = []
    for _ in range(ROUNDS):
        for name, way in ways.items():
            found = way()
            rates[name].append(found["pages"] / found["seconds"])
            if name == "ours":
                captures.append(found["captures"] / found["seconds"])
    median = {name: statistics.median(found) for name, found in rates.items()}
    ours, default = median["ours"], median["default"]
    best, walked = (max(median[f"{way} {tabs}"] for tabs in tabs_tried) for way in ("best", "walked"))
    return [
        Figure("pages", len(urls), "pages"),
        Figure("ours, one view", round(ours, 2), "pages/s"),
        Figure("ours, one view, captures", round(statistics.median(captures), 2), "captures/s"),
        Figure("scrapy-playwright, defaults", round(default, 2), "pages/s"),
        Figure("scrapy-playwright, at its best", round(best, 2), "pages/s"),
        Figure("scrapy-playwright, at its best, scrolled", round(walked, 2), "pages/s"),
        Figure("ours / defaults", round(ours / default, 2), "×"),
        at_least("ours / its best", round(ours / best, 2), "×", 1.5),
        Figure("ours / its best, the same picture (scrolled)", round(ours / walked, 2), "×"),
    ]


def views(bench: Bench, urls: Sequence[str]) -> list[Figure]:
    """What four views of a page cost beside one, both with fold and whole length, on pages with two themes."""
    seconds: dict[str, list[float]] = {"one": [], "four": []}
    captures = 0.0
    for _ in range(ROUNDS):
        for name, settings in (("one", TWO_KINDS), ("four", FOUR_VIEWS)):
            found = bench.ours(urls, settings)
            seconds[name].append(found["seconds"] / found["pages"])
            captures = found["captures"] / found["pages"]
    ratio = statistics.median(seconds["four"]) / statistics.median(seconds["one"])
    return [
        Figure("captures of a page with four views", round(captures, 2), "captures"),
        at_most("four views / one view", round(ratio, 2), "×", 2.2),
    ]


def memory(bench: Bench, scratch: Path) -> Figure:
    """Growth of the crawl's memory, browser and all, from its first fifth to its last, over 500 pages."""
    root = scratch / "many.test"
    root.mkdir()
    for number in range(MEMORY_PAGES):
        rows = "".join(f"<li>Row {row} of page {number}</li>" for row in range(60))
        (root / f"{number}.html").write_text(
            f"<!doctype html><title>Page {number}</title><h1>{number}</h1><ul>{rows}</ul>"
        )
    with serving({"many.test": root}) as server:
        many = Bench(server.address, scratch / "memory")
        found = many.ours([f"http://many.test/{n}.html" for n in range(MEMORY_PAGES)], ONE_VIEW, memory=True)
    return at_most("memory growth over 500 pages", round(found["growth"] * 100, 1), "%", 10)


if __name__ == "__main__":
    raise SystemExit(main("crawl", run))
