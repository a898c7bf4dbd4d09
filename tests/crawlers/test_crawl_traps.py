"""Crawls of sites without an end: they end, what was left out is counted, and the same pages are taken each time."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from crawlers.captures import CaptureStore
from crawlers.run import CrawlSummary, crawl
from tests.crawlers.generated_sites import HOSTS, GeneratedSites, endless, generated

pytestmark = pytest.mark.browser
FAST = {"GESSO_THEMES": "light", "GESSO_KINDS": "fold", "GESSO_VIEWS": "phone", "GESSO_PROBE": False}
SMALL = {"depth": "20", "per_calendar": "3", "per_list": "2", "per_query": "2", "per_token": "2", "path_depth": "4"}


def crawled(server: GeneratedSites, store: Path, hosts: tuple[str, ...], **settings: object) -> CrawlSummary:
    arguments = {"seeds": ",".join(f"http://{host}/" for host in hosts), **SMALL}
    return crawl("web", arguments, store=str(store), settings={**FAST, "GESSO_PROXY": server.address, **settings})


def paths(store: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for capture in CaptureStore(str(store)).captures():
        parts = urlsplit(capture.canonical_url)
        found.setdefault(str(parts.hostname), set()).add(parts.path + (f"?{parts.query}" if parts.query else ""))
    return found


def test_every_endless_site_ends_and_is_counted(tmp_path: Path) -> None:
    with generated(endless) as server:
        summary = crawled(server, tmp_path, tuple(HOSTS))
    assert summary.finished
    taken = paths(tmp_path)
    assert taken["calendar.test"] == {"/", "/about", "/calendar/2024/01", "/calendar/2024/02", "/calendar/2023/12"}
    assert taken["paging.test"] == {"/", "/list?page=2", "/list?page=3"}
    assert len(taken["facets.test"]) == 1 + 4 * 2
    assert {p for p in taken["sessions.test"] if not p.startswith("/s/")} == {"/", "/page-1.html", "/page-2.html"}
    assert sum(p.startswith("/s/") for p in taken["sessions.test"]) == 2
    assert {"/again/again/", "/1/again/"} <= taken["deep.test"]
    assert not any("/again/again/again" in p or p.count("/") > 4 for p in taken["deep.test"])
    for kind in ("calendar", "list", "query", "token", "path_depth", "path_repeats"):
        assert summary.stats[f"gesso/traps/{kind}"] > 0, kind


def test_the_same_pages_whatever_the_timing(tmp_path: Path) -> None:
    hosts = ("facets.test",)
    with generated(endless) as server:
        crawled(server, tmp_path / "three", hosts, GESSO_PAGES=3)
        crawled(server, tmp_path / "one", hosts, GESSO_PAGES=1)
    taken = paths(tmp_path / "three")
    assert len(taken["facets.test"]) == 9
    assert taken == paths(tmp_path / "one")
