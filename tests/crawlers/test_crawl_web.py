"""Whole crawls of small sites with a real Chromium, uninterrupted and killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crawlers.browser.processes import end_orphans
from crawlers.captures import CaptureStore
from crawlers.run import crawl
from pipelines.site_server import SiteServer

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]
KILLED = {"seeds": "http://plain.test/", "depth": "2", "per_site": "5"}


def command(store: Path, proxy: str, arguments: dict[str, str]) -> list[str]:
    given = [word for key, value in arguments.items() for word in ("-a", f"{key}={value}")]
    settings = ["-s", f"GESSO_STORE={store}", "-s", f"GESSO_PROXY={proxy}", "-s", "GESSO_THEMES=light"]
    return [sys.executable, "-m", "scrapy", "crawl", "web", *given, *settings]


def test_robots_opt_outs_and_unreachable_seeds(server: SiteServer, tmp_path: Path) -> None:
    store = str(tmp_path / "captures")
    settings = {"GESSO_PROXY": server.address, "GESSO_THEMES": "light"}
    arguments = {"seeds": "http://robots.test/,http://nowhere.test/", "depth": "1"}
    summary = crawl("web", arguments, store=store, settings=settings)
    captures = list(CaptureStore(store).captures())
    assert {c.canonical_url for c in captures} == {"http://robots.test/", "http://robots.test/open.html"}
    robots = captures[0].rights.signals[0]
    assert (robots.source, robots.effect) == ("robots.txt", "allow")
    assert "Disallow: /private" in robots.evidence
    failures = {f.url: f.kind for f in CaptureStore(store).failures()}
    assert failures == {
        "http://robots.test/private/index.html": "robots",
        "http://robots.test/noai.html": "opt_out",
        "http://nowhere.test/": "http_404",
    }
    assert [seed.url for seed in summary.unreachable] == ["http://nowhere.test/"]
    assert (summary.pages, summary.sites) == (2, 1)


@pytest.mark.parametrize("at_once", [1, 3])
def test_a_page_never_waits_for_its_own_place(server: SiteServer, tmp_path: Path, at_once: int) -> None:
    """What a page's host is asked beside the page goes through the same narrow slot, as narrow as on the public web."""
    store = str(tmp_path / "captures")
    seeds = ["http://plain.test/", "http://plain.test/page-1.html", "http://plain.test/page-2.html"]
    settings = {"GESSO_PROXY": server.address, "GESSO_THEMES": "light", "GESSO_VIEWS": "phone", "GESSO_KINDS": "fold"}
    narrow = {"CONCURRENT_REQUESTS_PER_DOMAIN": at_once, "GESSO_PAGE_SECONDS": 60}
    crawl("web", {"seeds": ",".join(seeds), "depth": "0"}, store=store, settings=settings | narrow)
    assert {c.url for c in CaptureStore(store).captures()} == set(seeds)
    assert [f.reason for f in CaptureStore(store).failures()] == []


def test_killed_in_the_middle_it_ends_with_the_same_captures(server: SiteServer, tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    subprocess.run(command(whole, server.address, KILLED), cwd=ROOT, check=True, capture_output=True, timeout=120)
    running = subprocess.Popen(
        command(killed, server.address, KILLED),
        cwd=ROOT,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    log = killed / "log"
    deadline = time.monotonic() + 90
    while running.poll() is None and sum(len(p.read_bytes().splitlines()) for p in log.glob("*.jsonl")) < 6:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(running.pid, signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    before = {c.capture_id for c in CaptureStore(str(killed)).captures()}
    subprocess.run(command(killed, server.address, KILLED), cwd=ROOT, check=True, capture_output=True, timeout=120)
    expected = {c.capture_id for c in CaptureStore(str(whole)).captures()}
    assert 0 < len(before) < len(expected)
    assert {c.capture_id for c in CaptureStore(str(killed)).captures()} == expected
    assert len({c.canonical_url for c in CaptureStore(str(whole)).captures()}) == 5
    assert end_orphans() == 0


def test_a_browser_that_does_not_start_ends_the_crawl_and_costs_no_page(
    server: SiteServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    store, settings = str(tmp_path / "captures"), {"GESSO_PROXY": server.address, "GESSO_THEMES": "light"}
    arguments = {"seeds": "http://plain.test/,http://robots.test/", "depth": "0"}
    with monkeypatch.context() as patched:
        patched.setenv("GESSO_CHROMIUM", str(broken))
        first = crawl("web", arguments, store=store, settings=settings)
    assert (first.reason, first.finished, first.failures) == ("browser_missing", False, {})
    assert f"{broken} does not start" in first.broken
    second = crawl("web", arguments, store=store, settings=settings)
    assert (second.finished, second.pages, second.failures) == (True, 2, {})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"seeds": "nowhere.txt"}, "seeds='nowhere.txt' is neither"),
        ({"seeds": "http://plain.test/", "views": "phone,iPhone 0"}, "view 'iPhone 0' is neither"),
    ],
)
def test_a_wrong_argument_is_one_line_and_exit_2(tmp_path: Path, arguments: dict[str, str], words: str) -> None:
    done = subprocess.run(
        command(tmp_path, "http://127.0.0.1:1", arguments), cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].startswith(words)
    assert "Traceback" not in done.stderr
    assert not CaptureStore(str(tmp_path), create=True).runs(), "nothing was begun"
