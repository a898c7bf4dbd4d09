"""URLs: one spelling a page, one site a group."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.urls import canonical_url, is_loopback_name, may_be_page, site_of


@pytest.mark.parametrize(
    ("given_url", "canonical"),
    [
        ("HTTP://Example.ORG:80/A?b=1#part", "http://example.org/A?b=1"),
        ("https://example.org", "https://example.org/"),
        ("https://example.org:443/x/index.html", "https://example.org/x/index.html"),
        ("http://example.org:8080/", "http://example.org:8080/"),
        ("http://example.org/?utm_source=a&b=2&gclid=1", "http://example.org/?b=2"),
        ("http://example.org/a;jsessionid=12?PHPSESSID=1", "http://example.org/a"),
        ("http://example.org/a b", "http://example.org/a%20b"),
        ("http://[::1]:80/", "http://[::1]/"),
    ],
)
def test_canonical(given_url: str, canonical: str) -> None:
    assert canonical_url(given_url) == canonical


@given(
    st.from_regex(
        r"https?://[a-z]{1,8}\.(org|test)(:[0-9]{1,4})?(/[a-zA-Z0-9%._~-]{0,8}){0,3}(\?[a-z=&0-9]{0,12})?",
        fullmatch=True,
    )
)
def test_canonical_of_canonical_is_itself(url: str) -> None:
    assert canonical_url(canonical_url(url)) == canonical_url(url)


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://www.shop.example.co.uk/x", "example.co.uk"),
        ("https://someone.github.io/x", "someone.github.io"),
        ("http://tabler.test/", "tabler.test"),
        ("http://sb-admin-2.startbootstrap.test/", "sb-admin-2.startbootstrap.test"),
        ("http://127.0.0.1:8000/x", "127.0.0.1:8000"),
        ("http://localhost/x", "localhost:80"),
    ],
)
def test_site(url: str, site: str) -> None:
    assert site_of(url) == site


@pytest.mark.parametrize(
    "url", ["mailto:a@b.c", "http://a.test/x.PDF", "ftp://a.test/", "http://a.test:99999/", "http://"]
)
def test_no_page(url: str) -> None:
    assert not may_be_page(url)


def test_loopback_is_told_from_the_name_alone() -> None:
    assert [is_loopback_name(h) for h in ("127.0.0.9", "localhost", "::1", "example.org", "10.0.0.1")] == [True] * 3 + [
        False
    ] * 2
