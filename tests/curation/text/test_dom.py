"""Words of a page's tree against what a real Chromium shows: which are seen, where they lie, and what OCR reads."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from curation.text.dom import MAX_WORDS, on_picture, page_words
from curation.text.ocr import Reader
from curation.text.words import Word, covered, joined, lines
from tests.design.capturing import browser, snapshot

PAGE = """
<style>
  body { font: 16px sans-serif; margin: 24px; color: #222; width: 720px }
  .visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip: rect(0 0 0 0) }
  .cut { width: 120px; height: 20px; overflow: hidden; white-space: nowrap }
  .under { position: absolute; top: 400px; left: 24px }
  .over { position: absolute; top: 390px; left: 10px; width: 300px; height: 50px; background: #fff }
  .row { display: flex; gap: 80px }
</style>
<h1>Quarterly report</h1>
<p>Revenue grew by twelve per cent; see the <b>appen</b>dix for <a href="#">every figure</a>.</p>
<p style="display: none">Nobody sees undisplayed</p>
<p style="visibility: hidden">Nobody sees invisible</p>
<p style="opacity: 0">Nobody sees transparent</p>
<p style="color: rgba(0, 0, 0, 0)">Nobody sees inkless</p>
<p style="font-size: 1px">Nobody sees tiny</p>
<p class="visually-hidden">Nobody sees readers-only</p>
<div class="cut">Only the beginning of this sentence shows, not its ending</div>
<div class="under">Nobody sees covered</div><div class="over"></div>
<p style="text-indent: -9999px">Nobody sees outdented</p>
<div class="row"><span>Left column</span><span>Right column</span></div>
<p><input value="Ada Lovelace"> <input placeholder="City or postcode">
<select><option>First<option selected>Chosen</select>
<input type="password" value="secret"></p>
<p style="background: linear-gradient(red, blue); background-clip: text; color: transparent">Gradient words</p>
"""
SEEN = (
    "Quarterly report Revenue grew by twelve per cent see the appendix for every figure Only the beginning "
    "Left column Right column Ada Lovelace City or postcode Chosen Gradient words"
)


Shown = tuple[dict[str, Any], Image.Image, dict[str, list[float]]]


@pytest.fixture(scope="module")
def page() -> Iterator[Shown]:
    """The snapshot, the picture of the whole page, and where the browser says some words are."""
    with browser() as started:
        tab = started.new_page(viewport={"width": 800, "height": 600})
        tab.set_content(PAGE)
        picture = Image.open(io.BytesIO(tab.screenshot(full_page=True))).convert("RGB")
        places = tab.evaluate(
            """() => Object.fromEntries([['h1', 0, 'Quarterly'], ['p', 0, 'Revenue'], ['a', 0, 'every']].map(
                ([tag, n, word]) => {
                    const text = document.querySelectorAll(tag)[n].firstChild, range = document.createRange();
                    const at = text.data.indexOf(word);
                    range.setStart(text, at); range.setEnd(text, at + word.length);
                    const box = range.getBoundingClientRect();
                    return [word, [box.x, box.y, box.width, box.height]];
                }))"""
        )
        yield snapshot(tab), picture, places


def words_of(page: Shown) -> list[Word]:
    taken, picture, _ = page
    return on_picture(page_words(taken), taken["page"]["width"], picture.size)


@pytest.mark.browser
def test_what_is_seen_is_there_and_nothing_else(
    page: Shown,
) -> None:
    said = joined(words_of(page))
    assert "Nobody" not in said
    assert "ending" not in said
    assert "secret" not in said
    assert [w for w in SEEN.split() if w not in re.findall(r"\w+", said)] == []


@pytest.mark.browser
def test_words_lie_where_the_browser_put_them(page: Shown) -> None:
    words = {word.text: word for word in words_of(page)}
    for text, (x, y, width, height) in page[2].items():
        word = words[text]
        assert [word.x, word.y] == pytest.approx([x, y], abs=4), text
        assert word.w == pytest.approx(width, rel=0.15), text
        assert word.h == pytest.approx(height, abs=2), text


@pytest.mark.browser
def test_columns_are_read_apart_and_inline_elements_on(
    page: Shown,
) -> None:
    runs = [line.text for line in lines(words_of(page))]
    assert "Left column" in runs
    assert "Right column" in runs
    assert "Revenue grew by twelve per cent; see the appendix for every figure." in runs


@pytest.mark.browser
def test_ocr_reads_what_the_tree_says(page: Shown) -> None:
    read = re.findall(r"\w+", joined(Reader().read(page[1], True)).lower())
    there = re.findall(r"\w+", joined(words_of(page)).lower())
    assert sum(word in read for word in there) / len(there) >= 0.9


def test_a_line_that_the_fold_cuts_is_not_on_the_picture() -> None:
    words = [Word(0, 0, 40_000, 20_000, "above", 0), Word(0, 95_000, 40_000, 20_000, "cut", 1)]
    assert [w.text for w in on_picture(words, 100, (100, 100))] == ["above"]
    assert [w.text for w in on_picture(words, 100, (100, 120))] == ["above", "cut"]


def test_overlapping_words_cover_once() -> None:
    assert covered([Word(0, 0, 50, 100, "a"), Word(0, 0, 50, 100, "b")], (100, 100)) == pytest.approx(0.5, abs=0.05)


def nested(depth: int, text: str, repeats: int) -> dict[str, Any]:
    """A snapshot of one text node below `depth` elements, laid out as `repeats` equal lines."""
    many = depth + 1
    return {
        "format": "gesso-dom/1",
        "computed_styles": ["background-color", "font-size", "opacity", "visibility"],
        "page": {"width": 1000, "height": 1000},
        "snapshot": {
            "strings": ["", "DIV", "#text", text, "rgb(255, 255, 255)", "16px", "1", "visible"],
            "documents": [
                {
                    "nodes": {
                        "parentIndex": [*range(-1, depth)],
                        "nodeName": [1] * depth + [2],
                        "nodeValue": [-1] * many,
                    },
                    "layout": {
                        "nodeIndex": [*range(many)],
                        "bounds": [[0, 0, 1000, 1000]] * many,
                        "text": [-1] * depth + [3],
                        "paintOrders": [*range(many)],
                        "styles": [[4, 5, 6, 7]] * many,
                    },
                    "textBoxes": {
                        "layoutIndex": [depth] * repeats,
                        "bounds": [[0, 20 * n, 900, 18] for n in range(repeats)],
                        "start": [0] * repeats,
                        "length": [len(text)] * repeats,
                    },
                }
            ],
        },
    }


def test_a_page_as_deep_as_it_is_wordy_is_bounded() -> None:
    assert len(page_words(nested(3000, "word " * 4, 3))) == 12
    assert len(page_words(nested(30, "word " * 3000, 10))) == MAX_WORDS


def test_what_is_painted_later_hides_unless_it_holds_the_words() -> None:
    page = nested(1, "covered", 1)
    document = page["snapshot"]["documents"][0]
    assert [w.text for w in page_words(page)] == ["covered"]
    document["nodes"] = {"parentIndex": [-1, 0, 0], "nodeName": [1, 2, 1], "nodeValue": [-1] * 3}
    layout = document["layout"]
    layout |= {
        "nodeIndex": [0, 1, 2],
        "bounds": [[0, 0, 1000, 1000]] * 3,
        "text": [-1, 3, -1],
        "styles": [[4, 5, 6, 7]] * 3,
    }
    assert page_words(page | {"snapshot": page["snapshot"]}) != []  # no paint order: nothing is later
    layout["paintOrders"] = [0, 1, 2]
    assert page_words(page) == []
