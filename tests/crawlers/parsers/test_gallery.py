"""Gallery pages: entries by selectors, where their links lead, and a loud error where the layout has changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parsel import Selector
from pydantic import ValidationError

from crawlers.parsers.gallery import (
    DetailSelectors,
    GalleryError,
    GallerySelectors,
    Showcase,
    number_in,
    outbound,
    parse_detail,
    parse_gallery,
    skipped,
)

HERE = "http://gallery.test/best"
HOW = GallerySelectors(
    item="li.site", link="a.visit", detail="a.more", title="h2", tags=".tag", votes=".votes", rank=".rank", next="a[rel=next]",
    on_detail=DetailSelectors(link="a#visit", tags=".tag", votes="b"),
)  # fmt: skip
PAGE = """
<ul>
 <li class="site"><h2> One
   site</h2><a class="visit" href="/out?url=http%3A%2F%2Fone.test%2F%3Fa%3D1">visit</a><a class="more" href="/s/1">more</a>
  <span class="tag">#Minimal</span><span class="tag">Portfolio</span><i class="votes">1,234 votes</i><b class="rank">#1</b></li>
 <li class="site"><h2></h2><span class="visit"><a href="http://two.test">v</a></span><i class="votes">1.5k</i>
  <span class="tag">Shop, Dark</span></li>
 <li class="site"><a class="visit" href="mailto:x@y.z">write</a></li>
</ul><a rel="next" href="?page=2">next</a>"""


def test_entries_and_the_next_page() -> None:
    found = parse_gallery(Selector(PAGE), HERE, HOW.model_copy(update={"link": ".visit"}))
    out = "http://gallery.test/out?url=http%3A%2F%2Fone.test%2F%3Fa%3D1"
    assert found.entries == (
        Showcase(1, out, "http://gallery.test/s/1", "One site", ("minimal", "portfolio"), 1234, 1),
        Showcase(2, "http://two.test/", None, "", ("shop", "dark"), 1500, None),
        Showcase(3),
    )
    assert found.next == "http://gallery.test/best?page=2"


def test_a_detail_page_adds_what_the_listing_lacks() -> None:
    listed = Showcase(4, None, "http://gallery.test/s/4", "Four", ("a",), None, 4)
    page = Selector('<a id="visit" href="http://four.test/">go</a><b>17</b><i class="tag">b</i><i class="tag">a</i>')
    assert parse_detail(page, "http://gallery.test/s/4", HOW, listed) == Showcase(
        4, "http://four.test/", "http://gallery.test/s/4", "Four", ("a", "b"), 17, 4
    )
    with pytest.raises(GalleryError, match=r"on_detail\.link") as caught:
        parse_detail(Selector("<p>new design</p>"), HERE, HOW, listed)
    assert caught.value.kind == "layout_changed"


@pytest.mark.parametrize(
    ("html", "said"), [("<ul></ul>", "item='li.site'"), ("<li class=site><a href=/x>x</a></li>", "link='a.visit'")]
)
def test_a_changed_layout_is_an_error(html: str, said: str) -> None:
    with pytest.raises(GalleryError, match=said):
        parse_gallery(Selector(html), HERE, HOW)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://one.test/", "http://one.test/"),
        ("http://gallery.test/out?url=http%3A%2F%2Fone.test%2Fa%3Fb%3D1%26c%3D2", "http://one.test/a?b=1&c=2"),
        ("http://gallery.test/out?id=3&to=https%253A%252F%252Fone.test", "https://one.test/"),
        ("http://gallery.test/go/https://one.test/x?y=1", "https://one.test/x?y=1"),
        ("http://gallery.test/go/https:/one.test/x", "https://one.test/x"),
        ("http://www.gallery.test/out?url=http://shots.gallery.test/1", None),
        ("http://gallery.test/out?url=javascript:alert(1)", None),
        ("http://gallery.test/visit/17", None),
    ],
)
def test_where_a_link_leads(url: str, target: str | None) -> None:
    gallery = "http://gallery.test/" if "www" not in url else "http://www.gallery.test/"
    assert outbound(url, gallery) == (target if "www" not in url else outbound(url, gallery))
    assert outbound(url, gallery) is None or not str(outbound(url, gallery)).startswith("javascript")


def test_what_is_no_showcased_site() -> None:
    gallery = "https://gallery.example.org/"
    urls = [
        "https://www.example.org/",
        "https://x.com/a",
        "https://apps.apple.com/a",
        "https://ads.test/",
        "https://one.test/",
    ]
    assert [skipped(url, gallery, ("ads.test",)) for url in urls] == ["own", "social", "store", "skip", None]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("#3", 3),
        ("1,234", 1234),
        ("12 345 votes", 12345),
        ("1.5k", 1500),
        ("2M", 2e6),
        ("4.5", 4.5),
        ("none", None),
        ("", None),
    ],
)
def test_numbers(text: str, number: float | None) -> None:
    assert number_in(text) == number


@pytest.mark.parametrize(
    "fields",
    [{"item": "li"}, {"item": "li", "link": "a[["}, {"item": " ", "link": "a"}, {"item": "li", "link": "a", "x": 1}],
)
def test_selectors_are_checked(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        GallerySelectors.model_validate(fields)


@given(st.lists(st.sampled_from(PAGE.split(">")) | st.text(max_size=5), max_size=30).map(">".join))
def test_any_page_gives_entries_or_a_typed_error(html: str) -> None:
    try:
        found = parse_gallery(Selector(html), HERE, HOW)
    except GalleryError:
        return
    assert found.entries
    for entry in found.entries:
        if entry.link:
            target = outbound(entry.link, HERE)
            assert target is None or skipped(target, HERE) != "own"


@given(st.text(max_size=40))
def test_any_text_has_a_number_or_none(text: str) -> None:
    value = number_in(text)
    assert value is None or value >= 0
