"""The App Store's answers: what is there is read, what is missing or of another type is a default or a typed error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.parsers.appstore import App, full_size, largest_of, parse_apps, parse_chart, parse_store_page
from crawlers.parsers.errors import StorePayloadError
from tests.crawlers.parsers.mutations import damaged

SHARED = Path(__file__).resolve().parents[3].parent / "shared"
RESULT: dict[str, Any] = {
    "trackId": 12,
    "bundleId": "com.example.app",
    "trackName": "App",
    "screenshotUrls": ["https://is1.mzstatic.com/image/thumb/a/pr.png/392x696bb.png"],
    "ipadScreenshotUrls": ["https://is1.mzstatic.com/image/thumb/b/pr.jpg/576x768bb.jpg"],
    "appletvScreenshotUrls": [],
    "averageUserRating": 4.5,
    "userRatingCount": 10,
    "genres": ["Tools", "Work"],
    "primaryGenreName": "Tools",
    "trackViewUrl": "https://apps.apple.com/us/app/app/id12",
    "fileSizeBytes": "80596748",
    "wrapperType": "software",
    "kind": "software",
}
ANSWER = {"resultCount": 1, "results": [RESULT]}
V2 = {"feed": {"results": [{"id": "12", "name": "App", "url": "https://apps.apple.com/us/app/app/id12"}]}}
LEGACY = {
    "feed": {
        "entry": [
            {
                "im:name": {"label": "App"},
                "id": {"label": "https://apps.apple.com/us/app/app/id12?uo=2", "attributes": {"im:id": "12"}},
                "link": [{"attributes": {"href": "https://apps.apple.com/us/app/app/id12?uo=2"}}],
            }
        ]
    }
}
PAGE = """<html><ul class="shelf-grid__list shelf-grid__list--grid-type-ScreenshotPad"><li><picture>
<source srcset="https://a.test/p.png/643x0w.webp 643w, https://a.test/p.png/1286x0w.webp 1286w" type="image/webp">
<source srcset="https://a.test/p.png/643x0w.png 643w"><img src="x"></picture></li></ul>
<ul class="grid-type-ScreenshotAppleTv"></ul><ul class="shelf-grid__list"><picture><source srcset="https://a.test/no"></picture></ul>"""


def only(**changes: Any) -> App:
    (app,) = parse_apps(json.dumps({"results": [{**RESULT, **changes}]}).encode(), "en-US").apps
    return app


def test_an_app_and_its_screenshots_by_device() -> None:
    app = only()
    assert (app.track_id, app.listing.app_id, app.listing.rating, app.listing.rating_count) == (
        12,
        "com.example.app",
        4.5,
        10,
    )
    assert app.listing.categories == ("Tools", "Work")
    assert {factor: len(urls) for factor, urls in app.screenshots.items()} == {"phone": 1, "tablet": 1}
    assert list(only(kind="mac-software").screenshots) == ["desktop", "tablet"]


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({"trackId": "12"}, ("com.example.app", 12, 4.5)),
        ({"bundleId": None}, ("id12", 12, 4.5)),
        ({"averageUserRating": "4,5"}, ("com.example.app", 12, 4.5)),
        ({"averageUserRating": 99, "trackId": None}, ("com.example.app", None, None)),
        ({"genres": "Tools", "screenshotUrls": None, "surprise": {"a": [1]}}, ("com.example.app", 12, 4.5)),
    ],
)
def test_other_types_and_missing_keys(changes: dict[str, Any], seen: tuple[Any, ...]) -> None:
    app = only(**changes)
    assert (app.listing.app_id, app.track_id, app.listing.rating) == seen


def test_damaged_screenshots_and_results_are_counted() -> None:
    assert only(screenshotUrls=["https://a.test/1", 7, "ftp://a.test/2", None]).damaged == 3
    answer = parse_apps(json.dumps({"results": [None, {"trackName": "x"}, {"wrapperType": "artist"}, RESULT]}).encode())
    assert (len(answer.apps), len(answer.problems), answer.others) == (1, 2, 1)


def test_charts_of_both_forms_and_an_entry_without_its_array() -> None:
    single = {"feed": {"entry": LEGACY["feed"]["entry"][0]}}
    unnumbered = {"feed": {"entry": [{"link": {"attributes": {"href": "https://apps.apple.com/us/app/x/id12"}}}]}}
    for chart in (V2, LEGACY, single, unnumbered):
        assert parse_chart(json.dumps(chart).encode()) == ("12",)
    assert parse_chart(b'{"feed": {"results": []}}') == ()
    with pytest.raises(StorePayloadError):
        parse_chart(b'{"feed": {"results": [{"name": "x"}]}}')


def test_a_store_page_gives_the_largest_of_each_picture() -> None:
    assert parse_store_page(PAGE.encode()) == {"tablet": ("https://a.test/p.png/1286x0w.webp",)}
    with pytest.raises(StorePayloadError) as changed:
        parse_store_page(b"<html><ul class=other></ul>")
    assert changed.value.kind == "layout_changed"
    assert largest_of("https://a.test/1.png 1x, https://a.test/2.png 2x") == "https://a.test/2.png"
    assert largest_of("data:x 3w, , //a.test/1.png") == "https://a.test/1.png"


@pytest.mark.parametrize(
    ("url", "first"),
    [
        ("https://a.test/x/pr.jpg/392x696bb.jpg", "https://a.test/x/pr.jpg/9999x9999bb.jpg"),
        ("https://a.test/x/pr.PNG/392x0w-75.webp", "https://a.test/x/pr.PNG/9999x9999bb.png"),
        ("https://a.test/x/pr.png/{w}x{h}{c}.{f}", "https://a.test/x/pr.png/9999x9999bb.png"),
        ("https://a.test/plain.png", "https://a.test/plain.png"),
    ],
)
def test_the_resize_directive_asks_for_the_largest(url: str, first: str) -> None:
    assert full_size(url)[0] == first


@given(damaged(ANSWER))
def test_damaged_answers_give_apps_or_typed_errors(value: Any) -> None:
    read(json.dumps(value).encode())


@given(damaged(V2) | damaged(LEGACY))
def test_damaged_charts_give_ids_or_typed_errors(value: Any) -> None:
    for name in ids(json.dumps(value).encode()):
        assert name.isdigit()


@given(st.data())
def test_damaged_pages_give_addresses_or_typed_errors(data: st.DataObject) -> None:
    raw = bytearray(PAGE.encode())
    for _ in range(data.draw(st.integers(1, 8))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    for urls in page(bytes(raw[: data.draw(st.integers(0, len(raw)))])).values():
        assert all(full_size(url)[-1] == url for url in urls)


def page(raw: bytes) -> dict[str, tuple[str, ...]]:
    try:
        return parse_store_page(raw)
    except StorePayloadError:
        return {}


def ids(raw: bytes) -> tuple[str, ...]:
    try:
        return parse_chart(raw)
    except StorePayloadError:
        return ()


def read(raw: bytes) -> None:
    try:
        answer = parse_apps(raw)
    except StorePayloadError:
        return
    for app in answer.apps:
        assert app.listing.app_id
        assert app.listing.name
        assert all(url.startswith("http") for urls in app.screenshots.values() for url in urls)


def test_a_published_search() -> None:
    path = SHARED / "data/stores/itunes/search-slack.json"
    if not path.exists():
        pytest.skip("the payloads are not here")
    answer = parse_apps(path.read_bytes())
    assert (len(answer.apps), answer.problems) == (39, ())
    assert sum(len(urls) for app in answer.apps for urls in app.screenshots.values()) == 190
    assert all(app.damaged == 0 for app in answer.apps)
