"""Whole visits of pages that move, hide, ask or never end: what the pictures and trees of them are."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest
from PIL import Image

from crawlers.browser import consent
from crawlers.browser.consent import find_autoconsent
from crawlers.browser.devices import DESKTOP, PHONE, DeviceError, resolve
from crawlers.browser.outcome import PageFailure
from crawlers.browser.session import BrowserOptions, BrowserSession
from crawlers.browser.settle import SettleLimits
from crawlers.browser.tab import Tab
from crawlers.browser.views import Surroundings, Visit, VisitOptions, visit
from crawlers.captures import CaptureStore
from design.from_dom import from_snapshot
from design.notation import print_design
from pipelines.site_server import SiteServer

pytestmark = pytest.mark.browser
T = TypeVar("T")
ONE = VisitOptions(viewports=(DESKTOP,), themes=("light",))


class Eye:
    """Visits pages in one loop with one browser; every test takes what it needs."""

    def __init__(self, proxy: str, folder: Path) -> None:
        self.store = CaptureStore(str(folder), create=True)
        self.loop = asyncio.new_event_loop()
        self.session = BrowserSession(BrowserOptions(proxy=proxy, concurrent_pages=2))
        self.run(self.session.start())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(asyncio.wait_for(work, 90))

    async def put(self, data: bytes, format: str) -> str:
        return self.store.put_blob(data, format)

    async def look(self, page: str, options: VisitOptions = ONE) -> Visit:
        return await visit(self.session, f"http://views.test/{page}", self.put, Surroundings(), options)

    def visit(self, page: str, options: VisitOptions = ONE) -> Visit:
        return self.run(self.look(page, options))

    def image(self, sha256: str) -> Image.Image:
        return Image.open(io.BytesIO(self.store.read_blob(sha256, "png"))).convert("RGB")

    def tree(self, sha256: str) -> dict[str, Any]:
        return json.loads(gzip.decompress(self.store.read_blob(sha256, "dom")))


@pytest.fixture(scope="module")
def eye(server: SiteServer, tmp_path_factory: pytest.TempPathFactory) -> Any:
    eye = Eye(server.address, tmp_path_factory.mktemp("eye"))
    yield eye
    eye.run(eye.session.close())
    eye.loop.close()


def test_a_page_that_never_stands_still_and_rewrites_its_language_gives_steady_pictures(eye: Eye) -> None:
    fold, full = eye.visit("moving.html").shots
    assert (fold.verdicts, full.verdicts) == ((), ())
    top = eye.image(full.image.sha256).crop((0, 0, 1440, 900))
    assert top.tobytes() == eye.image(fold.image.sha256).tobytes()
    tree = eye.tree(fold.dom_sha256 or "")
    document, strings = tree["snapshot"]["documents"][0], tree["snapshot"]["strings"]
    ids = {strings[a[i + 1]]: n for n, a in enumerate(document["nodes"]["attributes"]) for i in range(0, len(a), 2)}
    for name, colour in (("a", (204, 0, 0)), ("b", (0, 0, 204))):
        row = document["layout"]["nodeIndex"].index(ids[name])
        left, top_edge, width, height = document["layout"]["bounds"][row]
        pixels = eye.image(full.image.sha256)
        assert pixels.getpixel((int(left + width / 2), int(top_edge + height / 2))) == colour
        assert pixels.getpixel((int(left + width) + 2, int(top_edge + 5))) == (255, 255, 255)


def test_sections_have_names_boxes_pictures_and_trees_of_their_own(eye: Eye) -> None:
    options = VisitOptions(themes=("light",), sections=True)
    shots = [shot for shot in eye.visit("sections.html", options).shots if shot.section]
    names = {form: [s.section.name for s in shots if s.view.form_factor == form] for form in ("desktop", "phone")}
    assert names["desktop"][-4:] == ["hero", "pricing", "faq", "footer"]
    assert set(names["phone"]) <= set(names["desktop"])
    hero = next(s for s in shots if s.section.name == "hero" and s.view.form_factor == "phone")
    assert (hero.image.width, hero.image.height) == (780, 2 * 540)
    assert hero.dom_sha256 is not None
    design = print_design(from_snapshot(eye.tree(hero.dom_sha256)).design)
    assert "Tea by post" in design
    assert "What it costs" not in design


def test_what_hides_again_at_the_top_stays_in_the_picture(eye: Eye) -> None:
    full = eye.visit("reveal.html").shots[1]
    colours = {colour for _, colour in eye.image(full.image.sha256).getcolors(1 << 20) or []}
    assert {(255, 0, 0), (0, 170, 0), (0, 0, 255)} <= colours


def test_a_page_that_scrolls_inside_a_box_is_taken_whole_and_marked(eye: Eye) -> None:
    fold, full = eye.visit("inner.html").shots
    assert (fold.image.height, fold.verdicts) == (900, ())
    assert "inner_scroller" in full.verdicts
    assert full.image.height == 60 + 10 * 200
    assert (0, 187, 0) in {colour for _, colour in eye.image(full.image.sha256).getcolors(1 << 20) or []}


def test_an_endless_page_is_bounded(eye: Eye) -> None:
    options = VisitOptions(viewports=(DESKTOP,), themes=("light",), limits=SettleLimits(max_height=6000))
    full = eye.visit("endless.html", options).shots[1]
    assert full.image.height == 6000
    assert "truncated" in full.verdicts


def test_consent_is_refused_by_the_dialogs_own_button(eye: Eye) -> None:
    found = eye.visit("refuse.html")
    assert found.title == "refused"
    assert found.consent == "rejected"
    assert found.shots[0].verdicts == ("consent_rejected",)
    assert (255, 238, 0) not in {c for _, c in eye.image(found.shots[0].image.sha256).getcolors(1 << 20) or []}


@pytest.mark.skipif(find_autoconsent() is None, reason="the npm package is not there: run make setup")
def test_consent_is_refused_by_the_rule_that_knows_the_dialog(eye: Eye, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consent, "NOTICE_SECONDS", 30)  # on a busy machine the rules may take longer than a crawl waits
    patient = SettleLimits(consent=40)
    found = eye.visit("onetrust.html", VisitOptions(viewports=(DESKTOP,), themes=("light",), limits=patient))
    assert (found.title, found.consent) == ("refused", "autoconsent:Onetrust")


def test_a_wall_that_only_takes_yes_is_left_standing_in_one_picture(eye: Eye) -> None:
    found = eye.visit("wall.html", VisitOptions())
    assert found.title == "Wall"
    assert [(s.view.kind, s.verdicts) for s in found.shots] == [("fold", ("cookie_wall",))]


def test_a_theme_by_script_is_seen_and_a_page_without_one_gives_no_dark_pictures(eye: Eye) -> None:
    both = VisitOptions(viewports=(DESKTOP,))
    light, dark = eye.visit("themes.html", both).shots
    assert (light.view.theme, dark.view.theme) == ("light", "dark")
    assert eye.image(dark.image.sha256).getpixel((700, 300)) == (17, 17, 17)
    assert {shot.view.theme for shot in eye.visit("sections.html", both).shots} == {"light"}


def test_a_picture_that_did_not_come_is_walked_to_once_a_window(eye: Eye, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    call = Tab.call

    async def counted(tab: Tab, function: str, *arguments: Any, **options: Any) -> Any:
        called.append(function)
        return await call(tab, function, *arguments, **options)

    monkeypatch.setattr(Tab, "call", counted)
    assert len(eye.visit("broken.html", VisitOptions(kinds=("full",))).shots) == 4
    assert called.count("scroll") == 2


def test_one_load_gives_all_views_and_the_same_bytes_each_time(eye: Eye) -> None:
    once, again = (eye.visit("themes.html", VisitOptions(viewports=(DESKTOP, PHONE))) for _ in range(2))
    assert once.loads == 1
    assert [(s.image.sha256, s.dom_sha256) for s in once.shots] == [(s.image.sha256, s.dom_sha256) for s in again.shots]


def test_a_tab_remembers_nothing_of_the_visit_before(eye: Eye) -> None:
    assert [eye.visit("keeps.html").title for _ in range(2)] == ["||", "||"]


def test_a_page_that_will_not_leave_its_tab_does_no_harm_to_the_next_site(eye: Eye) -> None:
    """One tab, two hosts: the first page asks and leads elsewhere whenever its scripts run."""
    alone = eye.run(_tree_of(eye, "index.html"))
    before = {id(tab) for _, tab in _idle(eye)}
    for _ in range(3):
        eye.visit("clings.html")
        assert eye.run(_tree_of(eye, "index.html")) == alone
    assert before & {id(tab) for _, tab in _idle(eye)}


async def _tree_of(eye: Eye, page: str) -> tuple[str, list[str], dict[str, Any]]:
    """Of a page on the second host: where it ended, its pictures, and the assets that were counted to it."""
    found = await visit(eye.session, f"http://other.test/{page}", eye.put, Surroundings(), ONE)
    return found.url, [shot.image.sha256 for shot in found.shots], eye.tree(found.shots[0].dom_sha256 or "")["assets"]


def _idle(eye: Eye) -> list[tuple[str, Any]]:
    return [kept for running in eye.session._all for kept in running.idle]


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="without /proc nobody can tell")
def test_the_sandbox_is_on_unless_root_starts_the_browser(eye: Eye) -> None:
    eye.visit("themes.html")
    (running,) = eye.session._all
    words = Path(f"/proc/{running.pid}/cmdline").read_bytes().split(b"\0")
    assert (b"--no-sandbox" in words) == (os.geteuid() == 0)


def test_a_page_may_do_nothing_but_show_itself(eye: Eye) -> None:
    async def ask() -> dict[str, str]:
        host = "http://127.0.0.1"  # the browser trusts loopback as it does TLS: elsewhere it would have no such powers
        async with eye.session.tab(host, DESKTOP) as tab:
            await tab.navigate(f"{host}/powers.html", 30)
            said: dict[str, str] = await tab.page.evaluate("said")
            while len(tab.context.pages) > 1:  # the popup is on its way out
                await asyncio.sleep(0.02)
        return said

    said = eye.run(ask())
    assert said.pop("secure") == "true"
    states = {
        said.pop(name) for name in ("notifications", "geolocation", "clipboard-read", "clipboard-write", "camera")
    }
    assert states == {"denied"}
    assert said == {
        "position": "refused 1",
        "read": "NotAllowedError",
        "write": "NotAllowedError",
        "worker": "none",
        "confirm": "false",
        "prompt": "null",
        "download": "started nothing",
    }


def test_kinds_and_devices(eye: Eye) -> None:
    options = VisitOptions(viewports=(resolve("iPhone 15"),), themes=("light",), kinds=("full",))
    (shot,) = eye.visit("sections.html", options).shots
    assert (shot.view.kind, shot.view.form_factor, shot.image.width) == ("full", "phone", 393 * 3)
    with pytest.raises(DeviceError, match="neither one of desktop"):
        resolve("Nokia 3310 XXL")


def test_a_page_that_reloads_slowly_all_the_time_has_moved(eye: Eye) -> None:
    """So slowly that its time is up before it has been replaced too often for one navigation."""
    with pytest.raises(PageFailure, match="led elsewhere by itself") as caught:
        eye.visit("reloads.html", VisitOptions(viewports=(DESKTOP,), themes=("light",), seconds=6))
    assert caught.value.kind == "moved"


def test_an_endless_loop_ends_alone(eye: Eye) -> None:
    async def both() -> tuple[Any, Any]:
        quick = VisitOptions(viewports=(DESKTOP,), themes=("light",), seconds=5)
        return await asyncio.gather(eye.look("loop.html", quick), eye.look("moving.html"), return_exceptions=True)

    loop, other = eye.run(both())
    assert isinstance(loop, PageFailure)
    assert loop.kind in ("timeout", "crashed")
    assert isinstance(other, Visit)
    assert len(other.shots) == 2
