"""Redaction: what was found is gone from picture and text, the rest stays, and the bytes are always the same."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

from crawlers.captures import CaptureStore, Listing
from curation import redact
from curation.features import create
from curation.features.decode import decode_image
from curation.recipe import RecipeError, parse_recipe
from curation.redact import Mark, RedactError
from curation.run import curate
from curation.text.ocr import Reader
from curation.text.words import joined
from tests.curation.conftest import encoded, item, make_capture

ADDRESS = "ada@analytical.io"


def contact(address: str = ADDRESS) -> Pictures.Image:
    picture = Pictures.new("RGB", (360, 500), "#f4f6fa")
    font = ImageFont.load_default(20)
    for n, line in enumerate(("Contact us", f"Write to {address}", "Opening hours")):
        ImageDraw.Draw(picture).text((20, 60 + n * 100), line, "#101820", font)
    return picture


@pytest.fixture(scope="module")
def marks() -> tuple[Mark, ...]:
    row = create("text").prepare(item(contact(), kind="listing"))
    return redact.marks(pa.Table.from_pylist([row], create("text").schema), ["email"])[0]


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_a_redacted_address_cannot_be_read_and_the_rest_can(format: str, marks: tuple[Mark, ...]) -> None:
    assert [mark.kind for mark in marks] == ["email"]
    data = redact.image(encoded(contact(), format), format.lower(), marks)
    found = decode_image(data)
    assert found.format == format.lower()
    text = joined(Reader().read(found.image, False))
    assert "ada" not in text.lower()
    assert "analytical" not in text.lower()
    assert {"Contact us", "Opening hours"} <= set(text.splitlines())


def test_without_marks_the_bytes_stay() -> None:
    data = encoded(contact(), "JPEG")
    assert redact.image(data, "jpeg", ()) is data


def test_metadata_does_not_survive() -> None:
    exif = Pictures.Exif()
    exif[0x010E] = ADDRESS
    data = encoded(contact(), "JPEG", exif=exif, comment=ADDRESS.encode())
    assert ADDRESS.encode() in data
    again = redact.image(data, "jpeg", [Mark("email", 10, 10, 20, 20)])
    assert ADDRESS.encode() not in again


def test_a_face_is_left_a_few_colours_wide() -> None:
    noise = Pictures.fromarray(np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8))
    again = decode_image(redact.image(encoded(noise), "png", [Mark("face", 100, 100, 100, 100)])).image
    inside = np.asarray(again)[90:210, 90:210].reshape(-1, 3)
    assert len(np.unique(inside, axis=0)) <= 36
    assert np.array_equal(np.asarray(again)[:80], np.asarray(noise)[:80])


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["email", "face"]), *[st.integers(-50, 250)] * 2, *[st.integers(1, 300)] * 2),
        min_size=1,
        max_size=4,
    )
)
def test_any_places_give_the_same_bytes_twice_and_touch_nothing_else(
    boxes: list[tuple[str, int, int, int, int]],
) -> None:
    noise = Pictures.fromarray(np.random.default_rng(1).integers(0, 256, (120, 200, 3), np.uint8))
    marks = [Mark(*box) for box in boxes]
    data = encoded(noise)
    once = redact.image(data, "png", marks)
    assert once == redact.image(data, "png", marks)
    changed = (np.asarray(Pictures.open(io.BytesIO(once))) != np.asarray(noise)).any(2)
    near = np.zeros_like(changed)
    for mark in marks:
        reach = max(mark.w, mark.h)
        near[max(0, mark.y - reach) : mark.y + mark.h + reach, max(0, mark.x - reach) : mark.x + mark.w + reach] = True
    assert not (changed & ~near).any()


def test_masked_text_stays_as_long() -> None:
    text, found = redact.mask(f"Write to {ADDRESS},\nor call +44 20 7123 4567", ["email"])
    assert text == f"Write to {'•' * len(ADDRESS)},\nor call +44 20 7123 4567"
    assert found == {"email"}


def test_lists_and_quoted_notation_are_masked_and_the_rest_of_a_notation_is_not() -> None:
    design = f'col at 415 555 2671\n  t "{ADDRESS}"'
    rows = pa.table({"caption_tags": [["form", ADDRESS]], "design": [design], "title": pa.array([None], pa.string())})
    places = pa.table({"_pii_boxes": [[]], "pii": [[]], "faces": [0], "text_lang": ["en"]})
    out = redact.masked(rows, places, ["email", "phone"]).to_pylist()[0]
    dots = "•" * len(ADDRESS)
    assert out["caption_tags"] == ["form", dots]
    assert out["design"] == f'col at 415 555 2671\n  t "{dots}"'
    assert (out["title"], out["redacted"]) == (None, ["email"])


def masked(**row: str) -> dict[str, object]:
    """A shard row's columns with all that is personal masked."""
    places = pa.table({"_pii_boxes": [[]], "pii": [[]], "faces": [0], "text_lang": ["en"]})
    return dict(redact.masked(pa.Table.from_pylist([row]), places, ["email", "phone", "card"]).to_pylist()[0])


@pytest.mark.parametrize(
    ("design", "cleaned"),
    [
        ('t "Card " (%b)"4539" " 1488 0343 6467"', 't "Card " (%b)"••••" " •••• •••• ••••"'),
        ('t "To ada@analyt" (%(^sans/Bold 12) url("http://a.test/"))"ical.io"',
         't "To ••••••••••" (%(^sans/Bold 12) url("http://a.test/"))"•••••••"'),
        ('t (url("mailto:ada@analytical.io"))"Write"', 't (url("mailto:•••••••••••••••••"))"Write"'),
        ("col 'Ada – ada@analytical.io' 10x10", "col 'Ada – •••••••••••••••••' 10x10"),
        (r't "Write to us\nada@analytical.io\nor \"call\""', r't "Write to us\n•••••••••••••••••\nor \"call\""'),
        ('Card a="4539 1488" b="0343 6467"', 'Card a="4539 1488" b="0343 6467"'),
    ],
)  # fmt: skip
def test_what_is_personal_in_a_design_is_masked_over_runs_and_in_names(design: str, cleaned: str) -> None:
    assert masked(design=design)["design"] == cleaned


@pytest.mark.parametrize("at", ["@", "%40"])
def test_addresses_of_people_are_masked_in_those_of_pages_and_digits_are_not(at: str) -> None:
    row = masked(url=f"https://a.test/2125557890/ada{at}analytical.io/x?mail=ada{at}analytical.io#a")
    assert row["url"] == f"https://a.test/2125557890/{'•' * len(ADDRESS)}/x?mail={'•' * len(ADDRESS)}#a"
    assert row["redacted"] == ["email"]
    plain = "https://a.test/%40team/@scope/package@1.2.3"
    assert masked(canonical_url=plain) == {"canonical_url": plain, "redacted": []}


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 5000), st.integers(0, 3000))
def test_nothing_is_overlooked_far_inside_a_long_line(before: int, after: int) -> None:
    words = ("lorem ipsum " * 500)[:before]
    text = f"{words} {ADDRESS} {('dolor sit ' * 300)[:after]}"
    assert redact.mask(text, ["email"])[0] == text.replace(ADDRESS, "•" * len(ADDRESS))


def recipe(**shards: object) -> dict[str, object]:
    features = ["decode", "hashes", "ink", "palette", "text", "caption"]
    return {"name": "small", "features": features, "shards": {"rows": 4, **shards}}


def filled(home: Path) -> None:
    store = CaptureStore(str(home / "captures"), create=True)
    listing = Listing(app_id="a", name="Engine", summary=f"Write to {ADDRESS}.")
    captures = []
    for n, picture in enumerate((contact(), Pictures.effect_noise((360, 780), 90).convert("RGB"))):
        captures.append(
            make_capture(
                store, encoded(picture), f"p{n}", site=f"s{n}.test", size=picture.size, kind="listing",
                listing=listing if n == 0 else Listing(app_id="b", name="Noise"),
            )
        )  # fmt: skip
    store.append("run1", captures)


def test_shards_hold_no_address_and_say_what_was_taken_out(tmp_path: Path) -> None:
    filled(tmp_path)
    made = curate(parse_recipe(recipe(redact=["email", "faces"])), tmp_path, report=False)
    table = pa.concat_tables([pq.read_table(path) for path in sorted(made.path.glob("*-of-*.parquet"))])
    rows = {row["name"]: row for row in table.to_pylist()}
    assert (rows["Engine"]["redacted"], rows["Noise"]["redacted"]) == (["email"], [])
    assert ADDRESS not in str({k: v for k, v in rows["Engine"].items() if k != "image"})
    assert "Write to •••" in rows["Engine"]["summary"]
    store = CaptureStore(str(tmp_path / "captures"))
    originals = {c.capture_id: store.read_image(c) for c in store.captures()}
    assert rows["Noise"]["image"]["bytes"] == originals[rows["Noise"]["capture_id"]]
    assert rows["Engine"]["image"]["bytes"] != originals[rows["Engine"]["capture_id"]]
    assert rows["Engine"]["image_sha256"] == next(
        c.image.sha256 for c in store.captures() if c.capture_id == rows["Engine"]["capture_id"]
    )
    again = curate(parse_recipe(recipe(redact=["email", "faces"])), tmp_path, report=False, force=True)
    assert [p.read_bytes() for p in sorted(again.path.glob("*.parquet"))] == [
        p.read_bytes() for p in sorted(made.path.glob("*.parquet"))
    ]


def test_a_row_that_was_not_looked_at_is_not_written(tmp_path: Path) -> None:
    filled(tmp_path)
    unread = recipe(redact=["email"]) | {"features": ["decode", "hashes", "ink", {"text": {"source": "dom"}}]}
    with pytest.raises(RedactError, match="2 kept captures have no 'pii'"):
        curate(parse_recipe(unread), tmp_path, report=False)


def test_redaction_without_the_feature_is_refused_at_once() -> None:
    with pytest.raises(RecipeError, match="add text to features"):
        parse_recipe({"name": "small", "features": ["decode"], "shards": {"redact": ["email"]}})


def test_a_picture_that_does_not_decode_is_named() -> None:
    with pytest.raises(RedactError, match="does not decode"):
        redact.image(b"GIF89a", "gif", [Mark("email", 0, 0, 1, 1)])
