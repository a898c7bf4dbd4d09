"""entry.jar: a chain from certificate to file that holds as a whole, or a typed error."""

from __future__ import annotations

import io
import warnings
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.parsers.errors import StorePayloadError
from crawlers.parsers.jar import MAX_FILE_BYTES, read_signed
from tests.crawlers.signing import BLOCK, MANIFEST, STATED, jar, signed_files, signer

SHARED = Path(__file__).resolve().parents[3].parent / "shared"
ENTRY = b'{"timestamp": 1}'
KINDS = {"bad_jar", "bad_signature", "wrong_fingerprint", "too_large"}


def kind_of(data: bytes, fingerprint: str | None = None) -> str:
    with pytest.raises(StorePayloadError) as raised:
        read_signed(data, "entry.json", fingerprint)
    return raised.value.kind


@pytest.mark.parametrize("attributes", [True, False])
@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_a_signed_entry_and_its_signer(kind: str, attributes: bool) -> None:
    by = signer(kind, kind)
    files = signed_files(ENTRY, by, attributes=attributes)
    if kind == "ec":
        files["META-INF/KEY.EC"] = files.pop(BLOCK)
    found = read_signed(jar(files), "entry.json", by.fingerprint)
    assert (found.data, found.fingerprint) == (ENTRY, by.fingerprint)
    assert kind_of(jar(files), "0" * 64) == "wrong_fingerprint"


def test_a_stronger_digest_will_do_and_sha1_will_not() -> None:
    assert read_signed(jar(signed_files(ENTRY, signer(), algorithm="sha512")), "entry.json").data == ENTRY
    assert kind_of(jar(signed_files(ENTRY, signer(), algorithm="sha1"))) == "bad_signature"


def test_whatever_was_altered_after_signing_is_noticed() -> None:
    files, other = signed_files(ENTRY, signer()), signed_files(b"{}", signer("two"))
    altered = {
        "the entry": {**files, "entry.json": b"{}"},
        "the entry and its digest": {**files, "entry.json": b"{}", MANIFEST: other[MANIFEST]},
        "all but the signature": {**other, BLOCK: files[BLOCK]},
        "no signature": {name: data for name, data in files.items() if name != BLOCK},
        "no .SF": {name: data for name, data in files.items() if name != STATED},
        "no manifest": {name: data for name, data in files.items() if name != MANIFEST},
        "two signatures": {**files, "META-INF/B.RSA": other[BLOCK], "META-INF/B.SF": other[STATED]},
        "no certificate": {**files, BLOCK: b"0\x03\x02\x01\x01"},
        "an empty manifest": {**files, MANIFEST: b""},
        "signed under another name": {**signed_files(ENTRY, signer(), name="other.json"), "entry.json": ENTRY},
    }
    altered["signed under another name"].pop("other.json")
    assert {name: kind_of(jar(given)) for name, given in altered.items()} == dict.fromkeys(altered, "bad_signature")


def test_jars_that_are_none() -> None:
    files = signed_files(ENTRY, signer())
    twice = io.BytesIO(jar(files))
    with warnings.catch_warnings(), zipfile.ZipFile(twice, "a") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("entry.json", b"{}")
    whole = jar(files)
    given = {
        "not a zip": b"<html>404",
        "nothing": b"",
        "cut": whole[:-30],
        "bits flipped": whole.replace(b"PK\x03\x04", b"PK\x03\x05"),
        "an entry more": jar({**files, "evil.json": b"{}"}),
        "no entry": jar({name: data for name, data in files.items() if name != "entry.json"}),
        "an entry twice": twice.getvalue(),
        "many entries": jar({**files, **{f"META-INF/{n}.SF": b"" for n in range(40)}}),
    }
    assert {name: kind_of(data) for name, data in given.items()} == dict.fromkeys(given, "bad_jar")


def test_a_bomb_is_not_unpacked() -> None:
    files = signed_files(ENTRY, signer())
    assert kind_of(jar({**files, "entry.json": bytes(MAX_FILE_BYTES + 1)})) == "too_large"
    assert kind_of(bytes(5 << 20)) == "too_large"


@given(st.data())
def test_damaged_jars_give_typed_errors_or_what_was_signed(data: st.DataObject) -> None:
    files = signed_files(ENTRY, signer())
    name = data.draw(st.sampled_from(sorted(files)))
    raw = bytearray(files[name])
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    packed = bytearray(jar({**files, name: bytes(raw)}))
    if data.draw(st.booleans()):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    assert outcome(bytes(packed)) in {*KINDS, ENTRY}


def outcome(data: bytes) -> bytes | str:
    """What was signed, or the kind of the error."""
    try:
        return read_signed(data, "entry.json").data
    except StorePayloadError as error:
        return error.kind


def test_a_published_jar() -> None:
    path = SHARED / "data/stores/fdroid/signed/entry.jar"
    if not path.exists():
        pytest.skip("the payloads are not here")
    fingerprint = "28e14fb3b280bce8ff1e0f8e82726ff46923662cecff2a0689108ce19e8b347c"
    assert b'"index-mid-v2' in read_signed(path.read_bytes(), "entry.json", fingerprint).data.replace(b"../", b"")
