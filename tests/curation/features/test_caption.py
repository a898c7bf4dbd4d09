"""Captions: natural, the same on every run, and not to be led astray by hostile text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawlers.captures import Capture, Listing, Page
from curation.captions.cleaning import clean
from curation.captions.facts import headings_of
from curation.captions.template import page_kind, style_words
from curation.features import FeatureError, create
from curation.features.base import Item, Row
from curation.features.caption import BLIP
from tests.curation.conftest import make_capture

PALETTE = {"palette": ["#ffffff", "#4838c8"], "palette_shares": [0.8, 0.2], "tone": "light"}


def caption(listing: Listing | None = None, page: Page | None = None, **given: object) -> str:
    capture = make_capture(None, b"x", "pricing.html", listing=listing, page=page)
    return str(row_of(capture, **given)["caption"])


def row_of(capture: Capture, params: dict[str, object] | None = None, **given: object) -> Row:
    feature = create("caption", params)
    others = {"palette": PALETTE} | given.pop("others", {})  # type: ignore[operator]
    return feature.compute([feature.prepare(Item(capture, others=others, **given))])[0]  # type: ignore[arg-type]


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


def test_there_are_three_captions_and_the_writers_name() -> None:
    tree = snapshot((-1, "BODY", ""), (0, "NAV", ""), (0, "H1", ""), (2, "#text", "Plans for all"), (0, "TABLE", ""))
    page = Page(title="Aurora", dom_sha256="0" * 64)
    row = row_of(make_capture(None, b"x", "pricing.html", page=page), snapshot=lambda: tree)
    assert row["caption_short"] == "Phone view of a pricing page, “Aurora”."
    assert row["caption"].endswith("It has navigation and a table.")
    assert row["caption_tags"] == ["pricing page", "phone", "light", "white", "indigo", "navigation", "table"]
    assert row["caption_writer"] == "template"


def boxes(*lines: tuple[str, int]) -> dict[str, object]:
    words = [(n, word, high) for n, (line, high) in enumerate(lines) for word in line.split()]
    return {"_text_boxes": [{"line": n, "text": word, "h": high, "score": 1.0} for n, word, high in words]}


def test_the_largest_words_are_quoted_but_nobody_is_given_away() -> None:
    text = boxes(
        ("Sleep better", 40), ("tonight or never", 20), ("ada@analytical.io", 44), ("Aurora", 60), ("09:41", 50)
    )
    capture = make_capture(None, b"x", "x", listing=Listing(app_id="a", name="Aurora"))
    row = row_of(capture, {"words": True}, others={"text": text})
    assert row["caption"].endswith("It says “Sleep better” and “tonight or never”.")


def test_what_a_writer_needs_depends_on_it() -> None:
    assert create("caption").needs == ("dom", "palette")
    assert create("caption", {"words": True}).needs == ("dom", "palette", "text")
    assert "image" in create("caption", {"writer": "transformers", "model": "x"}).needs


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"writer": "openai", "model": "x"}, "needs a base_url"),
        ({"writer": "transformers"}, "needs a model"),
        ({"writer": "openai", "model": "x", "base_url": "http://x/v1", "key_env": "sk-abc"}, "key_env"),
    ],
)
def test_half_a_writer_is_refused(params: dict[str, object], said: str) -> None:
    with pytest.raises(FeatureError, match=said):
        create("caption", params)


def test_blip_is_a_writer_by_its_own_name() -> None:
    blip = create("caption", {"writer": "blip"})
    assert blip.params == create("caption", {"writer": "transformers", "model": BLIP}).params
    assert create("caption", {"writer": "blip", "model": "mine"}).params.model == "mine"  # type: ignore[attr-defined]


def test_where_an_endpoint_stands_decides_no_value() -> None:
    def fingerprint(**params: object) -> str:
        return create("caption", {"writer": "openai", "model": "m", **params}).fingerprint()

    assert fingerprint(base_url="http://a/v1") == fingerprint(base_url="http://b/v1", max_calls=5, concurrency=9)
    assert fingerprint(base_url="http://a/v1") != fingerprint(base_url="http://a/v1", prompt="Say it in French.")
