"""Traps: what is refused by its looks, and which URLs are one family."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.traps import KINDS, TrapLimits, buckets, refused
from crawlers.urls import UrlError, canonical_url

LIMITS = TrapLimits()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", None),
        ("/docs/en/guide/en/start", None),
        ("/2024/11/11/eleven", None),
        ("/a/a/a", "path_repeats"),
        ("/a/a/x", None),
        ("/img/css/img/css/img/css/x", "path_repeats"),
        ("/a/b/c/a/d/a/e/a/f/a/g", "path_repeats"),
        ("/" + "/".join(map(str, range(16))), "path_depth"),
        ("/?" + "&".join(f"p{n}=1" for n in range(11)), "parameters"),
        ("/" + "x" * 1000, "long_url"),
        ("/?q=" + "x" * 900, None),
    ],
)
def test_refused_by_its_looks(path: str, kind: str | None) -> None:
    assert refused(f"http://a.test{path}", LIMITS) == kind


def test_a_rule_is_switched_off_with_0() -> None:
    off = TrapLimits(*[0] * 9)
    for path in ("/a/a/a/a/a/a", "/" + "x/" * 900, "/?" + "&".join(f"p{n}=1" for n in range(90))):
        assert refused(f"http://a.test{path}", off) is None
    assert buckets("http://a.test/2024/01/?page=3&year=2024", off) == ()


def families(*urls: str, kind: str, limits: TrapLimits = LIMITS) -> list[set[str]]:
    return [{b.name for b in buckets(f"http://a.test{url}", limits) if b.kind == kind} for url in urls]


@pytest.mark.parametrize(
    ("kind", "urls"),
    [
        ("calendar", ["/events/2024-01/", "/events/2031-12/"]),
        ("calendar", ["/cal/2024/1/2", "/cal/2025/12", "/cal/1999"]),
        ("calendar", ["/cal?year=2024&month=1", "/cal?year=2090&month=12"]),
        ("calendar", ["/cal?date=20240101", "/cal?date=2024-02-03", "/cal?date=1700000000"]),
        ("calendar", ["/cal?start_date=1/2/2024&view=week", "/cal?start_date=3/2/2024&view=week"]),
        ("list", ["/blog/page/2", "/blog/page/300"]),
        ("list", ["/shop?color=red&page=2", "/shop?color=red&page=9"]),
        ("list", ["/shop?offset=20", "/shop?offset=40"]),
        ("query", ["/shop?color=red&size=1", "/shop?size=2&color=blue"]),
        ("token", ["/s/8f14e45fceea167a5a36/index", "/s/c9f0f895fb98ab9159f5/index"]),
    ],
)
def test_one_family(kind: str, urls: list[str]) -> None:
    first, *others = families(*urls, kind=kind)
    assert first
    assert all(first == other for other in others)


@pytest.mark.parametrize(
    ("kind", "urls"),
    [
        ("calendar", ["/2024/01/02/one-post", "/2024/01/02/another"]),
        ("calendar", ["/events/2024-01/", "/news/2024-01/"]),
        ("list", ["/shop?color=red&page=2", "/shop?color=blue&page=2"]),
        ("token", ["/s/8f14e45fceea167a5a36/index", "/s/8f14e45fceea167a5a36/about"]),
    ],
)
def test_two_families(kind: str, urls: list[str]) -> None:
    first, other = families(*urls, kind=kind)
    assert first
    assert other
    assert not first & other


def test_a_plain_page_is_of_no_family() -> None:
    assert buckets("http://a.test/products/chair-2", LIMITS) == ()


def test_query_names_share_a_cap_of_the_path() -> None:
    one, other = families("/shop?color=red", "/shop?size=1&brand=2", kind="query")
    assert len(one & other) == 1


def test_the_pages_of_a_list_are_no_search_of_their_own() -> None:
    assert families("/shop?page=2", "/cal?year=2024&month=2", kind="query") == [set(), set()]
    one, other = families("/shop?color=red&page=2", "/shop?color=blue", kind="query")
    assert one == other


def test_templates_are_capped_only_where_asked() -> None:
    capped = TrapLimits(per_template=5)
    one, same, other, root = families("/p/chair", "/p/table", "/q/chair", "/chair", kind="template", limits=capped)
    assert one == same
    assert len({*one, *other, *root}) == 3
    assert families("/p/chair", kind="template") == [set()]


@given(st.text(max_size=60).map(lambda text: f"http://a.test/{text}"))
def test_any_canonical_url_has_an_answer(url: str) -> None:
    try:
        canonical = canonical_url(url)
    except UrlError:
        return
    assert refused(canonical, LIMITS) in (None, *KINDS)
    found = buckets(canonical, TrapLimits(per_template=3))
    assert found == buckets(canonical, TrapLimits(per_template=3))
    assert all(b.kind in KINDS and b.cap > 0 for b in found)
