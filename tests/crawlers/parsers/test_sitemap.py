"""Sitemaps: every form there is, damaged ones, and the ones that are made to hurt."""

from __future__ import annotations

import gzip
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.parsers import sitemap as module
from crawlers.parsers.sitemap import MAX_BYTES, Listed, SitemapError, parse_sitemap

NS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
URLS = f"""<?xml version="1.0" encoding="UTF-8"?>
<urlset {NS} xmlns:image="http://www.google.com/schemas/sitemap-image/1.1" xmlns:xhtml="http://www.w3.org/1999/xhtml">
 <url><loc> http://a.test/ </loc><lastmod>2024-05-01</lastmod><priority>1</priority></url>
 <url><loc>http://a.test/b?x=1&amp;y=2</loc><lastmod>yesterday</lastmod>
  <image:image><image:loc>http://a.test/p.png</image:loc></image:image>
  <xhtml:link rel="alternate" hreflang="de" href="http://a.test/de/b"/></url>
 <url><lastmod>2024</lastmod></url>
</urlset>""".encode()
LISTED = (
    Listed("http://a.test/", "2024-05-01"),
    Listed("http://a.test/b?x=1&y=2", None, ("http://a.test/de/b",)),
)


@pytest.mark.parametrize(
    "data",
    [
        URLS,
        gzip.compress(URLS, mtime=0),
        b"\xef\xbb\xbf" + URLS,
        b"\xef\xbb\xbf\r\n\n " + URLS,
        gzip.compress(URLS[:200], mtime=0) + gzip.compress(URLS[200:], mtime=0),
    ],
)
def test_a_set_of_urls_packed_or_not(data: bytes) -> None:
    found = parse_sitemap(data)
    assert (found.kind, found.entries, found.problem) == ("urls", LISTED, "")


def test_an_index() -> None:
    text = f"<sitemapindex {NS}><sitemap><loc>http://a.test/s1.xml.gz</loc></sitemap><sitemap/></sitemapindex>"
    found = parse_sitemap(text.encode())
    assert (found.kind, found.entries) == ("index", (Listed("http://a.test/s1.xml.gz"),))


def test_text_and_feeds() -> None:
    assert [e.url for e in parse_sitemap(b"http://a.test/\r\n\r\nhttps://a.test/b\n").entries] == [
        "http://a.test/",
        "https://a.test/b",
    ]
    rss = b"<rss><channel><link>http://a.test/</link><item><link>http://a.test/1</link></item></channel></rss>"
    assert [e.url for e in parse_sitemap(rss).entries] == ["http://a.test/1"]
    atom = (
        b'<feed xmlns="http://www.w3.org/2005/Atom"><link href="/"/>'
        b'<entry><link rel="self" href="/x"/><link href="http://a.test/2"/><updated>2024-01-02</updated></entry></feed>'
    )
    assert parse_sitemap(atom).entries == (Listed("http://a.test/2", "2024-01-02"),)


def test_what_came_before_a_damaged_place_stays() -> None:
    found = parse_sitemap(URLS[: URLS.index(b"<url><lastmod>")])
    assert found.entries == LISTED
    assert found.problem.startswith("XML")
    cut = parse_sitemap(gzip.compress(URLS * 1 + b" " * 5000, mtime=0)[:-12])
    assert cut.entries[:1] == LISTED[:1]
    assert "cut" in cut.problem


def test_a_bare_ampersand_is_mended() -> None:
    data = f"<urlset {NS}><url><loc>http://a.test/?a=1&b=2</loc></url><url><loc>http://a.test/?a=2&amp;b=2</loc></url></urlset>"
    assert [e.url for e in parse_sitemap(data.encode()).entries] == ["http://a.test/?a=1&b=2", "http://a.test/?a=2&b=2"]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"<html><body>404</body></html>", "bad_sitemap"),
        (b"not a sitemap", "bad_sitemap"),
        (b"\x1f\x8bnot gzip", "bad_sitemap"),
        (
            b'<!DOCTYPE u [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><urlset><url><loc>&b;</loc></url></urlset>',
            "bad_sitemap",
        ),
        (b'<!DOCTYPE u SYSTEM "file:///etc/passwd"><urlset>', "bad_sitemap"),
        (b"<urlset>" + b"<x>" * 100_000, "bad_sitemap"),
    ],
)
def test_what_is_no_sitemap_is_a_typed_error(data: bytes, kind: str) -> None:
    with pytest.raises(SitemapError) as caught:
        parse_sitemap(data)
    assert caught.value.kind == kind
    assert "\n" not in str(caught.value)


def test_a_gzip_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(b"<urlset>" + b" " * (3 * MAX_BYTES), 9)
    tracemalloc.start()
    with pytest.raises(SitemapError, match="unpacks to more") as caught:
        parse_sitemap(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert caught.value.kind == "too_large"
    assert peak < 2.5 * MAX_BYTES


def test_too_many_entries_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ENTRIES", 3)
    listed = "".join(f"<url><loc>http://a.test/{n}</loc></url>" for n in range(5))
    found = parse_sitemap(f"<urlset {NS}>{listed}</urlset>".encode())
    assert (len(found.entries), found.problem) == (3, "more than 3 entries")
    assert len(parse_sitemap(b"http://a.test/1\n" * 5).entries) == 3


@given(st.data())
def test_mutations_give_a_sitemap_or_a_typed_error(data: st.DataObject) -> None:
    original = data.draw(st.sampled_from([URLS, gzip.compress(URLS, mtime=0), b"http://a.test/\nhttp://a.test/b\n"]))
    mutated = bytearray(original)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(mutated)))
        mutated[at : at + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=20))
    try:
        found = parse_sitemap(bytes(mutated))
    except SitemapError:
        return
    assert all(entry.url for entry in found.entries)


@given(st.binary(max_size=300))
def test_any_bytes_give_a_sitemap_or_a_typed_error(data: bytes) -> None:
    for candidate in (data, b"<urlset>" + data, b"\x1f\x8b\x08" + data):
        try:
            assert isinstance(parse_sitemap(candidate).entries, tuple)
        except SitemapError:
            continue
