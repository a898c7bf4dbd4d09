"""The training-mining assertion in images of all three formats, whole, odd and broken."""

from __future__ import annotations

import io
import json
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from crawlers.policy.c2pa import SOURCE, image_signals


def cbor(value: Any) -> bytes:
    """Enough of an encoder for assertions."""
    if isinstance(value, dict):
        return _head(5, len(value)) + b"".join(cbor(k) + cbor(v) for k, v in value.items())
    if isinstance(value, list):
        return _head(4, len(value)) + b"".join(map(cbor, value))
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    return _head(0, value)


def _head(major: int, number: int) -> bytes:
    return bytes([major << 5 | number]) if number < 24 else bytes([major << 5 | 25]) + struct.pack(">H", number)


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + kind + body


def superbox(label: str, *contents: bytes) -> bytes:
    return box(b"jumb", box(b"jumd", b"\0" * 16 + b"\x03" + label.encode() + b"\0") + b"".join(contents))


def store(
    use: str, *, label: str = "c2pa.training-mining", entry: str = "c2pa.ai_training", as_json: bool = False
) -> bytes:
    value = {"entries": {entry: {"use": use}}}
    content = box(b"json", json.dumps(value).encode()) if as_json else box(b"cbor", cbor(value))
    return superbox("c2pa", superbox("urn:uuid:1", superbox("c2pa.assertions", superbox(label, content))))


def pixels(format: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (4, 4)).save(out, format)
    return out.getvalue()


def png(manifest: bytes) -> bytes:
    data = pixels("PNG")
    chunk = b"caBX" + manifest
    return data[:33] + struct.pack(">I", len(manifest)) + chunk + struct.pack(">I", zlib.crc32(chunk)) + data[33:]


def jpeg(manifest: bytes, piece: int = 60_000) -> bytes:
    data = pixels("JPEG")
    segments = b""
    for number, at in enumerate(range(0, len(manifest), piece), 1):
        body = manifest[at : at + piece] if number == 1 else manifest[:8] + manifest[at : at + piece]
        head = b"JP" + struct.pack(">HI", 1, number)
        segments += b"\xff\xeb" + struct.pack(">H", len(head) + len(body) + 2) + head + body
    return data[:2] + segments + data[2:]


def webp(manifest: bytes) -> bytes:
    data = pixels("WEBP")
    chunk = b"C2PA" + struct.pack("<I", len(manifest)) + manifest + b"\0" * (len(manifest) % 2)
    return b"RIFF" + struct.pack("<I", len(data) - 8 + len(chunk)) + data[8:] + chunk


FORMATS = {"png": png, "jpeg": jpeg, "webp": webp}


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    ("manifest", "effect"),
    [
        (store("notAllowed"), "disallow"),
        (store("constrained"), "disallow"),
        (store("allowed"), "allow"),
        (store("notAllowed", as_json=True), "disallow"),
        (store("notAllowed", label="cawg.training-mining", entry="cawg.ai_generative_training"), "disallow"),
        (store("notAllowed", label="c2pa.training-mining__1", entry="c2pa.data_mining"), "disallow"),
        (store("notAllowed", entry="c2pa.ai_inference"), "allow"),
        (store("notAllowed", label="c2pa.actions"), None),
    ],
)
def test_the_assertion_is_found(format: str, manifest: bytes, effect: str | None) -> None:
    found = image_signals(FORMATS[format](manifest))
    assert [(signal.source, signal.effect) for signal in found] == ([(SOURCE, effect)] if effect else [])


def test_a_manifest_over_several_segments_is_put_together() -> None:
    padded = superbox("c2pa", box(b"free", b"\0" * 5000), store("notAllowed"))
    assert [signal.effect for signal in image_signals(jpeg(padded, piece=1000))] == ["disallow"]


def test_the_evidence_is_what_it_says() -> None:
    assert image_signals(png(store("notAllowed")))[0].evidence == "c2pa.training-mining: c2pa.ai_training=notallowed"


def test_an_assertion_that_cannot_be_read_is_respected() -> None:
    broken = superbox("c2pa", superbox("c2pa.training-mining", box(b"cbor", b"\xbf\xff\xff")))
    assert [signal.effect for signal in image_signals(png(broken))] == ["disallow"]


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "GIF"])
def test_an_image_without_one_says_nothing(format: str) -> None:
    assert image_signals(pixels(format)) == ()


@given(st.binary(max_size=300), st.sampled_from(sorted(FORMATS)))
def test_any_manifest_is_read_to_its_end(manifest: bytes, format: str) -> None:
    assert isinstance(image_signals(FORMATS[format](manifest)), tuple)


@given(st.binary(max_size=200), st.integers(0, 10_000), st.sampled_from(sorted(FORMATS)))
def test_a_damaged_image_is_read_to_its_end(noise: bytes, at: int, format: str) -> None:
    whole = FORMATS[format](store("notAllowed"))
    at %= len(whole)
    assert isinstance(image_signals(whole[:at] + noise + whole[at + len(noise) :]), tuple)


@given(st.binary(max_size=200))
def test_any_cbor_is_an_assertion(payload: bytes) -> None:
    found = image_signals(png(superbox("c2pa.training-mining", box(b"cbor", payload))))
    assert len(found) == 1
