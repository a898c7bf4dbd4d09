"""Which relation a pair gets: themes, languages, states and templates by pixels, words and what is known."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image as Pictures
from PIL import ImageDraw, ImageOps

from curation.relations import find
from curation.relations.policy import NAMES, Relations
from tests.curation.conftest import PHONE, encoded, screen
from tests.curation.relations.test_find import features


def page(lines: list[str], content: int, ground: str = "white", ink: str = "black") -> Pictures.Image:
    """A screen with a header and a tab bar that are always the same, and content that depends on a seed."""
    picture = Pictures.new("RGB", PHONE, ground)
    draw = ImageDraw.Draw(picture)
    for y, text in zip(
        (50, 720), ("Header of the app   search  menu", "Home   Search   Library   Profile"), strict=True
    ):
        draw.rectangle((0, y, 360, y + 44), fill="#dddddd" if ground == "white" else "#444444")
        draw.text((16, y + 12), text, fill=ink, font_size=20)
    for place, text in enumerate(lines):
        draw.text((20, 120 + 44 * place), text, fill=ink, font_size=22)
    for n, (x, y) in enumerate(np.random.default_rng(content).integers(0, 40, (5, 2)).tolist() if content else []):
        draw.text((20 + 2 * x, 120 + 110 * n + y), f"Entry {content * 77 + n}: of {content}", fill=ink, font_size=22)
    return picture


def related(*rows: tuple[Pictures.Image, dict[str, Any]], **policies: Any) -> list[str]:
    """The relations of the pairs, in order; each picture with what is known of it."""
    table = pa.Table.from_pylist([features(encoded(picture)) | known for picture, known in rows])
    return find(table, Relations(**policies))["relation"].to_pylist()


ENGLISH = ["Language", "Reminders", "Medicine stock", "Amount", "Advanced settings", "About this app"]
GERMAN = ["Sprache", "Erinnerungen", "Vorrat", "Anzahl", "Erweitert", "Informationen"]


def test_dark_of_light_is_a_theme() -> None:
    assert related((page(ENGLISH, 3), {}), (ImageOps.invert(page(ENGLISH, 3)), {})) == ["theme"]


def test_a_dialog_over_a_screen_is_another_state_of_it() -> None:
    over = page(ENGLISH, 0)
    ImageDraw.Draw(over).rectangle((120, 340, 300, 400), fill="#eeeeee", outline="black", width=3)
    assert related((page(ENGLISH, 0), {}), (over, {})) == ["same_state"]


def test_a_listing_in_two_languages_is_a_locale() -> None:
    listed = {"app_id": "org.one", "form_factor": "phone", "position": 1, "site": "one"}
    rows = [(page(lines, 0), listed | {"locale": tag}) for lines, tag in ((ENGLISH, "en-US"), (GERMAN, "de-DE"))]
    assert related(*rows) == ["locale"]


def read(lines: list[str], lang: str) -> dict[str, Any]:
    """What the feature `text` says of a page of these lines."""
    places = [{"x": 20, "y": 120 + 44 * n, "w": 12 * len(line), "h": 24} for n, line in enumerate(lines)]
    boxes = [place | {"line": n, "text": line} for n, (place, line) in enumerate(zip(places, lines, strict=True))]
    size = {"decoded_width": PHONE[0], "decoded_height": PHONE[1]}
    return size | {"text": "\n".join(lines), "text_lang": lang, "_text_boxes": boxes}


@pytest.mark.parametrize("unknown", [{}, {"locale": None}, {"locale": ""}])
def test_pictures_of_no_known_locale_go_by_the_language_they_are_read_in(unknown: dict[str, Any]) -> None:
    rows = [
        (page(lines, 0), read(lines, tag) | unknown | {"site": "one"})
        for lines, tag in ((ENGLISH, "en"), (GERMAN, "de"))
    ]
    assert related(*rows) == ["locale"]


def test_other_content_in_the_same_chrome_is_a_template_of_one_site_only() -> None:
    one, other = page([], 3), page([], 8)
    assert related((one, {"site": "a"}), (other, {"site": "a"})) == ["same_template"]
    assert related((one, {"site": "a"}), (other, {"site": "b"})) == []


def test_strangers_are_one_state_only_by_their_words() -> None:
    over = page(ENGLISH, 0)
    ImageDraw.Draw(over).rectangle((120, 340, 300, 400), fill="#eeeeee", outline="black", width=3)
    said = {"text": " ".join(ENGLISH)}
    assert related((page(ENGLISH, 0), {"site": "a"}), (over, {"site": "b"})) == []
    assert related((page(ENGLISH, 0), said | {"site": "a"}), (over, said | {"site": "b"})) == ["same_state"]


def test_a_copy_in_another_accent_colour_is_no_copy() -> None:
    def accented(colour: str) -> Pictures.Image:
        picture = screen(6)
        ImageDraw.Draw(picture).rectangle((0, 40, 360, 240), fill=colour)
        return picture

    assert "copy" not in related((accented("#c84040"), {}), (accented("#4564ff"), {}))


def test_a_stricter_policy_ties_less() -> None:
    buffer = io.BytesIO()
    screen(4).save(buffer, "JPEG", quality=40)
    again = Pictures.open(buffer).convert("RGB")
    assert related((screen(4), {}), (again, {})) == ["copy"]
    assert "copy" not in related((screen(4), {}), (again, {}), copy={"max_worst": 0.0})


@pytest.mark.parametrize("columns", [("phash",), ("embedding",), ("phash", "embedding")])
def test_copies_without_pixels_go_by_hash_or_embedding(columns: tuple[str, ...]) -> None:
    draw = np.random.default_rng(5)
    codes = draw.integers(0, 256, (6, 32)).astype(np.uint8)
    vectors = draw.standard_normal((6, 64)).astype(np.float32)
    codes[5], vectors[5] = codes[2], vectors[2] + 0.05 * draw.standard_normal(64)
    codes[5, 3] ^= 0b1011
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    given = {
        "phash": [code.tobytes().hex() for code in codes],
        "embedding": pa.FixedSizeListArray.from_arrays(pa.array(vectors.astype(np.float16).ravel()), 64),
    }
    found = find(pa.table({name: given[name] for name in columns}), Relations()).to_pylist()
    assert [(r["a"], r["b"], r["relation"]) for r in found] == [(2, 5, "copy")]
    assert found[0]["why"].startswith("phash 3" if "phash" in columns else "cosine 0.99")


def test_each_relation_has_a_policy_of_its_own() -> None:
    policies = Relations()
    assert {name: policies.of(name).policy for name in NAMES} == {
        "exact": "keep_best",
        "copy": "keep_best",
        "same_state": "keep_all",
        "locale": "keep_all",
        "theme": "keep_all",
        "same_template": "cap",
    }
