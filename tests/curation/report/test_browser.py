"""The report as a reader meets it: in a browser, from the file system, on desktop and phone, by mouse and by keys."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import expect, sync_playwright

from crawlers.browser.find import require_chromium
from curation.report import write_report
from tests.curation.report.dataset import small

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
        self.page.set_default_timeout(60_000)
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


expect.set_options(timeout=30_000)  # a busy machine is no fault of the page
VIEWS = ("gallery", "thresholds", "relations", "map", "distributions", "splits", "rights")


def test_it_opens_with_the_answer(desktop: Reader) -> None:
    assert desktop.page.inner_text("h1") == "12 captures in, 7 kept."


def test_the_answer_stands_there_before_the_script_runs(browser: Any, report_file: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report_file.as_uri())
    assert page.inner_text("h1") == "12 captures in, 7 kept."
    context.close()


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
    expect(desktop.page.locator("dialog.panel")).to_be_hidden()
    expect(desktop.page.locator('[data-index="2"]')).to_be_focused()
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
    assert "The same pixels" in desktop.page.inner_text(".verdict")
    desktop.page.click(".verdict .link")
    assert desktop.page.inner_text(".verdict-state").startswith("Kept")


def test_the_difference_of_related_captures_is_measured(desktop: Reader) -> None:
    desktop.see("relations")
    assert desktop.page.locator(".relation-choice button").all_inner_texts() == ["Exact\n1", "Copy\n1", "Theme\n1"]
    desktop.page.click(".group .button")
    desktop.page.wait_for_selector("text=0 % of pixels differ")
    desktop.page.click(".relation-choice >> text=Copy")
    assert "phash 14, thumb 1.2" in desktop.page.inner_text(".group")
    assert "kept" in desktop.page.inner_text(".group .shot >> nth=0")
    assert desktop.page.locator(".group .shot").count() == 2


def test_the_recipes_own_thresholds_decide_as_the_build_did(desktop: Reader) -> None:
    desktop.see("thresholds")
    assert "decides every capture as the build did" in desktop.page.inner_text(".outcome")
    assert desktop.page.inner_text(".outcome-kept") == "7 kept"


def test_a_moved_threshold_gives_counts_captures_a_command_and_a_line_of_the_recipe(desktop: Reader) -> None:
    desktop.see("thresholds")
    card = desktop.page.locator("#edge-readable-text_coverage")
    assert "7 kept" in card.locator(".sides").inner_text()
    card.locator("input[type=number]").fill("0.01")
    card.locator("input[type=number]").press("Enter")
    expect(desktop.page.locator(".outcome-kept")).to_have_text("8 kept · +1 against 7")
    assert desktop.page.locator(".outcome-list").inner_text().startswith("1 come in")
    assert 'gesso curate recipes/small.yaml --what-if "readable: text_coverage > 0.01"' in desktop.page.inner_text(
        ".outcome-make"
    )
    assert '- {name: readable, sql: "text_coverage > 0.01"}' in desktop.page.inner_text(".outcome-make")
    desktop.page.click(".outcome-list >> text=Show all")
    assert desktop.shots() == 1
    assert desktop.page.is_visible(".chip >> text=1 that would come in")


def test_a_threshold_moves_by_keys_and_takes_related_captures_into_account(desktop: Reader) -> None:
    desktop.see("thresholds")
    card = desktop.page.locator("#edge-not_blank-blankness")
    card.locator("input[type=number]").fill("0.4")  # every ordinary page has 0.4: all go, and no twin is left to hide
    card.locator("input[type=number]").press("Enter")
    expect(desktop.page.locator(".outcome-kept")).to_have_text("0 kept · −7 against 7")
    desktop.page.click(".outcome-head >> text=Reset all")
    expect(desktop.page.locator(".outcome-kept")).to_have_text("7 kept")
    card.locator("input[type=range]").focus()
    desktop.page.keyboard.press("PageUp")
    assert card.locator(".line.was").is_visible()
    assert float(card.locator("input[type=number]").input_value()) > 0.9


def test_where_the_best_of_a_group_goes_the_next_one_comes_in(browser: Any, tmp_path: Path) -> None:
    folder = small(tmp_path)
    review = pq.read_table(folder / "review.parquet").to_pylist()
    for row in review:  # the kept original of the copies alone would fail a stricter rule
        row["blankness"] = 0.6 if row["capture_id"] == "a" * 24 else row["blankness"]
    pq.write_table(pa.Table.from_pylist(review), folder / "review.parquet")
    reader = Reader(browser, write_report(folder, tmp_path, str(tmp_path / "captures")), TALL)
    reader.see("thresholds")
    reader.page.fill("#edge-not_blank-blankness input[type=number]", "0.5")
    reader.page.keyboard.press("Enter")
    # its exact twin takes its place, and the copy stays with that one
    expect(reader.page.locator(".outcome-kept")).to_have_text("7 kept · ±0 against 7")
    expect(reader.page.locator(".outcome-list-head b")).to_have_text(["1 come in", "1 go"])
    assert reader.trouble == []
    reader.page.close()


def test_the_map_selects_by_keys_zooms_and_leads_to_the_gallery(desktop: Reader) -> None:
    desktop.see("map")
    desktop.page.wait_for_selector(".map-status >> text=in view")
    assert "look alike" in desktop.page.inner_text(".map-note")
    desktop.page.locator("canvas.map").focus()
    desktop.page.keyboard.press("ArrowRight")
    assert desktop.page.is_visible(".map-card .shot")
    desktop.page.keyboard.press("Enter")
    assert desktop.page.is_visible("dialog.panel")
    desktop.page.keyboard.press("Escape")
    for _ in range(6):
        desktop.page.keyboard.press("+")
    expect(desktop.page.locator(".map-status .link")).to_be_visible()
    seen = int(desktop.page.inner_text(".map-status b"))
    assert 0 < seen < 11
    desktop.page.click(".map-status .link")
    assert desktop.shots() == seen
    assert desktop.trouble == []


def test_the_map_draws_pictures(desktop: Reader) -> None:
    desktop.see("map")
    desktop.page.wait_for_selector(".map-status >> text=in view")
    colours = """() => { const c = document.querySelector('canvas.map'); const seen = new Set();
      const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
      for (let i = 0; i < d.length; i += 4)
        if (d[i + 3] === 255) seen.add((d[i] >> 4) * 256 + (d[i + 1] & 240) + (d[i + 2] >> 4));
      return seen.size; }"""
    end = monotonic() + 60  # asked from here: the page's own policy lets nobody evaluate while waiting
    while desktop.page.evaluate(colours) <= 40:
        assert monotonic() < end, "the map stays empty"
        desktop.page.wait_for_timeout(50)


def test_the_map_follows_two_fingers(browser: Any, report_file: Path) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{report_file.as_uri()}#view=map")
    page.wait_for_selector(".map-status >> text=11 of 11")
    page.locator("canvas.map").scroll_into_view_if_needed()
    box = page.locator("canvas.map").bounding_box()
    middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    session = context.new_cdp_session(page)

    def touch(kind: str, apart: float) -> None:
        points = [{"x": middle[0] + way * apart, "y": middle[1], "id": i} for i, way in enumerate((-1, 1))]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points if kind != "touchEnd" else []})

    touch("touchStart", 20)
    for apart in range(25, 160, 15):
        touch("touchMove", apart)
    touch("touchEnd", 0)
    expect(page.locator(".map-status b")).not_to_have_text("11")
    context.close()


@pytest.fixture(scope="module")
def apart(version_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same report with its pictures and facts in files beside it, as a large version has them."""
    folder = tmp_path_factory.mktemp("apart") / "small" / "1"
    shutil.copytree(version_dir, folder, ignore=shutil.ignore_patterns("report*"))
    home = version_dir.parents[2]
    return write_report(folder, home, str(home / "captures"), one_file=5)


def test_pictures_and_facts_are_read_from_files_beside(browser: Any, apart: Path) -> None:
    reader = Reader(browser, apart, TALL)
    expect(reader.page.locator(".field-of-tiles .shot img[src^='blob:']")).to_have_count(10)
    reader.page.locator(".field-of-tiles .shot[title*='onerror']").first.click()
    expect(reader.page.locator(".detail")).to_contain_text("Permission")
    frame = reader.page.wait_for_selector(".design-sheet iframe")
    assert "Aurora </script>" in frame.content_frame().inner_text("body")
    assert reader.page.evaluate("window.hacked") is None
    reader.page.keyboard.press("Escape")
    reader.see("map")
    reader.page.wait_for_selector(".map-status >> text=in view")
    assert reader.trouble == []
    assert all(url.startswith(("file:", "data:", "blob:", "about:")) for url in reader.asked)
    reader.page.close()


def test_a_report_without_its_files_says_what_to_do(browser: Any, apart: Path, tmp_path: Path) -> None:
    alone = tmp_path / "report.html"
    shutil.copy(apart, alone)
    page = browser.new_page(viewport=TALL)
    page.goto(alone.as_uri())
    page.wait_for_selector("#beside >> text=Keep the two together")
    assert page.inner_text("h1") == "12 captures in, 7 kept."
    page.close()


def test_files_of_another_report_are_refused(browser: Any, apart: Path, tmp_path: Path) -> None:
    shutil.copy(apart, tmp_path / "report.html")
    shutil.copytree(apart.parent / "report.files", tmp_path / "report.files")
    for file in (tmp_path / "report.files").iterdir():
        file.write_text(file.read_text().replace('gesso("', 'gesso("0', 1))
    page = browser.new_page(viewport=TALL)
    page.goto((tmp_path / "report.html").as_uri())
    page.wait_for_selector("#beside >> text=belong to another report")
    page.close()


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
