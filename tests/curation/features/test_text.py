"""text: words from the tree or from the pixels, what they give away, and when the feature is left out."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

from crawlers.captures import Page
from curation.features import create
from curation.features.base import Feature, Item, NotAtHand
from curation.features.decode import decode_image
from curation.features.text import TextError
from design import load_snapshot
from tests.curation.conftest import encoded, item, make_capture

SNAPSHOT = Path(__file__).parent.parent / "tern-404.dom.json.gz"


@pytest.fixture(scope="module")
def feature() -> Feature:
    return create("text")


def of_page(size: tuple[int, int] = (1440, 900), **params: object) -> dict[str, object]:
    snapshot = load_snapshot(SNAPSHOT.read_bytes())
    data = encoded(Pictures.new("RGB", size, "white"))
    capture = make_capture(None, data, "x", size=size, form_factor="desktop", page=Page(dom_sha256="0" * 64))
    seen = Item(capture, data, decode_image(data, wide=True), snapshot=lambda: snapshot)
    return dict(create("text", params).prepare(seen))


def test_a_pages_words_come_from_its_tree() -> None:
    row = of_page()
    assert row["text"].splitlines()[:2] == ["404", "This page has migrated."]  # type: ignore[attr-defined]
    assert (row["text_source"], row["text_lang"], row["text_words"], row["pii"]) == ("dom", "en", 25, [])
    assert 0.05 < row["text_area"] < 0.3  # type: ignore[operator]


def test_boxes_are_in_the_pictures_pixels_and_only_what_it_shows() -> None:
    whole, half, fold = of_page(), of_page((720, 450)), of_page((1440, 470))
    first, small = whole["_text_boxes"][1], half["_text_boxes"][1]  # type: ignore[index]
    assert small["x"] == pytest.approx(first["x"] / 2, abs=1)
    assert small["w"] == pytest.approx(first["w"] / 2, abs=1)
    assert fold["text"] == "404"


def test_a_picture_without_a_tree_is_read(feature: Feature) -> None:
    picture = Pictures.new("RGB", (720, 400), "white")
    font = ImageFont.load_default(28)
    ImageDraw.Draw(picture).text((40, 40), "Contact us", "black", font)
    ImageDraw.Draw(picture).text((40, 120), "ada@analytical.io or +44 20 7123 4567", "black", font)
    row = feature.prepare(item(picture, kind="listing"))
    assert row["text"].splitlines() == ["Contact us", "ada@analytical.io or +44 20 7123 4567"]
    assert (row["text_source"], row["pii"]) == ("ocr", ["email", "phone"])
    boxes = row["_pii_boxes"]
    assert [box["kind"] for box in boxes] == ["email", *["phone"] * 4]
    assert all(100 < box["y"] < 130 and 20 < box["h"] < 60 for box in boxes)


def test_dom_only_reads_no_picture() -> None:
    row = create("text", {"source": "dom"}).prepare(item(Pictures.new("RGB", (90, 90), "white")))
    assert (row["text"], row["text_words"], row["text_source"], row["pii"]) == (None, None, None, None)
    assert row["faces"] == 0


def test_rows_fit_the_schema(feature: Feature) -> None:
    import pyarrow as pa

    row = feature.prepare(item(Pictures.new("RGB", (90, 90), "white")))
    table = pa.Table.from_pylist([row], schema=feature.schema)
    assert table.to_pylist()[0]["text"] == ""


def test_without_its_packages_it_is_left_out_unless_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "rapidocr" else found(name))
    with pytest.raises(NotAtHand, match="text left out"):
        create("text").check(tmp_path)
    with pytest.raises(TextError, match="source: dom"):
        create("text", {"source": "ocr"}).check(tmp_path)
    create("text", {"source": "dom"}).check(tmp_path)


def test_what_reads_is_part_of_the_fingerprint() -> None:
    assert create("text").fingerprint() != create("text", {"source": "dom"}).fingerprint()
    assert create("text").fingerprint() != create("text", {"faces": False}).fingerprint()
    assert "rapidocr" in create("text").weights_hash()
