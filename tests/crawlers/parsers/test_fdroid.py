"""index-v2: everything listed is either read or refused by name; whatever is damaged gives a typed error."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.parsers.fdroid import Index, RepositoryError, check_file, file_url, localised, merge_diff, parse_entry
from tests.crawlers.conftest import file_entry, picture
from tests.crawlers.parsers.mutations import damaged

SHARED = Path(__file__).resolve().parents[3].parent / "shared"
SHOT = file_entry("/a.b/en-US/phoneScreenshots/1.png", picture())
INDEX: dict[str, Any] = {
    "packages": {
        "a.b": {
            "metadata": {
                "name": {"en-US": "Clock", "de": "Uhr"},
                "summary": {"en-US": "Tells the time"},
                "description": {"fr": "Une horloge"},
                "license": "MIT",
                "categories": ["Clock"],
                "screenshots": {"phone": {"en-US": [SHOT, SHOT], "de-DE": [SHOT]}, "wear": {"en-US": [SHOT]}},
            }
        }
    }
}
BYTES = json.dumps(INDEX).encode()


def test_every_screenshot_of_every_form_factor_and_locale() -> None:
    shots = list(Index(BYTES).screenshots("a.b"))
    assert [(s.form_factor, s.locale, s.position) for s in shots] == [
        ("phone", "de-DE", 0),
        ("phone", "en-US", 0),
        ("phone", "en-US", 1),
        ("wear", "en-US", 0),
    ]
    assert [s.locale for s in Index(BYTES).screenshots("a.b", ("de-DE",))] == ["de-DE"]


def test_texts_fall_back_by_language_then_english_then_any() -> None:
    listing = Index(BYTES).listing("a.b", "de-DE", 3)
    assert (listing.name, listing.summary, listing.description) == ("Uhr", "Tells the time", "Une horloge")
    assert (listing.position, listing.locale, listing.categories) == (3, "de-DE", ("Clock",))
    assert localised({}, "de") == ""


@pytest.mark.parametrize("name", ["../up.png", "/a/../../up.png", "/a\\b.png", "x.png", "/a\nb.png"])
def test_names_that_lead_out_of_the_repository_are_refused(name: str) -> None:
    index = copy.deepcopy(INDEX)
    index["packages"]["a.b"]["metadata"]["screenshots"] = {"phone": {"en-US": [{**SHOT, "name": name}]}}
    (shot,) = Index(json.dumps(index).encode()).screenshots("a.b")
    assert shot.file is None
    assert shot.problem


def test_urls_stand_on_the_address_that_the_user_gave() -> None:
    assert file_url("http://store.test/repo/", "/a b/1#?.png") == "http://store.test/repo/a%20b/1%23%3F.png"


def test_bytes_are_held_to_size_and_hash() -> None:
    entry = parse_entry(json.dumps({"index": file_entry("/index-v2.json", b"abc")}).encode()).index
    check_file(b"abc", entry)
    with pytest.raises(RepositoryError) as cut:
        check_file(b"ab", entry)
    with pytest.raises(RepositoryError) as other:
        check_file(b"abd", entry)
    assert (cut.value.kind, other.value.kind) == ("size_mismatch", "sha256_mismatch")


def test_a_diff_merges_replaces_and_removes() -> None:
    old = json.dumps({"repo": {"timestamp": 1, "x": 1}, "packages": {"a": {"m": [1, 2], "n": 1}, "b": {}}}).encode()
    diff = json.dumps({"repo": {"timestamp": 2}, "packages": {"a": {"m": [3], "n": None}, "b": None, "c": {"d": {}}}})
    merged = json.loads(merge_diff(old, diff.encode(), 2))
    assert merged == {"repo": {"timestamp": 2, "x": 1}, "packages": {"a": {"m": [3]}, "c": {"d": {}}}}
    for bad in (b"[]", b"{", diff.encode().replace(b": 2}", b": 3}"), b'{"a":' * 100 + b"1" + b"}" * 100):
        with pytest.raises(RepositoryError) as raised:
            merge_diff(old, bad, 2)
        assert raised.value.kind == "bad_diff"


@given(damaged({"timestamp": 2, "index": SHOT, "diffs": {"1": SHOT, "x": SHOT}}), damaged(INDEX))
def test_damaged_entries_and_diffs_give_typed_errors(entry: Any, diff: Any) -> None:
    read_all(json.dumps(entry).encode())
    assert merge_kind(json.dumps(diff).encode()) in ("", "bad_diff", "bad_index")


@given(st.data())
def test_damaged_payloads_give_typed_errors(data: st.DataObject) -> None:
    raw = bytearray(BYTES)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at] = data.draw(st.integers(0, 255))
    read_all(bytes(raw[: data.draw(st.integers(0, len(raw)))] if data.draw(st.booleans()) else raw))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["packages", "metadata", "screenshots", "phone", "en-US", "name", "size", "sha256", "index"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=20,
    )
)
def test_any_json_gives_records_or_typed_errors(value: Any) -> None:
    read_all(json.dumps(value).encode())
    read_all(json.dumps({"packages": {"a": {"metadata": value}}}).encode())


def merge_kind(diff: bytes) -> str:
    """The kind of the error that applying a diff gives, "" for none."""
    try:
        Index(merge_diff(BYTES, diff, 2))
    except RepositoryError as error:
        return error.kind
    return ""


def read_all(raw: bytes) -> None:
    for read in (parse_entry, Index):
        try:
            found = read(raw)
        except RepositoryError:
            continue
        if isinstance(found, Index):
            for app in found.app_ids():
                for shot in found.screenshots(app):
                    assert (shot.file is None) == bool(shot.problem)
                assert found.listing(app, "de").app_id == app


@pytest.mark.corpus
def test_the_corpus_lists_325_screenshots() -> None:
    path = SHARED / "corpus/apps/repo/index-v2.json"
    if not path.exists():
        pytest.skip("the development corpus is not here")
    index = Index(path.read_bytes())
    shots = [shot for app in index.app_ids() for shot in index.screenshots(app)]
    assert len(shots) == 325
    assert all(shot.file for shot in shots)
