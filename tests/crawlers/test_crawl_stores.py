"""Whole crawls of the App Store, Google Play and Flathub, against stores of our own on loopback."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from crawlers.captures import Capture, CaptureStore, Failure
from crawlers.run import CrawlSummary, crawl
from tests.crawlers.conftest import picture
from tests.crawlers.store_server import Store, answering

BIG, SMALL = picture(size=(72, 128)), picture((200, 0, 0), (36, 64))
SETTINGS = {
    "GESSO_APPSTORE_API": "http://api.test",
    "GESSO_APPSTORE_CHARTS": "http://charts.test",
    "GESSO_APPSTORE_PAGES": "http://pages.test",
    "GESSO_APPSTORE_CALLS": 60_000,
    "GESSO_GOOGLEPLAY": "http://play.test",
    "GESSO_FLATHUB": "http://flathub.test",
}


def run(
    spider: str, arguments: dict[str, str], store: Store, folder: Path
) -> tuple[CrawlSummary, list[Capture], dict[str, Failure]]:
    """A crawl through the store as a proxy, what it took, and its failures by what failed."""
    where = str(folder / "captures")
    summary = crawl(spider, arguments, store=where, settings={**SETTINGS, "GESSO_PROXY": store.address})
    found = CaptureStore(where)
    return summary, list(found.captures()), {failure.kind: failure for failure in found.failures()}


def app(number: int, **fields: Any) -> dict[str, Any]:
    return {"trackId": number, "bundleId": f"com.example.a{number}", "trackName": f"App {number}", **fields}


def results(*apps: dict[str, Any]) -> bytes:
    return json.dumps({"resultCount": len(apps), "results": apps}).encode()


def test_appstore_takes_no_more_apps_of_a_search_than_were_asked_for(tmp_path: Path) -> None:
    found = [app(n, screenshotUrls=[f"http://img.test/{n}/pr.png/392x696bb.png"]) for n in range(1, 6)]
    images: dict[str, bytes | int] = {f"img.test/{n}/pr.png/9999x9999bb.png": BIG for n in range(1, 6)}
    with answering({"api.test/search": results(*found), **images}) as store:
        _, captures, _ = run("appstore", {"search": "clock", "limit": "2"}, store, tmp_path)
    assert {c.listing.app_id for c in captures if c.listing} == {"com.example.a1", "com.example.a2"}


def test_appstore_takes_the_largest_size_and_falls_back_to_the_one_given(tmp_path: Path) -> None:
    shots = {
        "screenshotUrls": ["http://img.test/1/pr.png/392x696bb.png", "http://img.test/2/pr.jpg/392x696bb.jpg"],
        "ipadScreenshotUrls": ["http://img.test/3/pr.png/576x768bb.png"],
        "appletvScreenshotUrls": ["http://img.test/4/pr.png/900x506bb.png"],
    }
    answers: dict[str, bytes | int] = {
        "api.test/search": results(app(1, **shots, averageUserRating="4.5"), {"wrapperType": "artist"}, {"kind": "x"}),
        "img.test/1/pr.png/9999x9999bb.png": BIG,
        "img.test/2/pr.jpg/392x696bb.jpg": SMALL,
        "img.test/3/pr.png/9999x9999bb.png": BIG,
    }
    with answering(answers) as store:
        summary, captures, failures = run("appstore", {"search": "clock"}, store, tmp_path)
    seen = {(c.view.form_factor, c.listing.position): (c.image.width, c.listing.rating) for c in captures if c.listing}
    assert seen == {("phone", 0): (72, 4.5), ("phone", 1): (36, 4.5), ("tablet", 0): (72, 4.5)}
    assert summary.failures == {"bad_entry": 1, "http_404": 1}
    assert failures["http_404"].site == "com.example.a1"
    assert store.asked[0] == "api.test/search?term=clock&entity=software&limit=50&country=us"
    assert summary.stats["gesso/listings/others"] == 1


def test_appstore_reads_the_page_of_an_app_without_screenshots(tmp_path: Path) -> None:
    page = b"""<ul class="shelf-grid__list shelf-grid__list--grid-type-ScreenshotPhone"><li><picture>
      <source srcset="http://img.test/p/1.png/300x650bb.webp 300w, http://img.test/p/1.png/600x1300bb.webp 600w">
      <source srcset="http://img.test/p/1.png/300x650bb.png 300w"></picture></li></ul>"""
    answers: dict[str, bytes | int] = {
        "api.test/lookup": results(
            app(1, screenshotUrls=[], trackViewUrl="http://pages.test/one"), app(2), app(3, trackViewUrl=7)
        ),
        "pages.test/one": page,
        "pages.test/us/app/id2": b"<p>another layout</p>",
        "img.test/p/1.png/9999x9999bb.png": BIG,
    }
    with answering(answers) as store:
        summary, captures, failures = run("appstore", {"ids": "1,2,3,44"}, store, tmp_path)
    assert [(c.listing.name, c.view.form_factor) for c in captures if c.listing] == [("App 1", "phone")]
    assert summary.failures == {"http_404": 1, "layout_changed": 1, "no_such_app": 1}
    evidence = failures["layout_changed"].reason.rpartition("blob ")[2].removesuffix(".html")
    assert CaptureStore(summary.store).read_blob(evidence, "html") == answers["pages.test/us/app/id2"]


@pytest.mark.parametrize("feed", ["auto", "v2", "legacy"])
def test_appstore_charts_of_both_forms(tmp_path: Path, feed: str) -> None:
    legacy = {"feed": {"entry": {"id": {"label": "x", "attributes": {"im:id": "7"}}, "link": {"attributes": {}}}}}
    v2 = {"feed": {"results": [{"id": "8", "name": "B"}, {"id": "7"}]}}
    answers: dict[str, bytes | int] = {
        "charts.test/api/v2/de/apps/top-free/5/apps.json": json.dumps(v2).encode() if feed == "v2" else 404,
        "api.test/de/rss/topfreeapplications/limit=5/json": json.dumps(legacy).encode(),
        "api.test/lookup": results(app(7, screenshotUrls=["http://img.test/a.png"]), app(8, screenshotUrls="x")),
        "img.test/a.png": BIG,
    }
    arguments = {"charts": "top-free", "feed": feed, "country": "de", "limit": "5"}
    with answering(answers) as store:
        summary, captures, _ = run("appstore", arguments, store, tmp_path)
    (looked_up,) = [asked for asked in store.asked if "lookup" in asked]
    assert f"id={'8%2C7' if feed == 'v2' else '7'}&" in looked_up
    assert [c.listing.app_id for c in captures if c.listing] == ["com.example.a7"]
    assert summary.failures == {"bad_entry": 1, "http_404": 1}


def test_appstore_calls_are_paced_and_images_are_not(tmp_path: Path) -> None:
    shots = [f"http://img.test/{number}.png" for number in range(8)]
    answers: dict[str, bytes | int] = {"api.test/lookup": results(app(1, screenshotUrls=shots))}
    answers |= {f"img.test/{number}.png": BIG for number in range(8)}
    ids = ",".join(f"com.example.{'x' * 150}{n}" for n in range(25))
    settings = {**SETTINGS, "GESSO_APPSTORE_CALLS": 30, "AUTOTHROTTLE_ENABLED": True}
    with answering(answers) as store:
        where = str(tmp_path / "c")
        summary = crawl("appstore", {"ids": ids}, store=where, settings={**settings, "GESSO_PROXY": store.address})
    calls = [asked for asked in store.asked if "lookup" in asked]
    assert len(calls) == 3
    assert all(len(call) < 2000 for call in calls)
    api = [when for asked, when in store.times if asked.startswith("api.test")]
    assert max(api) - min(api) >= 5.5  # robots.txt and three calls, two seconds between each
    first = next(when for asked, when in store.times if asked.startswith("img.test"))
    assert first < max(api), "an image waits for no call"
    assert summary.failures == {"no_such_app": 25}


def play_page(key: str, data: Any) -> bytes:
    block = f"{{key: '{key}', hash: '1', data:{json.dumps(data)}, sideChannel: {{}}}}"
    return f"<script>AF_initDataCallback({block});</script>".encode()


def play_details(app_id: str, *urls: str) -> list[Any]:
    details: list[Any] = [None] * 100
    details[0], details[77], details[68] = ["Blocks &amp; more"], [app_id], ["Studio"]
    details[78] = [[[None, 2, [128, 72], [None, None, url]] for url in urls]]
    return details


def test_googleplay_takes_what_it_finds_by_shape_and_is_loud_about_the_rest(tmp_path: Path) -> None:
    answers: dict[str, bytes | int] = {
        "play.test/store/search": play_page("ds:9", [[[["a.good", 7], ["a.broken", 7], ["a.gone", 7]]]]),
        "play.test/store/apps/details?id=a.good&hl=de&gl=at": play_page(
            "ds:17", [[play_details("a.good", "http://img.test/s1", "http://img.test/s2=w100")]]
        ),
        "play.test/store/apps/details?id=a.broken&hl=de&gl=at": play_page("ds:5", [[None, {"title": None}]]),
        "img.test/s1=s0": BIG,
        "img.test/s2=w72-h128": SMALL,
    }
    with answering(answers) as store:
        arguments = {"search": "blocks", "language": "de", "country": "at"}
        summary, captures, failures = run("googleplay", arguments, store, tmp_path)
    assert [(c.image.width, c.listing.developer, c.listing.locale, c.site) for c in captures if c.listing] == [
        (72, "Studio", "de", "a.good"),
        (36, "Studio", "de", "a.good"),
    ]
    assert summary.failures == {"http_404": 1, "layout_changed": 1}
    loud = failures["layout_changed"]
    kept = CaptureStore(summary.store).read_blob(loud.reason.rpartition("blob ")[2].removesuffix(".html"), "html")
    assert (loud.site, kept) == ("a.broken", answers["play.test/store/apps/details?id=a.broken&hl=de&gl=at"])
    assert summary.stats["gesso/layout_changed"] == 1


APPSTREAM = b"""<components version="0.8"><component type="desktop-application"><id>org.a.App</id><name>A</name>
<name xml:lang="de">Ah</name><project_license>MIT</project_license><screenshots>
<screenshot><image type="thumbnail" width="64" height="64">http://img.test/small.png</image>
<image type="source" width="72" height="128">http://img.test/source.png</image></screenshot>
<screenshot environment="windows"><image>http://img.test/windows.png</image></screenshot>
<screenshot><image>nowhere</image></screenshot></screenshots></component>
<component type="font"><id>f</id><name>F</name></component><component type="desktop"><id>no name</id></component>
</components>"""
DEP11 = b"""---
File: DEP-11
MediaBaseUrl: http://img.test/media
---
Type: desktop-application
ID: org.b.App.desktop
Name: {C: B}
Screenshots:
- source-image: {url: b/1.png, width: 72, height: "128"}
"""


@pytest.mark.parametrize("packed", [True, False])
def test_flathub_bulk_catalogues(tmp_path: Path, packed: bool) -> None:
    answers: dict[str, bytes | int] = {
        "dl.test/appstream.xml.gz": gzip.compress(APPSTREAM) if packed else APPSTREAM,
        "dl.test/components.yml": gzip.compress(DEP11) if packed else DEP11,
        "img.test/small.png": SMALL,
        "img.test/media/b/1.png": BIG,
    }
    arguments = {"source": "http://dl.test/appstream.xml.gz", "dep11": "http://dl.test/components.yml", "locale": "de"}
    with answering(answers) as store:
        summary, captures, _ = run("flathub", arguments, store, tmp_path)
    got = {c.site: (c.listing.name, c.image.width, c.rights.licence, c.view.form_factor) for c in captures if c.listing}
    assert got == {"org.a.App": ("Ah", 36, "MIT", "desktop"), "org.b.App": ("B", 72, None, "desktop")}
    assert summary.failures == {"bad_entry": 2}
    assert summary.stats["gesso/listings/other_systems"] == 1
    assert not any("windows" in asked for asked in store.asked)


def test_flathub_collections_and_apps_of_the_api(tmp_path: Path) -> None:
    def answer(app_id: str) -> bytes:
        sizes = [
            {"width": "64", "height": "36", "scale": "1x", "src": "http://img.test/s.png"},
            {"width": "128", "height": "72", "scale": "1x", "src": "http://img.test/l.png"},
        ]
        return json.dumps({"id": app_id, "name": "N", "screenshots": [{"sizes": sizes, "caption": None}]}).encode()

    def page(number: int, *ids: str) -> dict[str, bytes | int]:
        hits = {"hits": [{"app_id": one} for one in ids], "totalPages": 2}
        where = f"flathub.test/api/v2/collection/category/Game?page={number}&per_page=250&locale=en"
        return {where: json.dumps(hits).encode()}

    answers = page(1, "org.a", "org.b") | page(2, "org.c", "org.d") | {"img.test/l.png": BIG}
    answers |= {f"flathub.test/api/v2/appstream/org.{one}": answer(f"org.{one}") for one in "ace"}
    answers["flathub.test/api/v2/appstream/org.b"] = b"null"
    with answering(answers) as store:
        arguments = {"collection": "category/Game", "ids": "org.e", "limit": "3"}
        summary, captures, _ = run("flathub", arguments, store, tmp_path)
    assert sorted(c.site for c in captures) == ["org.a", "org.c", "org.e"]
    assert summary.failures == {"bad_payload": 1}


def test_images_that_opt_out_or_are_cut_are_failures(tmp_path: Path) -> None:
    shots = [f"http://img.test/{name}" for name in ("no.png", "cut.png", "same.png", "same.png")]
    answers: dict[str, bytes | int] = {
        "api.test/lookup": results(app(1, screenshotUrls=[*shots, "file:///etc/passwd"])),
        "img.test/no.png": BIG,
        "img.test/cut.png": BIG[:-10],
        "img.test/same.png": BIG,
    }
    with answering(answers, {"img.test/no.png": {"X-Robots-Tag": "noai"}}) as store:
        summary, captures, _ = run("appstore", {"ids": "1"}, store, tmp_path)
    assert summary.failures == {"bad_entry": 1, "opt_out": 1, "truncated_image": 1}
    assert sorted(c.listing.position for c in captures if c.listing) == [2, 3]
    assert summary.stats["gesso/listings/duplicates"] == 1
