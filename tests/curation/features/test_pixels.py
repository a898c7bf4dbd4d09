"""Features of pixels: known values on drawn pictures, and typed reasons for what does not decode."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFilter, ImageFont
from PIL.PngImagePlugin import PngInfo

from curation.features import create
from curation.features.base import ValueProblem
from curation.features.contrast import luminance, main_pair, ratio
from curation.features.decode import decode_image, plain_png
from curation.features.hashes import phash, pixels_sha256
from curation.features.ink import sharpness
from curation.features.palette import oklab
from tests.curation.conftest import PHONE, encoded, item, screen


def kind_of(data: bytes, **limits: int) -> str:
    with pytest.raises(ValueProblem) as caught:
        decode_image(data, **limits)
    return caught.value.kind


def bits(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


def test_what_does_not_decode_is_typed() -> None:
    whole = encoded(screen(1))
    assert kind_of(b"") == "empty"
    assert kind_of(b"<html></html>") == "not_an_image"
    assert kind_of(whole[:-500]) == "truncated"
    assert kind_of(encoded(screen(1), "JPEG")[:-900]) == "truncated"
    assert kind_of(whole[:60] + bytes(400) + whole[460:]) == "corrupt"
    assert kind_of(whole, max_bytes=100) == "too_many_bytes"


@pytest.mark.parametrize("box", [b"pitm", b"iloc", b"iinf", b"av1C", b"ispe", b"meta"])
def test_an_avif_without_one_of_its_boxes_is_typed(box: bytes) -> None:
    assert kind_of(encoded(screen(1, (64, 96)), "AVIF").replace(box, b"????", 1)) in ("truncated", "corrupt")


def test_pixels_are_limited_by_the_header_alone() -> None:
    assert kind_of(encoded(screen(1)), max_pixels=1000) == "too_many_pixels"
    bomb = encoded(Pictures.new("1", (30_000, 30_000)))
    assert kind_of(bomb) == "too_many_pixels"


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF", b"GIF89a"]))
def test_no_bytes_end_in_anything_but_a_typed_reason(data: bytes, signature: bytes) -> None:
    with pytest.raises(ValueProblem):
        decode_image(signature + data)


def test_the_exif_turn_is_applied() -> None:
    upright = screen(3)
    exif = Pictures.Exif()
    exif[0x0112] = 6
    lying = upright.transpose(Pictures.Transpose.ROTATE_90)
    found = decode_image(encoded(lying, "PNG", exif=exif))
    assert found.orientation == 6
    assert pixels_sha256(found.image) == pixels_sha256(upright)


def test_transparency_lies_over_white() -> None:
    found = decode_image(encoded(Pictures.new("RGBA", (4, 4), (255, 0, 0, 0))))
    assert found.has_alpha
    assert found.image.getpixel((0, 0)) == (255, 255, 255)


def test_deep_greys_keep_their_upper_byte() -> None:
    deep = Pictures.fromarray(np.full((4, 4), 0x80FF, np.uint16))
    assert decode_image(encoded(deep)).image.getpixel((0, 0)) == (128, 128, 128)


def test_the_first_frame_of_an_animation_is_taken() -> None:
    out = io.BytesIO()
    frames = [Pictures.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    found = decode_image(out.getvalue())
    assert (found.frames, found.image.getpixel((0, 0))) == (2, (255, 0, 0))


def test_decode_says_what_the_file_holds() -> None:
    row = create("decode").prepare(item(screen(1)))
    assert (row["decoded_format"], row["decoded_width"], row["decoded_height"]) == ("png", *PHONE)
    assert row["aspect"] == pytest.approx(780 / 360, abs=1e-3)


def test_pixel_hash_knows_shape_from_pixels() -> None:
    assert pixels_sha256(Pictures.new("RGB", (2, 8))) != pixels_sha256(Pictures.new("RGB", (8, 2)))


def test_perceptual_hash_survives_reencoding_and_tells_screens_apart() -> None:
    rows = [create("hashes").prepare(item(screen(n))) for n in range(6)]
    again = decode_image(encoded(screen(0), "JPEG", quality=60))
    small = decode_image(encoded(screen(0).resize((216, 468))))
    assert len(rows[0]["phash"]) == 64
    assert bits(rows[0]["phash"], phash(again.small.convert("L"))) <= 6
    assert bits(rows[0]["phash"], phash(small.small.convert("L"))) <= 10
    assert min(bits(rows[0]["phash"], row["phash"]) for row in rows[1:]) > 20


def test_a_phones_clock_does_not_change_the_perceptual_hash() -> None:
    early, late = screen(5, (360, 780)), screen(5, (360, 780))
    ImageDraw.Draw(early).rectangle((10, 4, 60, 20), fill="black")
    ImageDraw.Draw(late).rectangle((300, 4, 350, 20), fill="red")
    hashes = [create("hashes").prepare(item(p, kind="listing")) for p in (early, late)]
    assert hashes[0]["phash"] == hashes[1]["phash"]
    assert hashes[0]["pixels_sha256"] != hashes[1]["pixels_sha256"]


def test_an_empty_screen_is_blank_and_a_full_one_is_not() -> None:
    empty = create("ink").prepare(item(Pictures.new("RGB", PHONE, "#e0e0ff")))
    full = create("ink").prepare(item(screen(2)))
    assert (empty["blankness"], empty["entropy"], empty["whitespace"], empty["edge_density"]) == (1, 0, 1, 0)
    assert full["blankness"] == 0
    assert full["whitespace"] < 0.9


def test_noise_and_gradients_are_no_ink() -> None:
    noise = np.random.default_rng(0).integers(250, 256, (780, 360, 3), np.uint8)
    slope = np.repeat(np.linspace(0, 255, 780).astype(np.uint8)[:, None, None], 360, 1).repeat(3, 2)
    for pixels in (noise, slope):
        assert create("ink").prepare(item(Pictures.fromarray(pixels)))["blankness"] == 1


def test_text_is_told_from_boxes() -> None:
    boxes, words = Pictures.new("RGB", PHONE, "white"), Pictures.new("RGB", PHONE, "white")
    for y in range(100, 700, 100):
        ImageDraw.Draw(boxes).rectangle((40, y, 320, y + 60), fill="#3355aa")
    for y in range(100, 700, 20):
        ImageDraw.Draw(words).text((20, y), "Some words that fill a line of text here", fill="black")
    found = [create("ink").prepare(item(p))["text_coverage"] for p in (boxes, words)]
    assert found[0] < 0.01
    assert 0.15 < found[1] < 0.7


def test_a_picture_of_one_pixel_has_values() -> None:
    row = create("ink").prepare(item(Pictures.new("RGB", (1, 1), "red")))
    assert row["blankness"] == 1
    assert create("palette").prepare(item(Pictures.new("RGB", (1, 1), "red")))["palette"] == ["#ff0000"]


def test_oklab_agrees_with_its_authors_values() -> None:
    lab = oklab(np.array([[255, 255, 255], [255, 0, 0], [0, 0, 255]], np.uint8))
    assert lab[0] == pytest.approx([1, 0, 0], abs=1e-3)
    assert lab[1] == pytest.approx([0.628, 0.225, 0.126], abs=2e-3)
    assert lab[2] == pytest.approx([0.452, -0.032, -0.312], abs=2e-3)


def test_flat_colours_are_found_as_they_are_with_their_shares() -> None:
    picture = Pictures.new("RGB", (300, 300), "#102040")
    ImageDraw.Draw(picture).rectangle((0, 0, 299, 89), fill="#f0c040")
    ImageDraw.Draw(picture).rectangle((0, 290, 29, 299), fill="#e02020")
    row = create("palette").prepare(item(picture))
    assert row["palette"] == ["#102040", "#f0c040", "#e02020"]
    assert row["palette_shares"] == pytest.approx([0.697, 0.3, 0.0033], abs=0.01)
    assert row["tone"] == "dark"


def test_the_palette_is_the_same_on_every_run() -> None:
    noise = Pictures.fromarray(np.random.default_rng(1).integers(0, 256, (200, 200, 3), np.uint8))
    rows = [create("palette", {"colours": 5}).prepare(item(noise)) for _ in range(2)]
    assert rows[0] == rows[1]
    assert len(rows[0]["palette"]) == 5
    assert sum(rows[0]["palette_shares"]) == pytest.approx(1, abs=1e-3)


def png(picture: Pictures.Image, **options: Any) -> bytes:
    return encoded(picture, "PNG", **options)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("alpha", ["opaque", "mixed", "corners"])
def test_the_fast_decoder_of_png_gives_pillows_pixels(mode: str, alpha: str) -> None:
    pixels = np.random.default_rng(4).integers(0, 256, (211, 97, len(mode)), np.uint8)
    if alpha == "opaque" and mode == "RGBA":
        pixels[..., 3] = 255
    if alpha == "corners" and mode == "RGBA":
        pixels[9:-9, :, 3] = 255
    picture = Pictures.fromarray(pixels, mode)
    data = png(picture)
    assert plain_png(data)
    found = decode_image(data)
    white = Pictures.new("RGBA", picture.size, "white")
    white.alpha_composite(picture.convert("RGBA"))
    assert found.image.tobytes() == white.convert("RGB").tobytes()
    assert (found.mode, found.has_alpha) == (mode, mode == "RGBA")
    assert found.small.size == (97, 211)


def test_what_pillow_must_look_at_is_not_plain() -> None:
    picture, info, exif = screen(1), PngInfo(), Pictures.Exif()
    info.add_text("Comment", "words")
    exif[0x0112] = 6
    frames = {"save_all": True, "append_images": [screen(2)]}
    for data in (
        png(picture.convert("P")),
        png(picture.convert("L")),
        png(picture, pnginfo=info),
        png(picture, exif=exif),
        png(picture, **frames),
        png(Pictures.fromarray(np.zeros((4, 4), np.uint16))),
        png(picture)[:-12],
        encoded(picture, "JPEG"),
        b"",
    ):
        assert not plain_png(data)
    assert plain_png(png(picture))


def test_without_libvips_the_pixels_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    data = png(screen(4).convert("RGBA"))
    fast = decode_image(data)
    monkeypatch.setattr("curation.features.decode._vips", lambda: None)
    slow = decode_image(data)
    assert fast.image.tobytes() == slow.image.tobytes()
    assert (fast.mode, fast.has_alpha, fast.frames) == (slow.mode, slow.has_alpha, slow.frames)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_damaged_png_is_decoded_or_typed_alike_with_and_without_libvips(data: st.DataObject) -> None:
    whole = bytearray(png(screen(6, (40, 60))))
    at = data.draw(st.integers(33, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))

    def outcome() -> bytes | str:
        try:
            return decode_image(bytes(whole)).image.tobytes()
        except ValueProblem as problem:
            return problem.kind

    fast = outcome()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("curation.features.decode._vips", lambda: None)
        assert outcome() == fast


def test_a_blurred_or_enlarged_screen_is_not_sharp() -> None:
    drawn = Pictures.new("RGB", (720, 900), "white")
    for y in range(40, 860, 40):
        ImageDraw.Draw(drawn).text(
            (30, y), "Manage how you sign in and what we send you", "#202124", ImageFont.load_default(22)
        )
    enlarged = drawn.resize((240, 300), Pictures.Resampling.BOX).resize(drawn.size, Pictures.Resampling.BICUBIC)
    blurred = drawn.filter(ImageFilter.GaussianBlur(2))
    assert sharpness(drawn) > 0.55  # type: ignore[operator]
    assert sharpness(enlarged) < 0.5  # type: ignore[operator]
    assert sharpness(blurred) < 0.35  # type: ignore[operator]
    assert sharpness(Pictures.new("RGB", PHONE, "white")) is None


@pytest.mark.parametrize(
    ("ground", "ink", "expected"),
    [
        ("#ffffff", "#000000", 21),
        ("#ffffff", "#767676", 4.54),
        ("#101418", "#e0e0e0", 14.0),
        ("#f4f6fa", "#5588ff", 3.02),
    ],
)
@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_contrast_is_that_of_the_text_and_its_ground(ground: str, ink: str, expected: float, format: str) -> None:
    picture = Pictures.new("RGB", (1080, 900), ground)
    ImageDraw.Draw(picture).rectangle((0, 0, 1080, 60), fill="#d93025")
    for y in range(80, 860, 60):
        ImageDraw.Draw(picture).text((30, y), "Manage how you sign in", ink, ImageFont.load_default(36))
    found = decode_image(encoded(picture, format, **({"quality": 92, "subsampling": 0} if format == "JPEG" else {})))
    pair = main_pair(found.image, found.grey)
    assert pair is not None
    assert pair.ratio == pytest.approx(expected, rel=0.12)
    if format == "PNG":
        assert pair.ground == ground


def test_without_text_there_is_no_contrast() -> None:
    row = create("palette").prepare(item(Pictures.new("RGB", PHONE, "#336699")))
    assert (row["contrast"], row["contrast_ground"], row["contrast_ink"]) == (None, None, None)


@given(st.tuples(*[st.integers(0, 255)] * 3), st.tuples(*[st.integers(0, 255)] * 3))
def test_contrast_ratios_lie_between_1_and_21_and_need_no_order(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    first, second = luminance(np.array([a, b], np.uint8))
    assert 1 <= ratio(first, second) <= 21.0001
    assert ratio(first, second) == ratio(second, first)
    assert ratio(first, first) == 1
