"""Crawls that begin with sitemaps: indexes, packed and plain ones, those that robots.txt names, and hostile ones."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from crawlers.captures import CaptureStore
from crawlers.run import crawl
from pipelines.site_server import SiteServer, serving

pytestmark = pytest.mark.browser
FAST = {"GESSO_THEMES": "light", "GESSO_KINDS": "fold", "GESSO_VIEWS": "phone", "GESSO_PROBE": False}
NS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def urlset(*urls: str) -> bytes:
    dated = "".join(f"<url><loc>{url}</loc><lastmod>2024-02-0{n}</lastmod></url>" for n, url in enumerate(urls, 1))
    return f"<urlset {NS}>{dated}</urlset>".encode()


def index(*urls: str) -> bytes:
    return f"<sitemapindex {NS}>{''.join(f'<sitemap><loc>{u}</loc></sitemap>' for u in urls)}</sitemapindex>".encode()


@pytest.fixture
def sites(tmp_path: Path) -> dict[str, Path]:
    mapped, other = tmp_path / "mapped.test", tmp_path / "far.test"
    for folder in (mapped, other):
        folder.mkdir()
        for name in ("index", "one", "two", "three"):
            (folder / f"{name}.html").write_text(f"<!doctype html><title>{name}</title><h1>{name}</h1>")
    (mapped / "robots.txt").write_text(
        "User-agent: *\nAllow: /\nSitemap: http://mapped.test/index.xml\nSitemap: /no.xml\n"
    )
    children = ("http://mapped.test/pages.xml.gz", "http://mapped.test/list.txt", "http://far.test/s.xml", "/bomb.gz")
    (mapped / "index.xml").write_bytes(index(*children))
    pages = urlset("http://mapped.test/one.html", "http://far.test/two.html", "http://mapped.test/a/a/a/", "/p.pdf")
    (mapped / "pages.xml.gz").write_bytes(gzip.compress(pages))
    (mapped / "list.txt").write_text("http://mapped.test/two.html\nhttp://mapped.test/one.html\n")
    (mapped / "bomb.gz").write_bytes(gzip.compress(b"<urlset>" + bytes(60 << 20)))
    (mapped / "deep.xml").write_bytes(index("http://mapped.test/deep.xml?2"))
    return {"mapped.test": mapped, "far.test": other}


def pages_of(store: Path) -> set[str]:
    return {c.canonical_url for c in CaptureStore(str(store)).captures()}


def run(server: SiteServer, store: Path, **arguments: str) -> tuple[set[str], dict[str, int], dict[str, object]]:
    summary = crawl(
        "web", {"depth": "0", **arguments}, store=str(store), settings={**FAST, "GESSO_PROXY": server.address}
    )
    assert summary.finished
    return pages_of(store), summary.failures, summary.stats


def test_what_robots_txt_names(sites: dict[str, Path], tmp_path: Path) -> None:
    with serving(sites) as server:
        found, failures, stats = run(server, tmp_path / "s", seeds="http://mapped.test/", sitemaps="robots")
    assert found == {f"http://mapped.test/{name}" for name in ("", "one.html", "two.html")}
    assert failures == {"http_404": 1, "too_large": 1}
    assert stats["gesso/sitemaps/off_site"] == 2  # a child sitemap and a page
    assert stats["gesso/sitemaps/no_page"] == 1
    assert stats["gesso/traps/path_repeats"] == 1
    lastmods = {c.canonical_url: c.metadata.get("lastmod") for c in CaptureStore(str(tmp_path / "s")).captures()}
    assert lastmods["http://mapped.test/one.html"] == "2024-02-01"


def test_a_named_sitemap_across_sites_and_the_cap(sites: dict[str, Path], tmp_path: Path) -> None:
    with serving(sites) as server:
        sitemap = "http://mapped.test/pages.xml.gz"
        found, _, _ = run(server, tmp_path / "s", sitemap=sitemap, cross_site="1", path_repeats="1", per_site="1")
    assert found == {"http://mapped.test/one.html", "http://far.test/two.html"}


def test_an_index_within_an_index_within_an_index_ends(sites: dict[str, Path], tmp_path: Path) -> None:
    (sites["mapped.test"] / "deep2.xml").write_bytes(index("http://mapped.test/deep3.xml"))
    (sites["mapped.test"] / "deep3.xml").write_bytes(index("http://mapped.test/deep.xml"))
    (sites["mapped.test"] / "deep.xml").write_bytes(index("http://mapped.test/deep2.xml"))
    with serving(sites) as server:
        arguments = {"sitemap": "http://mapped.test/deep.xml,http://mapped.test/no.xml"}
        settings = {**FAST, "GESSO_PROXY": server.address}
        summary = crawl("web", arguments, store=str(tmp_path / "s"), settings=settings)
    assert summary.failures == {"http_404": 1, "sitemap_nesting": 1}
    assert [(seed.url, seed.kind) for seed in summary.unreachable] == [("http://mapped.test/no.xml", "http_404")]
