"""The report as a reader meets it: in a browser, from the file system, on desktop and phone, by mouse and by keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect, sync_playwright

from crawlers.browser.find import require_chromium

pytestmark = pytest.mark.browser
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
TALL, PHONE = {"width": 1440, "height": 2600}, {"width": 390, "height": 844}  # tall: no row is left unpainted


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(require_chromium()), args=FLAGS)
        yield chromium
        chromium.close()


class Reader:
    """A page on the report that remembers what went wrong and what was asked of the network."""

    def __init__(self, browser: Any, file: Path, viewport: dict[str, int], scheme: str = "light") -> None:
        self.page = browser.new_page(viewport=viewport, color_scheme=scheme, reduced_motion="reduce")
        self.page.set_default_timeout(15_000)
        self.trouble: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda m: self.trouble.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(file.as_uri())
        self.page.wait_for_selector("[data-ready]", state="attached")

    def see(self, view: str) -> None:
        self.page.click(f".nav a[data-view={view}]")

    def shots(self) -> int:
        return self.page.locator(".field-of-tiles .shot").count()

    def overflow(self) -> int:
        return int(self.page.evaluate("document.documentElement.scrollWidth - innerWidth"))


@pytest.fixture
def desktop(browser: Any, report_file: Path) -> Iterator[Reader]:
    reader = Reader(browser, report_file, TALL)
    yield reader
    reader.page.close()


@pytest.fixture
def phone(browser: Any, report_file: Path) -> Iterator[Reader]:
    reader = Reader(browser, report_file, PHONE, "dark")
    yield reader
    reader.page.close()


VIEWS = ("gallery", "borderline", "copies", "distributions", "splits", "rights")


def test_it_opens_with_the_answer(desktop: Reader) -> None:
    assert desktop.page.inner_text("h1") == "12 captures in, 7 kept."


def test_every_view_opens_without_an_error_and_nothing_is_fetched(desktop: Reader) -> None:
    for view in VIEWS:
        desktop.see(view)
        assert desktop.page.is_visible(f"#view-{view}")
    desktop.see("gallery")
    for index in range(12):
        desktop.page.locator(".field-of-tiles .shot").nth(index).click()
        expect(desktop.page.locator(".detail")).not_to_contain_text("Unpacking")  # the page's policy forbids eval
        desktop.page.keyboard.press("Escape")
    assert desktop.trouble == []
    outside = [url for url in desktop.asked if not url.startswith(("file:", "data:", "blob:", "about:"))]
    assert outside == []


def test_a_hostile_title_is_shown_as_text(desktop: Reader) -> None:
    desktop.page.locator(".field-of-tiles .shot[title*='onerror']").first.click()
    assert "<img src=x onerror=" in desktop.page.inner_text("#panel-title")
    assert desktop.page.evaluate("window.hacked") is None
    assert desktop.page.locator("img[src='x']").count() == 0


def test_a_funnel_step_shows_exactly_what_it_took(desktop: Reader) -> None:
    for rule, took in (("not blank", 1), ("readable", 1), ("exact", 1), ("copy", 1), ("Kept", 7)):
        desktop.page.click(f".step:has(b:text-is('{rule}'))")
        assert desktop.shots() == took, rule
        assert desktop.page.inner_text(".status").startswith(f"{took} of 12 captures")


def test_a_funnel_step_clicked_twice_shows_everything_again(desktop: Reader) -> None:
    step = desktop.page.locator(".step:has(b:text-is('readable'))")
    step.click()
    step.click()
    assert desktop.shots() == 12


def test_counts_of_the_choices_follow_the_filters(desktop: Reader) -> None:
    desktop.page.select_option("#filter-site", "aurora.test")
    states = desktop.page.inner_text(".states").split()
    assert states == ["All", "4", "Kept", "4", "Rejected", "0", "Failed", "0"]
    assert "dark (1)" in desktop.page.inner_text("#filter-theme")
    desktop.page.select_option("#filter-theme", "dark")
    assert desktop.shots() == 1


def test_search_finds_by_title_site_and_app(desktop: Reader) -> None:
    desktop.page.keyboard.press("/")
    desktop.page.keyboard.type("cedar makers")
    assert desktop.shots() == 2
    desktop.page.keyboard.press("Escape")
    desktop.page.fill("#search", "nothing like it")
    assert desktop.page.is_visible("text=No capture matches these filters")
    desktop.page.click("text=Clear all filters")
    assert desktop.shots() == 12


def test_a_colour_shows_the_captures_that_have_it(desktop: Reader) -> None:
    desktop.see("distributions")
    desktop.page.locator(".colour-field button[title^='#f59e0b']").click()
    assert desktop.shots() == 1
    assert desktop.page.is_visible(".chip >> text=near #f59e0b")


def test_keys_walk_open_and_close(desktop: Reader) -> None:
    press = desktop.page.keyboard.press
    index = "document.activeElement.dataset.index"
    press("j")
    assert desktop.page.evaluate(index) == "0"
    press("j")
    press("ArrowRight")
    assert desktop.page.evaluate(index) == "2"
    press("k")
    press("Enter")
    assert desktop.page.is_visible("dialog.panel")
    assert desktop.page.inner_text(".of") == "2 of 12"
    press("j")
    assert desktop.page.inner_text(".of") == "3 of 12"
    press("Escape")
    assert not desktop.page.is_visible("dialog.panel")
    assert desktop.page.evaluate(index) == "2"
    press("?")
    assert desktop.page.is_visible("#keys")


def test_the_design_stands_beside_the_screenshot_at_one_width(desktop: Reader) -> None:
    desktop.page.locator(".field-of-tiles .shot[title*='onerror']").first.click()
    frame = desktop.page.wait_for_selector(".design-sheet iframe")
    assert frame.get_attribute("sandbox") == ""
    shot, design = (desktop.page.locator(place).bounding_box() for place in (".shot-side .sheet", ".design-sheet"))
    assert shot["width"] == pytest.approx(design["width"], abs=1)
    assert shot["height"] == pytest.approx(design["height"], abs=2)
    inner = frame.content_frame()
    inner.wait_for_selector("img")
    assert "Aurora </script>" in inner.inner_text("body")
    assert inner.get_attribute("img", "src").startswith("data:image/webp;base64,")
    assert desktop.trouble == []


def test_a_capture_without_a_design_says_so(desktop: Reader) -> None:
    desktop.page.locator(".field-of-tiles .shot", has_text="listing").first.click()
    assert desktop.page.is_visible("text=No design for this capture")


def test_the_panel_tells_why_a_copy_went_and_leads_to_the_kept_one(desktop: Reader) -> None:
    desktop.page.locator(".field-of-tiles .shot", has_text="exact").first.click()
    assert "The same bytes as" in desktop.page.inner_text(".verdict")
    desktop.page.click(".verdict .link")
    assert desktop.page.inner_text(".verdict-state").startswith("Kept")


def test_the_difference_of_copies_is_measured(desktop: Reader) -> None:
    desktop.see("copies")
    desktop.page.click(".group .button")
    desktop.page.wait_for_selector("text=0 % of pixels differ")
    assert desktop.page.locator(".group canvas").count() == 2


def test_an_address_with_a_capture_opens_it(browser: Any, report_file: Path) -> None:
    page = browser.new_page(viewport=TALL)
    page.goto(f"{report_file.as_uri()}#view=gallery&capture={'a' * 24}")
    page.wait_for_selector("dialog.panel[open]")
    page.close()


def test_the_theme_follows_the_system_and_can_be_switched(phone: Reader) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    assert phone.page.evaluate(background) == "rgb(20, 19, 23)"
    phone.page.click("#theme")
    assert phone.page.evaluate(background) == "rgb(251, 250, 247)"


def test_nothing_is_wider_than_a_phone(phone: Reader) -> None:
    for view in VIEWS:
        phone.see(view)
        assert phone.overflow() <= 0, view
    phone.see("gallery")
    phone.page.locator(".field-of-tiles .shot").first.click()
    assert phone.overflow() <= 0
    phone.page.click(".tabs >> text=Facts")
    assert phone.page.is_visible(".facts")
    assert not phone.page.is_visible(".shot-side")
    assert phone.trouble == []


def test_a_report_cut_short_says_so(browser: Any, report_file: Path, tmp_path: Path) -> None:
    html = report_file.read_text(encoding="utf-8")
    (tmp_path / "cut.html").write_text(html.replace('id="report">{', 'id="report">', 1), encoding="utf-8")
    page = browser.new_page(viewport=TALL)
    page.goto((tmp_path / "cut.html").as_uri())
    page.wait_for_selector("text=This report could not be opened")
    page.close()
