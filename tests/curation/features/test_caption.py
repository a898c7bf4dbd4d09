"""Captions: natural, the same on every run, and not to be led astray by hostile text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawlers.captures import Listing, Page
from curation.features import create
from curation.features.base import Item
from curation.features.caption import clean, headings_of, page_kind, style_words
from tests.curation.conftest import make_capture

PALETTE = {"palette": ["#ffffff", "#4838c8"], "palette_shares": [0.8, 0.2], "tone": "light"}


def caption(listing: Listing | None = None, page: Page | None = None, **given: object) -> str:
    capture = make_capture(None, b"x", "pricing.html", listing=listing, page=page)
    return str(create("caption").prepare(Item(capture, others={"palette": PALETTE}, **given))["caption"])  # type: ignore[arg-type]


def snapshot(*nodes: tuple[int, str, str]) -> dict[str, object]:
    strings = [""] + [text for _, name, value in nodes for text in (name, value)]
    nodes_ = {
        "parentIndex": [parent for parent, _, _ in nodes],
        "nodeName": [1 + 2 * i for i in range(len(nodes))],
        "nodeValue": [2 + 2 * i for i in range(len(nodes))],
    }
    return {"snapshot": {"strings": strings, "documents": [{"nodes": nodes_}]}}


def test_a_listing_is_described_by_its_store_text() -> None:
    text = caption(Listing(app_id="a", name="Aurora", summary="A sleep diary.", categories=("Health",)))
    assert text == "Phone screen of Aurora: A sleep diary. Light interface in white and indigo. Health app."


def test_a_page_is_described_by_title_headings_and_colours() -> None:
    tree = snapshot((-1, "BODY", ""), (0, "H1", ""), (1, "SPAN", ""), (2, "#text", "Plans for all"), (0, "H2", ""),
                    (4, "#text", "Questions"), (0, "SCRIPT", ""), (6, "H2", ""), (7, "#text", "evil"))  # fmt: skip
    page = Page(title="Aurora", dom_sha256="0" * 64)
    text = caption(page=page, snapshot=lambda: tree)
    assert text == (
        "Phone view of a pricing page, “Aurora”: Plans for all. Light design in white and indigo. Sections: Questions."
    )


def test_a_page_without_anything_still_has_a_caption() -> None:
    assert caption(page=Page()) == "Phone view of a pricing page. Light design in white and indigo."


@pytest.mark.parametrize("tree", [{}, {"snapshot": 3}, snapshot((-1, "H1", "")), {"snapshot": {"documents": []}}])
def test_odd_snapshots_have_no_headings(tree: dict[str, object]) -> None:
    assert headings_of(tree) == []


@settings(deadline=None)
@given(st.text(max_size=600), st.text(max_size=600), st.lists(st.text(max_size=60), max_size=4))
def test_hostile_text_stays_short_and_plain(name: str, summary: str, categories: list[str]) -> None:
    text = caption(Listing(app_id="a", name=name, summary=summary, categories=tuple(categories)))
    assert 0 < len(text) <= 300
    assert not [c for c in text if unicodedata.category(c)[0] == "C"]


def test_markup_entities_and_bidi_are_cleaned() -> None:
    assert clean("<b onclick='x'>Calm</b>\u202e &amp;\n\x00 quiet\u200b") == "Calm & quiet"


@pytest.mark.parametrize(
    ("url", "title", "kind"),
    [
        ("http://a.test/", "Aurora", "landing page"),
        ("http://a.test/docs/start.html", "Start", "documentation page"),
        ("http://a.test/x", "Sign in to Aurora", "sign-in page"),
        ("http://a.test/x", "Epicentre", "web page"),
    ],
)
def test_pages_are_named_by_what_they_call_themselves(url: str, title: str, kind: str) -> None:
    assert page_kind(url, title) == kind


def test_style_names_ground_and_accent() -> None:
    assert style_words(["#101114", "#8850e0"], [0.95, 0.05], "dark") == "Dark {} in near-black and violet."
    assert style_words([], [], None) == ""
