"""Run a crawl from Python, in a process of its own, and say what came of it.

A Twisted reactor runs once in a process; a child for every crawl lets a caller run several, and keeps the browser's
driver away from its threads. The child ends at once when its caller does.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from crawlers.arguments import ArgumentError, as_json, parse_arguments, run_id
from crawlers.browser.devices import DeviceError
from crawlers.browser.find import BrowserNotFound, require_chromium
from crawlers.captures import CaptureStore, StoreError, StoreFull
from crawlers.defaults import SettingError
from crawlers.errors import GessoError
from crawlers.folders import COMMAND, MIN_FREE, OPTIONS, crawls_folder, missing_room
from crawlers.frontier import FrontierError, check_arguments
from crawlers.garbage import collect_less_often
from crawlers.policy.identity import AllowError, IdentityError, OptOutError
from crawlers.shards import ShardError, parse_shard

Progress = Callable[[str, int, int], None]
STOP_SECONDS = 60


class CrawlError(GessoError):
    """A crawl that broke off."""


ERRORS = {
    kind.__name__: kind
    for kind in (
        *(ArgumentError, BrowserNotFound, StoreError, StoreFull, FrontierError, ShardError, CrawlError),
        *(AllowError, IdentityError, OptOutError, DeviceError, SettingError),
    )
}


@dataclass(frozen=True)
class Unreachable:
    """A seed that gave nothing, and why."""

    url: str
    kind: str
    reason: str


@dataclass(frozen=True)
class CrawlSummary:
    """What a run holds once a crawl has ended: totals of the run, and what this crawl added to it."""

    run_id: str
    store: str
    captures: int
    failures: dict[str, int]
    pages: int
    sites: int
    seconds: float
    new_captures: int = 0
    unreachable: tuple[Unreachable, ...] = ()
    finished: bool = True
    reason: str = "finished"
    broken: str = ""
    stats: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def nothing_new(self) -> bool:
        """Whether everything had been done by an earlier crawl of the same run."""
        return self.finished and self.stats.get("gesso/requests/taken", 0) == 0


def crawl(
    spider: str,
    arguments: Mapping[str, str],
    *,
    store: str,
    settings: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> CrawlSummary:
    """Run a spider to its end, or go on where an earlier crawl with the same arguments stopped.

    `arguments` are strings as after `-a`; `settings` are Scrapy's and GESSO_*, of JSON's types. `progress` is called in
    this thread with ("crawl", done, total). The child's log is `<store>/crawls/<run_id>/crawl.log`. Raises
    ArgumentError, BrowserNotFound, FrontierError before anything starts, CrawlError where the crawl breaks off.
    """
    begun = monotonic()
    parsed = parse_arguments(spider, arguments)
    run = run_id(spider, parsed, arguments.get("run"), parse_shard(arguments.get("shard")))
    chosen = {**(settings or {}), "GESSO_STORE": str(store)}
    check_arguments(crawls_folder(store) / run, as_json(parsed), chosen.get("GESSO_FRONTIER") or None)
    if spider in ("web", "gallery"):
        require_chromium()
    opened = CaptureStore(store, create=True)
    _check_room(store, chosen)
    _note_command(crawls_folder(store) / run, spider, arguments, chosen)
    before = {c.capture_id for c in opened.captures(run, damaged=True)}
    answer = _in_child({"spider": spider, "arguments": dict(arguments), "run": run, "settings": chosen}, progress)
    return _summary(opened, run, before, answer, monotonic() - begun)


def _check_room(store: str, settings: Mapping[str, Any]) -> None:
    least = int(settings.get("GESSO_MIN_FREE", MIN_FREE))
    word = missing_room(store, least)
    if word is not None:
        raise StoreFull(word)


def _note_command(folder: Path, spider: str, arguments: Mapping[str, str], settings: Mapping[str, Any]) -> None:
    """For whoever is to go on; passwords stay out of it."""
    folder.mkdir(parents=True, exist_ok=True)
    chosen = {name: _without_password(str(settings[name])) for name in OPTIONS if settings.get(name)}
    given = {name: value for name, value in arguments.items() if name not in ("run", "shard")}
    again = {name: arguments[name] for name in ("shard",) if arguments.get(name)}
    named = arguments.get("run") or folder.name.removesuffix(_suffix(arguments))
    noted = {"spider": spider, "arguments": {**given, **again}, "run": named, "settings": chosen}
    (folder / COMMAND).write_text(json.dumps(noted, ensure_ascii=False) + "\n", encoding="utf-8")


def _without_password(text: str) -> str:
    return re.sub(r"//[^/@\s]*@", "//USER:PASSWORD@", text)


def _suffix(arguments: Mapping[str, str]) -> str:
    shard = parse_shard(arguments.get("shard"))
    return shard.suffix if shard is not None else ""


def _summary(
    store: CaptureStore, run: str, before: set[str], answer: Mapping[str, Any], seconds: float
) -> CrawlSummary:
    captures, pages, sites, new = 0, set(), set(), 0
    for capture in store.captures(run, damaged=True):
        captures += 1
        pages.add(capture.canonical_url if capture.listing is None else capture.listing.app_id)
        sites.add(capture.site)
        new += capture.capture_id not in before
    failures: dict[str, int] = {}
    for failure in store.failures(run):
        failures[failure.kind] = failures.get(failure.kind, 0) + 1
    return CrawlSummary(
        run_id=run,
        store=store.url,
        captures=captures,
        failures=dict(sorted(failures.items())),
        pages=len(pages),
        sites=len(sites),
        seconds=round(seconds, 2),
        new_captures=new,
        unreachable=tuple(Unreachable(*seed) for seed in answer["failed_seeds"]),
        finished=bool(answer["finished"]),
        reason=str(answer["reason"]),
        broken=str(answer["broken"]),
        stats=dict(answer["stats"]),
    )


def _in_child(job: dict[str, Any], progress: Progress | None) -> dict[str, Any]:
    """Start the child, feed it its job, read its lines until it ends."""
    child = subprocess.Popen(
        [sys.executable, "-m", "crawlers.run"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path.cwd(),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(_root()), os.environ.get("PYTHONPATH")]))},
    )
    assert child.stdin is not None
    assert child.stdout is not None
    said: list[str] = []
    listener = threading.Thread(target=lambda: said.extend(child.stderr or ()), daemon=True)
    listener.start()
    answer: dict[str, Any] | None = None
    try:
        child.stdin.write(json.dumps(job) + "\n")
        child.stdin.flush()
        for line in child.stdout:
            message = json.loads(line)
            if "progress" in message:
                done, queued = message["progress"]
                if progress is not None:
                    progress("crawl", done, done + queued)
            elif "error" in message:
                raise ERRORS.get(message["error"], CrawlError)(message["message"])
            else:
                answer = message
    except KeyboardInterrupt:
        child.wait(STOP_SECONDS)  # the terminal has interrupted it too: let it put things in order
        raise
    finally:
        child.stdin.close()
        if child.poll() is None:
            try:
                child.wait(STOP_SECONDS if answer is not None else 1)
            except subprocess.TimeoutExpired:
                child.kill()
        child.wait()
        listener.join(5)
    if answer is None:
        last = next((line.strip() for line in reversed(said) if line.strip()), "no word")
        raise CrawlError(f"the crawl broke off (exit {child.returncode}: {last[:300]}): run the same command to go on")
    return answer


def _root() -> Path:
    return Path(__file__).resolve().parent.parent


def _tell(message: dict[str, Any]) -> None:
    print(json.dumps(message, default=str), flush=True)


def _end_with_caller() -> None:
    sys.stdin.read()
    os._exit(1)  # the caller is gone: as good as killed, and as safe


def main() -> int:
    """The child: one job on the first line of stdin, messages as lines of JSON on stdout."""
    collect_less_often()
    job = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_caller, daemon=True).start()
    # Before all others: as it is imported, Scrapy looks up the source of every module that there is.
    import scrapy.core.downloader.handlers.http11  # noqa: F401
    from scrapy.crawler import AsyncCrawlerProcess
    from scrapy.settings import Settings

    folder = crawls_folder(job["settings"]["GESSO_STORE"]) / job["run"]
    folder.mkdir(parents=True, exist_ok=True)
    settings = Settings()
    settings.setmodule("crawlers.settings", priority="project")
    settings.set("SPIDER_MODULES", [f"crawlers.spiders.{job['spider']}"], priority="cmdline")
    settings.setdict({"LOG_FILE": str(folder / "crawl.log"), **job["settings"]}, priority="cmdline")
    settings.set("GESSO_REPORT", lambda done, queued: _tell({"progress": [done, queued]}), priority="cmdline")
    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(job["spider"])
    task = process.crawl(crawler, **job["arguments"])
    collect_less_often()
    process.start()
    error = task.exception() if task.done() and not task.cancelled() else None
    if error is not None:
        _tell({"error": type(error).__name__, "message": str(error).strip().splitlines()[0] if str(error) else ""})
        return 2
    stats = crawler.stats.get_stats() if crawler.stats is not None else {}
    own = {key: value for key, value in stats.items() if key.startswith("gesso/") and key != "gesso/failed_seeds"}
    failed_seeds = stats.get("gesso/failed_seeds", [])
    left = sum(stats.get(f"gesso/frontier/{state}", 0) for state in ("queued", "leased"))
    finished = stats.get("finish_reason") == "finished" and not left
    reason = str(stats.get("finish_reason", "killed"))
    broken = str(stats.get("gesso/broken", ""))
    _tell({"finished": finished, "reason": reason, "broken": broken, "failed_seeds": failed_seeds, "stats": own})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
