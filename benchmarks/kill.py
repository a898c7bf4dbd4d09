"""Kill a crawl at random moments and resume it, then kill one of two workers: nothing may be lost, doubled or torn.

`python -m benchmarks.kill [--pages 200] [--kills 20] [--seed 7]` makes its own site and starts its own Redis.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import CannotRun, Figure, at_least, at_most, main
from crawlers.browser.processes import end_orphans
from crawlers.captures import CaptureStore
from crawlers.frontier.redis_server import REMEDY, find_redis_server, redis_server
from pipelines.site_server import SiteServer, serving

ROOT = Path(__file__).resolve().parents[1]
FAN = 8
LIMIT_SECONDS = 1800
WORKER_SITES = 4


def write_site(root: Path, pages: int) -> None:
    """A tree of small pages, each its own colour, `FAN` links a page."""
    root.mkdir(parents=True)
    for number in range(pages):
        first = number * FAN + 1
        links = "".join(f'<a href="/{n or "index"}.html">{n}</a> ' for n in range(first, min(first + FAN, pages)))
        colour = hashlib.sha256(str(number).encode()).hexdigest()[:6]
        text = f"<!doctype html><title>Page {number}</title><body style='background:#{colour}'><h1>Page {number}</h1>"
        (root / f"{number or 'index'}.html").write_text(f"{text}<p>Some words to look at.</p>{links}")


@dataclass
class Crawl:
    """One command that crawls the sites into a store."""

    store: Path
    server: SiteServer
    hosts: list[str]
    settings: tuple[str, ...] = ()

    def start(self) -> subprocess.Popen[bytes]:
        """In a process group of its own, so that a kill takes all of it."""
        seeds = ",".join(f"http://{host}/" for host in self.hosts)
        given = ["-a", f"seeds={seeds}", "-a", "depth=12", "-a", "views=desktop", "-a", "themes=light"]
        given += ["-a", "kinds=fold", "-a", "run=kill", "-s", f"GESSO_STORE={self.store}", *self.settings]
        words = [sys.executable, "-m", "scrapy", "crawl", "web", *given, "-s", f"GESSO_PROXY={self.server.address}"]
        with (self.store.parent / "crawl.log").open("ab") as log:
            return subprocess.Popen(words, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)


def kill(running: subprocess.Popen[bytes]) -> None:
    """SIGKILL to the whole group."""
    with suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()


def captured(store: Path) -> int:
    """Whole lines of the logs so far."""
    return sum(path.read_bytes().count(b"\n") for path in (store / "log").glob("*.jsonl"))


def kill_and_resume(crawl: Crawl, kills: int, pages: int, chance: random.Random) -> tuple[int, int]:
    """(kills that hit a running crawl, exit code of the last, undisturbed run)."""
    hit = 0
    deadline = time.monotonic() + LIMIT_SECONDS
    for turn in range(kills):
        running = crawl.start()
        goal = captured(crawl.store) + chance.randint(
            0, max(1, 2 * (pages - captured(crawl.store)) // (kills - turn + 1))
        )
        patience = time.monotonic() + chance.uniform(2, 30)
        while running.poll() is None and captured(crawl.store) < goal and time.monotonic() < patience:
            time.sleep(0.02)
        hit += running.poll() is None
        kill(running)
        if time.monotonic() > deadline:
            raise CannotRun(f"{turn + 1} kills took over {LIMIT_SECONDS} s: see {crawl.store.parent / 'crawl.log'}")
    last = crawl.start()
    try:
        return hit, last.wait(LIMIT_SECONDS)
    finally:
        kill(last)


def check(name: str, store: Path, pages: int) -> list[Figure]:
    """What must hold of a store once its crawl has ended."""
    opened = CaptureStore(str(store))
    captures = list(opened.captures())
    distinct = {capture.capture_id for capture in captures}
    union = {capture.canonical_url for capture in captures}
    # One view of a page that never changes: a second capture of it would be a double under another id.
    doubled = len(captures) - len({(c.canonical_url, c.view.model_dump_json()) for c in captures})
    return [
        at_least(f"{name}: pages captured", round(100 * len(union) / pages, 2), "%", 100),
        at_most(f"{name}: doubled captures", doubled + len(captures) - len(distinct), "captures", 0),
        at_most(f"{name}: torn or missing blobs", torn_blobs(store) + missing_blobs(opened), "files", 0),
        at_most(f"{name}: logs that end within a line", half_lines(store), "files", 0),
    ]


def torn_blobs(store: Path) -> int:
    """Files whose bytes are not what their names say; what a kill left aside does not bear a blob's name."""
    wrong = 0
    for path in (store / "blobs").rglob("*"):
        if path.is_file() and not path.name.endswith(".part"):
            wrong += hashlib.sha256(path.read_bytes()).hexdigest() != path.name.split(".")[0]
    return wrong


def missing_blobs(store: CaptureStore) -> int:
    """Captures whose image or snapshot is not there."""
    missing = 0
    for capture in store.captures():
        missing += not store.fs.exists(store.blob_path(capture.image.sha256, capture.image.format))
        dom = capture.page.dom_sha256 if capture.page else None
        missing += dom is not None and not store.fs.exists(store.blob_path(dom, "dom"))
    return missing


def half_lines(store: Path) -> int:
    """Logs whose last line is not whole."""
    return sum(1 for path in (store / "log").glob("*.jsonl") if not path.read_bytes().endswith(b"\n"))


def two_workers(folder: Path, server: SiteServer, hosts: list[str], pages: int) -> list[Figure]:
    """Two workers on one frontier, one of them killed when a third of the pages is there."""
    store = folder / "shared"
    with redis_server(folder) as url:
        crawl = Crawl(store, server, hosts, ("-s", f"GESSO_FRONTIER={url}", "-s", "GESSO_LEASE_SECONDS=5"))
        doomed, survivor = crawl.start(), crawl.start()
        try:
            deadline = time.monotonic() + LIMIT_SECONDS
            while doomed.poll() is None and captured(store) < pages // 3 and time.monotonic() < deadline:
                time.sleep(0.02)
            hit = doomed.poll() is None
            kill(doomed)
            code = survivor.wait(LIMIT_SECONDS)
        finally:
            kill(doomed)
            kill(survivor)
    ended = Figure("workers: killed while at work, other's exit code", code, "", "0", hit and code == 0)
    return [ended, *check("workers", store, pages)]


def run(argv: Sequence[str]) -> list[Figure]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kill", description=__doc__)
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args(argv)
    if find_redis_server() is None:
        raise CannotRun(f"no redis-server was found: {REMEDY}")
    with tempfile.TemporaryDirectory(prefix="gesso-kill-") as name:
        folder = Path(name)
        hosts = {f"site{n}.test": folder / "sites" / str(n) for n in range(WORKER_SITES)}
        for root in hosts.values():
            write_site(root, given.pages // WORKER_SITES)
        pages = given.pages // WORKER_SITES * WORKER_SITES
        with serving(hosts) as server:
            crawl = Crawl(folder / "killed", server, list(hosts))
            hit, code = kill_and_resume(crawl, given.kills, pages, random.Random(given.seed))
            figures = [
                Figure("kills that hit a running crawl", hit, "kills"),
                Figure("exit code of the last run", code, "", "0", code == 0),
                *check("resumed", crawl.store, pages),
                *two_workers(folder, server, list(hosts), pages),
            ]
            figures.append(at_most("orphaned browsers", end_orphans(), "processes", 0))
            if not all(figure.ok for figure in figures):
                sys.stderr.write((folder / "crawl.log").read_text(errors="replace")[-3000:])
    return figures


if __name__ == "__main__":
    raise SystemExit(main("kill", run))
