"""Links of a page: resolved as a browser would, in order, with what the page says of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parsel import Selector

from crawlers.parsers.links import Link, page_links

HERE = "http://a.test/x/page.html"


def links_of(html: str, header: str = "") -> list[Link]:
    return list(page_links(Selector(html), HERE, header).links)


def test_links_are_absolute_canonical_and_in_order() -> None:
    html = (
        '<a href="b?utm_source=1#top">b</a><a href="#here">-</a><a href="javascript:go()">-</a><area href=/c>'
        '<a href="//other.test/é">e</a><a href="mailto:a@b.c">-</a><a>-</a>'
    )
    assert [link.url for link in links_of(html)] == ["http://a.test/x/b", "http://a.test/c", "http://other.test/%C3%A9"]


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("/deep/", "http://a.test/deep/b"),
        ("http://cdn.test/y/", "http://cdn.test/y/b"),
        ("javascript:1", "http://a.test/x/b"),
        ("", "http://a.test/x/b"),
    ],
)
def test_base(base: str, url: str) -> None:
    far = "<meta charset=utf-8>" * 500  # well beyond where a reader of the first bytes would look
    found = links_of(f'<head>{far}<base href="{base}"><base href="/second/"></head><a href="b">b</a>')
    assert [link.url for link in found] == [url]


@pytest.mark.parametrize(
    ("html", "header", "nofollow"),
    [
        ('<a href="/b" rel="sponsored NoFollow">', "", True),
        ('<meta name="ROBOTS" content="noindex, nofollow"><a href="/b">', "", True),
        ('<meta name="robots" content="none"><a href="/b">', "", True),
        ('<meta name="otherbot" content="nofollow"><a href="/b">', "", False),
        ('<a href="/b">', "nofollow", True),
        ('<a href="/b" rel="noopener">', "noindex", False),
    ],
)
def test_nofollow(html: str, header: str, nofollow: bool) -> None:
    assert links_of(html, header) == [Link("http://a.test/b", nofollow)]


def test_canonical_and_other_languages() -> None:
    html = (
        '<link rel="canonical" href="/c?utm_campaign=x"><link rel="alternate" hreflang="de" href="/de/">'
        '<link rel="alternate" type="application/rss+xml" href="/feed">'
    )
    found = page_links(Selector(html), HERE)
    assert found.canonical == "http://a.test/c"
    assert [link.url for link in found.alternates] == ["http://a.test/de/"]


@given(st.text(max_size=80), st.text(max_size=40))
def test_any_href_and_base(href: str, base: str) -> None:
    quoted = href.replace('"', "&quot;"), base.replace('"', "&quot;")
    page = f'<head><base href="{quoted[1]}"></head><a href="{quoted[0]}"></a>'
    found = page_links(Selector(page.replace("\0", "") or "<p>"), HERE)
    assert len(found.links) + found.broken <= 1


@given(st.text(max_size=200))
def test_any_document(text: str) -> None:
    assert page_links(Selector(text), HERE).broken >= 0
