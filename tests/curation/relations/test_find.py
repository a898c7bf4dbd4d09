"""Relations: copies are found through re-encoding, scaling and another clock; two screens are never made one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from PIL import Image as Pictures
from PIL import ImageDraw, ImageEnhance

from curation.features import create
from curation.features.base import Item, Row, ValueProblem
from curation.features.decode import decode_image
from curation.relations import find
from curation.relations.policy import CopyPolicy, Relations
from tests.curation.conftest import PHONE, encoded, make_capture, screen

NEARDUP = Path(__file__).resolve().parents[3].parent / "shared" / "corpus" / "neardup"


def features(data: bytes) -> Row:
    decoded = decode_image(data)
    seen = Item(make_capture(None, data, "x", kind="listing", size=decoded.size), data, decoded)
    return {k: v for name in ("decode", "hashes", "ink") for k, v in create(name).prepare(seen).items()}


def related(pictures: dict[str, bytes], **policy: Any) -> dict[tuple[str, str], str]:
    """(a, b) → the relation, by the keys of the pictures."""
    names = list(pictures)
    found = find(pa.Table.from_pylist([features(data) for data in pictures.values()]), policies(**policy))
    return {(names[r["a"]], names[r["b"]]): r["relation"] for r in found.to_pylist()}


def policies(**of_copy: Any) -> Relations:
    return Relations(copy=CopyPolicy(**of_copy))


def test_equal_pixels_are_exact_whatever_the_bytes() -> None:
    picture = screen(1)
    found = related({"a": encoded(picture), "b": encoded(picture, compress_level=0), "c": encoded(picture, "BMP")})
    assert found == {("a", "b"): "exact", ("a", "c"): "exact"}


@pytest.mark.parametrize("change", ["jpeg", "webp", "smaller", "shifted", "brighter"])
def test_a_picture_made_anew_is_a_copy(change: str) -> None:
    picture = screen(4)
    made = {
        "jpeg": lambda: encoded(picture, "JPEG", quality=60),
        "webp": lambda: encoded(picture, "WEBP", quality=70),
        "smaller": lambda: encoded(picture.resize((216, 468), Pictures.Resampling.LANCZOS)),
        "shifted": lambda: encoded(picture.transform(PHONE, Pictures.Transform.AFFINE, (1, 0, -1, 0, 1, -1))),
        "brighter": lambda: encoded(ImageEnhance.Brightness(picture).enhance(0.94)),
    }[change]()
    assert related({"a": encoded(picture), "b": made}) == {("a", "b"): "copy"}


def test_different_screens_are_no_copies() -> None:
    assert "copy" not in related({f"s{n}": encoded(screen(n)) for n in range(12)}).values()


def test_a_long_page_and_its_fold_are_not_copies() -> None:
    fold = screen(6)
    long = Pictures.new("RGB", (360, 2000), "white")
    long.paste(fold)
    assert related({"fold": encoded(fold), "full": encoded(long)}, max_distance=64) == {}


def test_nearly_empty_screens_are_one_only_when_their_pixels_agree() -> None:
    def lone(x: int, y: int) -> bytes:
        picture = Pictures.new("RGB", PHONE, "white")
        ImageDraw.Draw(picture).ellipse((x, y, x + 24, y + 24), fill="black")
        return encoded(picture)

    empties = {
        "white": encoded(Pictures.new("RGB", PHONE, "white")),
        "grey": encoded(Pictures.new("RGB", PHONE, "#bbb")),
    }
    assert related(empties, max_distance=64) == {}
    assert related({"a": lone(40, 100), "b": lone(250, 600)}, max_distance=64) == {}
    white_again = {"a": empties["white"], "b": encoded(Pictures.new("RGB", PHONE, "white"), "JPEG")}
    assert len(related(white_again)) == 1


def test_rows_without_pixels_have_no_relations() -> None:
    known = features(encoded(screen(1)))
    table = pa.Table.from_pylist([known, dict.fromkeys(known), dict.fromkeys(known)])
    assert find(table, policies()).num_rows == find(table.slice(1), policies()).num_rows == 0
    assert find(table.slice(0, 0), policies()).schema.names == ["a", "b", "relation", "distance", "why"]


@pytest.mark.corpus
@pytest.mark.skipif(not NEARDUP.is_dir(), reason="the corpus is not beside the checkout")
def test_labelled_pairs_are_judged_right() -> None:
    truth = [json.loads(line) for line in (NEARDUP / "truth.jsonl").read_text().splitlines()]
    easy = ("byte_copy", "jpeg_q60", "resize_0.6", "status_bar", "shift_1px", "brightness_1.06")
    near = [t for t in truth if t["kind"] == "pair" and t["op"] in easy][::6]
    other = sorted((t for t in truth if t.get("label") == "hard_negative"), key=lambda t: t["id"])[::7]
    missed = [t["id"] for t in near if not _tied(t)]
    merged = [t["id"] for t in other if _tied(t)]
    assert (missed, merged) == ([], [])


@pytest.mark.corpus
@pytest.mark.skipif(not NEARDUP.is_dir(), reason="the corpus is not beside the checkout")
def test_broken_files_are_typed_and_formats_decode() -> None:
    wrong = []
    for line in (NEARDUP / "truth.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if entry["kind"] != "image" or entry["label"] == "ok":
            continue
        try:
            decode_image((NEARDUP / entry["image"]).read_bytes())
            decodes = True
        except ValueProblem:
            decodes = False
        if decodes != (entry.get("decodes", True) and entry.get("type") != "dimension_bomb"):
            wrong.append(entry["image"])
    assert wrong == []


def _tied(pair: dict[str, str]) -> bool:
    found = related({side: (NEARDUP / pair[side]).read_bytes() for side in ("a", "b")})
    return bool({"exact", "copy"} & set(found.values()))
