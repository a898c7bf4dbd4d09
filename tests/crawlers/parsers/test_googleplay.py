"""Google Play's pages: an app is found wherever it lies, and a layout that changed is an error, not an app of nulls."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from crawlers.parsers.errors import StorePayloadError
from crawlers.parsers.googleplay import PlayApp, full_size, parse_app, parse_blocks, parse_search
from tests.crawlers.parsers.mutations import damaged

SHARED = Path(__file__).resolve().parents[3].parent / "shared"
APP = "com.example.blocks"


def details() -> list[Any]:
    found: list[Any] = [None] * 90
    found[0], found[77], found[68] = ["Blocks"], [APP], ["Studio"]
    found[13], found[51] = ["5+", 5], [["4.3", 4.25], None, ["1,234", 1234]]
    found[72], found[73] = [[None, "Build<br>things &amp; more"]], [[None, "Build"]]
    found[78] = [[[None, 2, [128, 72], [None, None, f"https://img.test/{n}"]] for n in range(3)]]
    found[79] = [[["Arcade", None, "GAME_ARCADE"]]]
    return found


def page(*blocks: tuple[str, Any], form: str = "data:{}, sideChannel: {{}}") -> bytes:
    calls = (
        f"<script nonce=x>AF_initDataCallback({{key: '{key}', hash: '3', {form.format(json.dumps(data))}}});</script>"
        for key, data in blocks
    )
    return ("<!doctype html><script>var AF_initDataKeys = ['ds:0'];</script>" + "".join(calls)).encode()


def outcome(raw: bytes, app_id: str = APP) -> PlayApp | str:
    """The app, or the kind of the error."""
    try:
        return parse_app(raw, app_id)
    except StorePayloadError as error:
        return error.kind


def test_the_fields_of_an_app() -> None:
    app = parse_app(page(("ds:5", [None, [None, None, details()]])), APP)
    assert (app.title, app.summary, app.description) == ("Blocks", "Build", "Build\nthings & more")
    assert (app.developer, app.rating, app.rating_count, app.installs) == ("Studio", 4.25, 1234, 5)
    first = app.screenshots[0]
    assert (first.url, first.width, first.height) == ("https://img.test/0", 72, 128)
    assert full_size(first) == (
        "https://img.test/0=s0",
        "https://img.test/0=w72-h128",
        "https://img.test/0",
    )


def test_it_is_found_by_shape_wherever_it_lies() -> None:
    expected = parse_app(page(("ds:5", [None, [None, None, details()]])), APP)
    others: Any = [["Blocks II"], [[None, 2, [512, 512], [None, None, "https://img.test/icon"]]]]
    for raw in (
        page(("ds:31", [None, [None, None, details()]])),
        page(("ds:5", []), ("ds:7", {"a": [[details()]]})),
        page(("ds:5", others), ("ds:6", [[[[details()]]]])),
        page(("ds:5", [None, [None, None, details()]]), form="data:function(){{return {}}}"),
        page(("ds:5", [None, [None, None, details()]])).replace(b"key: '", b'key:"').replace(b"', hash", b'", hash'),
        page(("ds:5", [None, [None, None, details()]])).replace(b"&amp;", b"\\x26amp;"),
    ):
        assert outcome(raw) == expected


def test_screenshots_at_another_place_of_the_details() -> None:
    moved = details()
    moved[81], moved[78] = moved[78], None
    found = outcome(page(("ds:5", [None, [None, None, moved]])))
    assert isinstance(found, PlayApp)
    assert len(found.screenshots) == 3


@pytest.mark.parametrize(
    "changes",
    [{0: None}, {0: [None]}, {0: [""]}, {78: None}, {78: [[]]}, {78: [[[None, 2, [1], []]]]}, {77: ["com.other.app"]}],
)
def test_what_must_hold_and_does_not_is_a_changed_layout(changes: dict[int, Any]) -> None:
    given = details()
    for place, value in changes.items():
        given[place] = value
    assert outcome(page(("ds:5", [None, [None, None, given]]))) == "layout_changed"


def test_one_broken_screenshot_is_no_row_of_nulls() -> None:
    broken = details()
    broken[78][0][1][3] = None
    assert outcome(page(("ds:5", [None, [None, None, broken]]))) == "layout_changed"


@pytest.mark.parametrize("raw", [b"", b"<html>", b"AF_initDataCallback({key: 'ds:5', data:[", page(("ds:5", None))])
def test_pages_without_data(raw: bytes) -> None:
    assert outcome(raw) == "layout_changed"


def test_optional_fields_may_be_absent() -> None:
    bare: list[Any] = [None] * 90
    bare[0], bare[77], bare[78] = ["Blocks"], [APP], details()[78]
    found = outcome(page(("ds:5", [None, [None, None, bare]])))
    assert isinstance(found, PlayApp)
    assert (found.rating, found.description, found.categories) == (None, "", ())


def test_a_search_lists_apps_by_document_and_by_address() -> None:
    linked = [
        None,
        [None, "https://play.google.com/store/apps/details?id=a.two&hl=en"],
        ["not a package", 7],
        ["a.three", 8],
    ]
    assert parse_search(page(("ds:4", [[["a.one", 7]], linked, {"12": ["a.one", 7]}]))) == ("a.one", "a.two")
    assert parse_search(page(("ds:4", [[None, []]]))) == ()
    with pytest.raises(StorePayloadError) as changed:
        parse_search(page(("ds:1", [1])))
    assert changed.value.kind == "layout_changed"


@given(damaged([None, [None, None, details()]], most=4))
@settings(max_examples=150)
def test_damaged_details_give_a_whole_app_or_a_typed_error(value: Any) -> None:
    found = outcome(page(("ds:5", value)))
    if isinstance(found, PlayApp):
        assert found.title
        assert found.screenshots
        assert all(image.url.startswith("http") and image.width and image.height for image in found.screenshots)
    else:
        assert found in ("layout_changed", "too_large")


@given(damaged([[["a.one", 7]], [None, ["a.two", 7]]]))
def test_damaged_searches_give_ids_or_typed_errors(value: Any) -> None:
    try:
        found = parse_search(page(("ds:4", value)))
    except StorePayloadError as error:
        found = (error.kind,)
    assert set(found) <= {"a.one", "a.two", "layout_changed"}


def published(name: str) -> bytes:
    path = SHARED / "data/stores/googleplay" / name
    if not path.exists():
        pytest.skip("the payloads are not here")
    return path.read_bytes()


def test_a_published_page_also_with_its_numbers_shifted() -> None:
    raw, app_id = published("app-minecraft.html"), "com.mojang.minecraftpe"
    app = parse_app(raw, app_id)
    assert (app.title, len(app.screenshots)) == ("Minecraft: Dream it, Build it!", 8)
    assert app.rating_count == 5715302
    shifted = re.sub(rb"'ds:(\d+)'", lambda match: b"'ds:%d'" % (int(match[1]) + 3), raw)
    assert parse_app(shifted, app_id) == app
    assert outcome(raw, "com.other.app") == "layout_changed"


def test_a_published_search() -> None:
    raw = published("search-panda.html")
    found = parse_search(raw)
    assert (len(found), found[0]) == (20, "com.pandaexpress.app")
    assert parse_search(raw.replace(b"'ds:4'", b"'ds:14'")) == found
    assert len(parse_blocks(raw)) == 7
