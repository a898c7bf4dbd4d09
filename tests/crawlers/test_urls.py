"""URLs: one spelling a page, one site a group."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawlers.urls import UrlError, canonical_url, is_loopback_name, may_be_page, site_of


@pytest.mark.parametrize(
    ("given_url", "canonical"),
    [
        ("HTTP://Example.ORG:80/A?b=1#part", "http://example.org/A?b=1"),
        ("https://example.org", "https://example.org/"),
        ("https://example.org:443/x/index.html", "https://example.org/x/index.html"),
        ("http://example.org:8080/", "http://example.org:8080/"),
        ("http://example.org/?utm_source=a&b=2&gclid=1", "http://example.org/?b=2"),
        ("http://example.org/?b=2&&a=1&", "http://example.org/?b=2&a=1"),
        ("http://example.org/a;jsessionid=12?PHPSESSID=1", "http://example.org/a"),
        ("http://example.org/(S(lit3py55t21z5v55vlm25s55))/a.aspx", "http://example.org/a.aspx"),
        ("http://example.org/?sid=0f3a9bc1d2e4f5a6b7c8&x=1", "http://example.org/?x=1"),
        ("http://example.org/?sid=12", "http://example.org/?sid=12"),
        ("http://example.org/a b", "http://example.org/a%20b"),
        ("http://example.org/%7euser/%c3%a9/%2f", "http://example.org/~user/%C3%A9/%2F"),
        ("http://example.org/é?q=é", "http://example.org/%C3%A9?q=%C3%A9"),
        ("http://example.org/100%", "http://example.org/100%25"),
        ("http://example.org/a/./b/../c/%2e%2E/d/..", "http://example.org/a/"),
        ("http://example.org/a//b/", "http://example.org/a//b/"),
        ("http:\\\\example.org\\a\\b?c=\\", "http://example.org/a/b?c=%5C"),
        (" http://exa\nmple.org/ ", "http://example.org/"),
        ("http://me:secret@example.org/", "http://example.org/"),
        ("http://Bücher.example./", "http://xn--bcher-kva.example/"),
        ("http://💩.example/", "http://xn--ls8h.example/"),
        ("http://[::1]:80/", "http://[::1]/"),
        ("http://[0:0:0:0:0:FFFF:7F00:1]/", "http://[::ffff:7f00:1]/"),
        ("http://2130706433/", "http://127.0.0.1/"),
        ("http://0x7f.1/", "http://127.0.0.1/"),
        ("mailto:a@b.c", "mailto:a@b.c"),
    ],
)
def test_canonical(given_url: str, canonical: str) -> None:
    assert canonical_url(given_url) == canonical


@pytest.mark.parametrize(
    "url",
    [
        "http://",
        "http:///x",
        "http://[::1",
        "http://a:99999/",
        "http://[fe80::1%25eth0]/",
        "http://a..b/",
        "http://a b/",
    ],
)
def test_what_no_browser_opens_is_one_typed_error(url: str) -> None:
    with pytest.raises(UrlError):
        canonical_url(url)


PIECES = st.sampled_from(
    [
        *"/?#&=;:@%.\\[]()+ ",
        "..",
        "%2e",
        "%2F",
        "%25",
        "//",
        ";jsessionid=",
        "(S(",
        "))",
        "utm_a=1",
        "sid=",
        "é",
        "xn--",
    ]
)
ODD = st.lists(PIECES | st.text(max_size=4), max_size=12).map("".join)


@given(st.sampled_from(["http://", "https://a.test/", "http://a.test", "HTTP://ü.test:81/", ""]), ODD)
@example("http://a.test/", "..;jsessionid=1/x")
@example("http://a.test/", "%%41")
@example("http://", "%2541.test/")
@example("", "////")
@example("http://a.test", "..")
def test_canonical_is_itself_or_a_typed_error(start: str, rest: str) -> None:
    try:
        once = canonical_url(start + rest)
    except UrlError:
        assert not may_be_page(start + rest)
        return
    assert canonical_url(once) == once
    assert may_be_page(start + rest) in (True, False)
    if start:
        assert site_of(start + rest) == site_of(once)


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://www.shop.example.co.uk/x", "example.co.uk"),
        ("https://someone.github.io/x", "someone.github.io"),
        ("http://tabler.test/", "tabler.test"),
        ("http://sb-admin-2.startbootstrap.test/", "sb-admin-2.startbootstrap.test"),
        ("http://127.0.0.1:8000/x", "127.0.0.1:8000"),
        ("http://localhost/x", "localhost:80"),
        ("http://www.Bücher.de/", "xn--bcher-kva.de"),
        ("http://2130706433:81/", "127.0.0.1:81"),
    ],
)
def test_site(url: str, site: str) -> None:
    assert site_of(url) == site


@pytest.mark.parametrize(
    "url", ["mailto:a@b.c", "http://a.test/x.PDF", "ftp://a.test/", "http://a.test:99999/", "http://", "javascript:1"]
)
def test_no_page(url: str) -> None:
    assert not may_be_page(url)


def test_loopback_is_told_from_the_name_alone() -> None:
    assert [is_loopback_name(h) for h in ("127.0.0.9", "localhost", "::1", "example.org", "10.0.0.1")] == [True] * 3 + [
        False
    ] * 2
