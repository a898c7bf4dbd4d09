"""Looking at pages with a real Chromium: what settles, what is hidden, what reacts, what is refused."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops

from crawlers.browser.outcome import PageFailure
from crawlers.browser.session import BrowserOptions, BrowserSession
from crawlers.browser.settle import SettleLimits
from crawlers.browser.snapshot import COMPUTED_STYLES
from crawlers.browser.views import DESKTOP, Surroundings, Visit, VisitOptions, visit
from crawlers.captures import CaptureStore
from design import from_snapshot
from pipelines.site_server import SiteServer

pytestmark = pytest.mark.browser
Look = Callable[..., Any]
LIGHT = ("light",)


@pytest.fixture(scope="module")
def looked(server: SiteServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Visit | PageFailure]:
    """All pages of these tests, visited once by one browser."""
    store = CaptureStore(str(tmp_path_factory.mktemp("views")), create=True)
    only_desktop = VisitOptions(viewports=(DESKTOP,), themes=LIGHT)
    pages: dict[str, VisitOptions] = {
        "http://plain.test/": VisitOptions(),
        "http://odd.test/lazy.html": only_desktop,
        "http://odd.test/cookies.html": only_desktop,
        "http://odd.test/blank.html": only_desktop,
        "http://odd.test/tall.html": VisitOptions(
            viewports=(DESKTOP,), themes=LIGHT, limits=SettleLimits(max_height=5000)
        ),
        "http://odd.test/wide.html": VisitOptions(themes=LIGHT),
        "http://odd.test/spill.html": VisitOptions(themes=LIGHT),
        "http://odd.test/film.html": only_desktop,
        "http://odd.test/grounds.html": VisitOptions(),
        "http://odd.test/grounds.html?long": VisitOptions(),
        "http://odd.test/lines.html": VisitOptions(themes=LIGHT),
        "http://odd.test/lines.html?alone": VisitOptions(viewports=VisitOptions().viewports[1:], themes=LIGHT),
        "http://odd.test/missing.html": only_desktop,
        "http://odd.test/red.png": only_desktop,
        "http://robots.test/noai.html": only_desktop,
        "http://robots.test/named.html": only_desktop,
        "http://odd.test/hang.html": VisitOptions(viewports=(DESKTOP,), themes=LIGHT, seconds=4),
    }

    async def put(data: bytes, format: str) -> str:
        return store.put_blob(data, format)

    async def look() -> dict[str, Visit | PageFailure]:
        found: dict[str, Visit | PageFailure] = {}
        async with BrowserSession(BrowserOptions(proxy=server.address, recycle_after=5)) as session:
            for url, options in pages.items():
                try:
                    found[url] = await visit(session, url, put, Surroundings(), options)
                except PageFailure as failure:
                    found[url] = failure
        return found

    looked = asyncio.run(look())
    looked["store"] = store  # type: ignore[assignment]
    return looked


def pixels(looked: dict[str, Any], url: str, number: int) -> Image.Image:
    shot = looked[url].shots[number]
    return Image.open(io.BytesIO(looked["store"].read_blob(shot.image.sha256, "png"))).convert("RGB")


def test_two_windows_fold_and_full_light_and_dark(looked: dict[str, Any]) -> None:
    shots = looked["http://plain.test/"].shots
    assert [(s.view.form_factor, s.view.theme, s.view.kind) for s in shots] == [
        (window, theme, kind)
        for window in ("desktop", "phone")
        for theme in ("light", "dark")
        for kind in ("fold", "full")
    ]
    assert [(s.image.width, s.image.height) for s in shots[:2]] == [(1440, 900), (1440, 900 + 2 * 780)]
    assert [(s.image.width, s.image.height) for s in shots[4:6]] == [(780, 1688), (780, (844 + 2 * 780) * 2)]
    assert pixels(looked, "http://plain.test/", 0).getpixel((5, 5)) == (0x24, 0x47, 0xB3)
    assert pixels(looked, "http://plain.test/", 2).getpixel((5, 5)) == (0x0A, 0x12, 0x30)


def test_a_full_viewport_hero_keeps_its_height_in_the_long_picture(looked: dict[str, Any]) -> None:
    long = pixels(looked, "http://plain.test/", 1)
    assert long.getpixel((5, 899)) == (0x24, 0x47, 0xB3)
    assert long.getpixel((5, 901)) == (255, 255, 255)


def test_the_tree_is_in_css_pixels_at_any_dpr(looked: dict[str, Any]) -> None:
    for number, width in ((0, 1440), (4, 390)):
        shot = looked["http://plain.test/"].shots[number]
        tree = json.loads(gzip.decompress(looked["store"].read_blob(shot.dom_sha256, "dom")))
        document, strings = tree["snapshot"]["documents"][0], tree["snapshot"]["strings"]
        names = [strings[i] for i in document["nodes"]["nodeName"]]
        at = document["layout"]["nodeIndex"].index(names.index("HEADER"))
        assert [n / tree["scale"] for n in document["layout"]["bounds"][at]] == [
            0,
            0,
            width,
            900 if width == 1440 else 844,
        ]
        styles = dict(zip(tree["computed_styles"], (strings[i] for i in document["layout"]["styles"][at]), strict=True))
        assert styles["display"] == "grid"
        assert tuple(styles) == COMPUTED_STYLES
        assert tree["page"]["width"] == width


def test_lazy_images_load_and_what_appears_on_scroll_is_there(looked: dict[str, Any]) -> None:
    visit = looked["http://odd.test/lazy.html"]
    colours = {colour for _, colour in pixels(looked, visit.url, 1).getcolors(1 << 20) or []}
    assert {(255, 0, 0), (0, 0xAA, 0), (0, 0, 0xAA)} <= colours
    tree = json.loads(gzip.decompress(looked["store"].read_blob(visit.shots[0].dom_sha256, "dom")))
    (asset,) = tree["assets"].values()
    assert (asset["format"], asset["width"]) == ("png", 200)
    assert looked["store"].read_blob(asset["sha256"], "png")


def test_verdicts(looked: dict[str, Any]) -> None:
    verdicts = {url.rsplit("/", 1)[1]: v.shots[-1].verdicts for url, v in looked.items() if isinstance(v, Visit)}
    assert verdicts["cookies.html"] == ("consent_hidden",)
    assert verdicts["blank.html"] == ("blank",)
    assert verdicts["missing.html"] == ("error_page",)
    assert verdicts["tall.html"] == ("truncated",)
    assert verdicts["lazy.html"] == verdicts[""] == ()
    assert looked["http://odd.test/missing.html"].status == 404
    assert looked["http://odd.test/tall.html"].shots[1].image.height == 5000
    assert (238, 0, 0) not in {c for _, c in pixels(looked, "http://odd.test/cookies.html", 0).getcolors(1 << 20) or []}


def test_a_page_without_a_mobile_layout_is_shown_as_a_phone_shows_it(looked: dict[str, Any]) -> None:
    fold, full = looked["http://odd.test/wide.html"].shots[2:]
    assert (fold.image.width, full.image.width) == (780, 780)
    assert full.image.height > 2000


def test_what_a_video_shows_is_kept_without_what_lies_over_it(looked: dict[str, Any]) -> None:
    visit = looked["http://odd.test/film.html"]
    tree = json.loads(gzip.decompress(looked["store"].read_blob(visit.shots[0].dom_sha256, "dom")))
    assert "stills" not in tree["media"]
    (still,) = (asset for name, asset in tree["assets"].items() if name.startswith("still:"))
    image = Image.open(io.BytesIO(looked["store"].read_blob(still["sha256"], "jpeg"))).convert("RGB")
    assert image.size == (still["width"], still["height"]) == (320, 180)
    for x, colour in ((80, (0xF0, 0xC0, 0x00)), (240, (0x20, 0xA0, 0x60))):
        assert max(abs(a - b) for a, b in zip(image.getpixel((x, 90)), colour, strict=True)) < 40
    slots = from_snapshot(tree).slots
    assert [slot.sha256 for name, slot in slots.items() if name == "video"] == [still["sha256"]]


@pytest.mark.parametrize("page", ["grounds.html", "grounds.html?long"])
def test_a_phone_has_fingers_and_a_desktop_has_a_mouse_in_every_picture(looked: dict[str, Any], page: str) -> None:
    """Chromium forgets the fingers where a picture is larger than the window."""
    visit = looked[f"http://odd.test/{page}"]
    assert len(visit.shots) == (8 if "long" in page else 4)
    for number, shot in enumerate(visit.shots):
        image, phone = pixels(looked, visit.url, number), shot.view.form_factor == "phone"
        assert image.getpixel((5, image.height - 5)) == ((0x00, 0x77, 0xCC) if phone else (0xCC, 0x00, 0x33)), shot.view
        assert (image.getpixel((5, 5)) == (0x00, 0xAA, 0x00)) == (not phone), shot.view


def test_a_phone_that_was_a_desktop_sets_its_lines_as_one_that_was_not(looked: dict[str, Any]) -> None:
    after = pixels(looked, "http://odd.test/lines.html", 1)
    alone = pixels(looked, "http://odd.test/lines.html?alone", 0)
    assert after.size == alone.size == (780, 1688)
    assert ImageChops.difference(after, alone).getbbox() is None


@pytest.mark.parametrize("page", ["wide", "spill"])
def test_the_tree_says_how_wide_the_picture_is(looked: dict[str, Any], page: str) -> None:
    for shot in looked[f"http://odd.test/{page}.html"].shots:
        if shot.view.kind == "full":
            tree = json.loads(gzip.decompress(looked["store"].read_blob(shot.dom_sha256, "dom")))
            height = shot.image.height * tree["page"]["width"] / shot.image.width
            assert height == pytest.approx(tree["page"]["height"], abs=1)


@pytest.mark.parametrize(
    ("page", "kind"),
    [
        ("odd.test/hang.html", "timeout"),
        ("odd.test/red.png", "not_html"),
        ("robots.test/noai.html", "opt_out"),
        ("robots.test/named.html", "opt_out"),
    ],
)
def test_typed_failures(looked: dict[str, Any], page: str, kind: str) -> None:
    failure = looked[f"http://{page}"]
    assert isinstance(failure, PageFailure)
    assert failure.kind == kind


def test_no_browser_is_left(looked: dict[str, Any]) -> None:
    from crawlers.browser.processes import end_orphans, records_folder

    end_orphans()
    import os

    mine = [p for p in records_folder().glob("*.json") if json.loads(Path(p).read_text())["owner"] == os.getpid()]
    assert mine == []
