"""Whole crawls that meet a full disk, a signal, a share, a second worker or a failure that mends; no browser needed."""

from __future__ import annotations

import json
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from crawlers.captures import CaptureStore, StoreFull
from crawlers.retry import retry
from crawlers.run import crawl
from crawlers.status import status
from pipelines.site_server import SiteServer, serving
from tests.crawlers.conftest import file_entry, picture, write_repository
from tests.crawlers.frontier.conftest import redis_url

__all__ = ["redis_url"]
ROOT = Path(__file__).resolve().parents[2]
APPS = 12
ARGUMENTS = {"repo": "http://store.test/repo", "entry": "json"}


@contextmanager
def repository(folder: Path, apps: int = APPS) -> Iterator[SiteServer]:
    """Serves `apps` apps of one screenshot each, every picture its own."""
    packages, files = {}, {}
    for number in range(apps):
        name, data = f"/app{number}/1.png", picture((number, 1, 1), (400, 400))
        files[name] = data
        shots = {"phone": {"en-US": [file_entry(name, data)]}}
        packages[f"app{number}"] = {"metadata": {"name": {"en-US": f"App {number}"}, "screenshots": shots}}
    write_repository(folder / "store/repo", packages, files)
    with serving({"store.test": folder / "store"}) as server:
        yield server


def command(store: Path, server: SiteServer, *more: str) -> list[str]:
    given = [word for key, value in ARGUMENTS.items() for word in ("-a", f"{key}={value}")]
    settings = ["-s", f"GESSO_STORE={store}", "-s", f"GESSO_PROXY={server.address}"]
    return [sys.executable, "-m", "scrapy", "crawl", "fdroid", *given, *settings, *more]


def run(words: list[str], **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=ROOT, check=False, capture_output=True, text=True, timeout=120, **more)


def ids(store: Path) -> list[str]:
    return [capture.capture_id for capture in CaptureStore(str(store)).captures()]


def test_too_little_room_is_said_before_anything_starts(tmp_path: Path) -> None:
    settings = {"GESSO_MIN_FREE": 1 << 60}
    with pytest.raises(StoreFull, match=r"make room for \d+ MiB more"):
        crawl("fdroid", ARGUMENTS, store=str(tmp_path / "s"), settings=settings)
    with repository(tmp_path) as server:
        done = run(command(tmp_path / "s", server, "-s", f"GESSO_MIN_FREE={1 << 60}"))
    assert done.returncode == 2
    assert "GESSO_MIN_FREE asks for" in done.stderr.strip().splitlines()[-1]
    assert ids(tmp_path / "s") == []


def test_a_write_that_finds_no_room_keeps_the_request(tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))  # as good as a full disk for anything larger

    packages: dict[str, object] = {}
    small, large = picture((1, 2, 3)), picture((3, 2, 1)) + bytes(300_000)
    for name, data in (("small", small), ("large", large)):
        shots = {"phone": {"en-US": [file_entry(f"/{name}.png", data)]}}
        packages[name] = {"metadata": {"name": {"en-US": name}, "screenshots": shots}}
    write_repository(tmp_path / "store/repo", packages, {"/small.png": small, "/large.png": large})
    store = tmp_path / "captures"
    with serving({"store.test": tmp_path / "store"}) as server:
        done = run(command(store, server, "--loglevel=ERROR"), preexec_fn=limit)
        assert done.returncode == 2, done.stderr
        assert "the same command goes on" in done.stderr.strip().splitlines()[-1]
        (before,) = status(str(store))
        assert before.total.failed == 0
        assert before.total.queued > 0
        assert before.finish_reason == "disk_full"
        again = run(command(store, server))
    assert again.returncode == 0, again.stderr
    assert len(ids(store)) == 2
    assert list(CaptureStore(str(store)).failures()) == []


def test_shares_are_disjoint_and_whole(tmp_path: Path) -> None:
    taken: list[str] = []
    with repository(tmp_path) as server:
        for index in range(2):
            summary = crawl(
                "fdroid",
                {**ARGUMENTS, "shard": f"{index}/2"},
                store=str(tmp_path / "s"),
                settings={"GESSO_PROXY": server.address},
            )
            assert summary.run_id.endswith(f"-{index}of2")
            assert 0 < summary.new_captures < APPS
            taken += [capture.capture_id for capture in CaptureStore(str(tmp_path / "s")).captures(summary.run_id)]
    assert len(taken) == len(set(taken)) == APPS


def test_a_failure_that_a_retry_mends_is_counted_no_more(tmp_path: Path) -> None:
    store, settings = str(tmp_path / "s"), {}
    with repository(tmp_path) as server:
        settings = {"GESSO_PROXY": server.address, "RETRY_ENABLED": False}
        missing = tmp_path / "store/repo/app3/1.png"
        shutil.move(missing, tmp_path / "aside.png")
        first = crawl("fdroid", ARGUMENTS, store=store, settings=settings)
        assert first.failures == {"http_404": 1}
        shutil.move(tmp_path / "aside.png", missing)
        (put,) = retry(store, "status = 404")
        assert (put.put_back, put.command) == (
            1,
            f"gesso crawl fdroid --repo {ARGUMENTS['repo']} --entry json --run {first.run_id} --proxy {server.address}",
        )
        second = crawl("fdroid", ARGUMENTS, store=store, settings=settings)
    assert (second.captures, second.failures, second.finished) == (APPS, {}, True)
    assert [failure.kind for failure in CaptureStore(store).failures(mended=True)] == ["http_404"]


def test_statistics_lie_beside_the_frontier(tmp_path: Path) -> None:
    with repository(tmp_path) as server:
        summary = crawl("fdroid", ARGUMENTS, store=str(tmp_path / "s"), settings={"GESSO_PROXY": server.address})
    folder = tmp_path / "s/crawls" / summary.run_id
    stats = json.loads((folder / "stats.json").read_text())
    assert stats["gesso/captures"] == APPS
    assert stats["finish_reason"] == "finished"
    assert (
        f'gesso_captures_total{{run="{summary.run_id}",spider="fdroid"}} {APPS}\n'
        in (folder / "stats.prom").read_text()
    )
    (found,) = status(str(tmp_path / "s"))
    assert found.total.bytes == sum(c.image.bytes for c in CaptureStore(str(tmp_path / "s")).captures())
    assert not list(folder.glob("*.part"))


def wait_for(what: Callable[[], bool], running: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while not what():
        assert time.monotonic() < deadline
        assert running.poll() is None
        time.sleep(0.02)


def lines(store: Path) -> int:
    return sum(len(path.read_bytes().splitlines()) for path in (store / "log").glob("*.jsonl"))


def start(words: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


SLOW = ("-s", "DOWNLOAD_DELAY=0.3", "-s", "CONCURRENT_REQUESTS_PER_DOMAIN=1", "-s", "RANDOMIZE_DOWNLOAD_DELAY=0")


def test_a_signal_ends_in_order_and_the_same_command_goes_on(tmp_path: Path) -> None:
    store = tmp_path / "s"
    with repository(tmp_path) as server:
        running = start(command(store, server, *SLOW))
        wait_for(lambda: lines(store) >= 2, running)
        running.send_signal(signal.SIGTERM)
        assert running.wait(60) == 130
        (found,) = status(str(store))
        assert found.total.leased == 0
        assert found.finish_reason == "shutdown"
        assert 2 <= lines(store) < APPS
        assert run(command(store, server)).returncode == 0
    assert lines(store) == len(set(ids(store))) == APPS


def test_two_workers_share_a_run_and_one_is_killed(tmp_path: Path, redis_url: str) -> None:
    store = tmp_path / "s"
    shared = (
        "-s",
        f"GESSO_FRONTIER={redis_url}",
        "-s",
        "GESSO_LEASE_SECONDS=6",
        "-a",
        f"run=r{tmp_path.name[:40]}",
        *("-s", "DOWNLOAD_DELAY=0.2", "-s", "CONCURRENT_REQUESTS_PER_DOMAIN=40"),
    )
    with repository(tmp_path, 80) as server:
        one, two = (start(command(store, server, *shared)) for _ in range(2))
        wait_for(lambda: len(list((store / "log").glob("*.jsonl"))) == 2, one)
        one.kill()
        assert two.wait(100) == 0
        one.wait()
    assert len(set(ids(store))) == len(ids(store)) == 80
    (found,) = status(str(store), frontier=redis_url)[-1:]
    assert (found.total.queued, found.total.leased, found.running) == (0, 0, False)
