"""The Figma plugin: its types, its mock and its round trips by its own tests; its window in a real browser."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Frame, Page, sync_playwright

from crawlers.browser.find import require_chromium
from design import parse, print_design
from pipelines.design_server import serving
from pipelines.export import export
from tests.design.capturing import FLAGS
from tests.figma_plugin.building import PLUGIN, installed, run

ROOT = PLUGIN.parent
CARD = (ROOT / "examples" / "card.gesso").read_text(encoding="utf-8")
ORIGIN = "https://figma.test"  # nothing is asked there: the page is made here
LOOPBACK = "--disable-features=LocalNetworkAccessChecks"  # a person is asked once
SIZE = {"width": 360, "height": 560}
HOST = (
    "<style>body{margin:0}iframe{border:0;width:360px;height:560px;display:block}</style>"
    "<iframe id=ui sandbox='allow-scripts allow-downloads'></iframe>"
)
WIDE = """() => {
  const canvas = document.createElement('canvas');
  canvas.width = 5000;
  canvas.height = 10;
  return canvas.toDataURL('image/webp');
}"""
BEGIN = """([html, storage]) => {
  const frame = document.getElementById('ui');
  return begin(frame, storage).then(() => new Promise((done) => { frame.onload = done; frame.srcdoc = html; }));
}"""


@pytest.fixture(scope="module")
def built() -> Path:
    plugin = installed()
    for script in ("build.mjs", "test/ui/build.mjs"):
        done = run(script)
        assert done.returncode == 0, done.stdout + done.stderr
    return plugin


@pytest.fixture(scope="module")
def page(built: Path) -> Iterator[Page]:
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=str(require_chromium()), args=[*FLAGS, LOOPBACK])
        page = started.new_page(viewport=SIZE)  # type: ignore[arg-type]
        page.route(f"{ORIGIN}/**", lambda route: route.fulfill(body=HOST, content_type="text/html"))
        yield page
        started.close()


def opened(page: Page, theme: str = "light", storage: dict[str, Any] | None = None) -> Frame:
    """The plugin's window, begun anew, with the mock as its Figma."""
    page.goto(f"{ORIGIN}/file")
    page.add_script_tag(path=PLUGIN / "build" / "host.js")
    html = (PLUGIN / "dist" / "ui.html").read_text(encoding="utf-8")
    page.evaluate(BEGIN, [html.replace("<html ", f'<html class="figma-{theme}" '), storage or {}])
    frame = page.frames[1]
    frame.wait_for_selector("#put")
    return frame


def answer(frame: Frame) -> str:
    frame.wait_for_selector("#report:not([hidden])")
    return frame.inner_text("#report")


def design_lines(text: str) -> list[str]:
    return text[text.index("col 'Evening card'") :].splitlines()


def violations(page: Page) -> list[str]:
    found: list[str] = page.evaluate("mock.document.violations")
    return found


def test_types_mock_and_round_trips(built: Path, tmp_path: Path) -> None:
    """0 errors of the compiler, 0 violations of the mock, 0 mismatches; and the same payload as Python's."""
    made = [sys.executable, str(PLUGIN / "test" / "designs.py"), str(tmp_path / "designs")]
    subprocess.run(made, check=True, capture_output=True)
    done = run("test/run.mjs", str(tmp_path / "designs"))
    figures = json.loads(done.stdout.strip().splitlines()[-1])
    assert figures | {"designs": 0, "layers": 0, "components": 0, "instances": 0} == {
        "typescript_errors": 0, "designs": 0, "layers": 0, "components": 0, "instances": 0, "different_from_python": 0,
        "violations": 0, "mismatches": 0, "tests": "passed",
    }, done.stdout[-6000:]  # fmt: skip
    assert figures["instances"] > 0
    assert done.returncode == 0


def test_the_lock_file_names_no_host_and_the_manifest_only_this_machine() -> None:
    lock = (PLUGIN / "package-lock.json").read_text()
    assert "resolved" not in lock
    assert "http" not in lock.replace("https://opencollective.com", "").replace("https://github.com/sponsors", "")
    manifest = json.loads((PLUGIN / "manifest.json").read_text())
    assert manifest["documentAccess"] == "dynamic-page"
    assert manifest["networkAccess"]["allowedDomains"] == ["none"]
    assert all(domain.startswith("http://localhost:") for domain in manifest["networkAccess"]["devAllowedDomains"])


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_notation_goes_to_the_canvas_and_comes_back(page: Page, theme: str) -> None:
    frame = opened(page, theme)
    frame.fill("#source", CARD + 't %(Fancy/Bold 20/24) "x"\nimg 40x40 &nothing\nnonsense here\n')
    frame.click("#put")
    said = answer(frame)
    assert "One undo takes it off" in said
    assert "Fancy is not here" in said
    assert "&nothing" in said
    assert "Left out: line" in said
    assert page.evaluate("mock.undoSteps()") == 1
    frame.click("#tab-export")
    frame.click("#export-selection")
    frame.wait_for_selector("#exported:not([hidden])")
    again = frame.input_value("#notation")
    assert design_lines(print_design(parse(CARD)))[:9] == design_lines(again)[:9]
    assert violations(page) == []


@pytest.mark.browser
def test_every_wireframe_block_can_be_put(page: Page) -> None:
    frame = opened(page)
    frame.click("#tab-wireframe")
    buttons = frame.locator("#sections button")
    for width, step in (("desktop", 1), ("phone", 4)):
        frame.check(f"input[name=width][value={width}]", force=True)
        for index in range(0, buttons.count(), step):
            before = page.evaluate("mock.page.kids.length")
            buttons.nth(index).click()
            page.wait_for_function("n => mock.page.kids.length > n", arg=before)
            assert "Not quite" not in answer(frame)
            page.evaluate("mock.figma.currentPage.selection = []")
    assert violations(page) == []


@pytest.mark.browser
def test_a_design_becomes_a_wireframe_and_notation_for_the_generator(page: Page) -> None:
    frame = opened(page)
    frame.fill("#source", CARD)
    frame.click("#put")
    answer(frame)
    frame.click("#tab-wireframe")
    frame.click("#lower")
    page.wait_for_function("mock.page.kids.length == 2")
    frame.click("#for-generator")
    frame.wait_for_selector("#exported:not([hidden])")
    text = frame.input_value("#notation")
    assert text.startswith("// a wireframe")
    design = parse(text)
    assert [name for name, _ in design.palette] == ["ink", "mute", "line", "fill", "paper"]
    assert "Begin" in text
    assert violations(page) == []


@pytest.mark.browser
def test_a_payload_brings_its_pictures_in_forms_that_figma_takes(page: Page, tmp_path: Path) -> None:
    frame = opened(page)
    webp = page.evaluate(WIDE)
    design = tmp_path / "picture.gesso"
    design.write_text("img 100x40 &hero")
    payload = json.loads(export(str(design), "figma", tmp_path).read_text())
    payload["images"][0]["url"] = webp
    frame.fill("#source", json.dumps(payload))
    frame.click("#put")
    assert "1 picture" in answer(frame)
    assert page.evaluate("String.fromCharCode(...[...mock.document.images.values()][0].slice(1, 4))") == "PNG"
    assert violations(page) == []


@pytest.mark.browser
def test_bad_input_is_told_and_leaves_nothing(page: Page) -> None:
    frame = opened(page)
    for source, told in (
        ("", "There is nothing to put"),
        ("{", "this is no JSON"),
        ('{"format": "other"}', "gesso-figma/1"),
        ("what is this", "This is no notation"),
    ):
        frame.fill("#source", source)
        frame.click("#put")
        assert told in answer(frame)
        assert "failed" in (frame.get_attribute("#report", "class") or "")
    assert page.evaluate("mock.page.kids.length") == 0


@pytest.mark.browser
def test_designs_of_the_server_are_listed_and_fetched(page: Page, tmp_path: Path) -> None:
    (tmp_path / "designs").mkdir()
    (tmp_path / "designs" / "torn.gesso").write_text('col Page 390 "unfinished')
    (tmp_path / "designs" / "evening.gesso").write_text(CARD)
    os.utime(tmp_path / "designs" / "torn.gesso", (0, 0))  # the older one is listed below
    with serving(tmp_path) as (address, token):
        frame = opened(page)
        frame.click("summary")
        frame.fill("#address", address)
        frame.fill("#token", "wrong")
        frame.click("#list")
        assert "wants its token" in answer(frame)
        frame.fill("#token", token)
        frame.click("#list")
        frame.click("#designs button")
        page.wait_for_function("mock.page.kids.length == 1")
        assert page.evaluate("mock.page.kids[0].value('name')") == "Evening card"
        frame.click("#designs button >> nth=1")
        frame.wait_for_function("document.getElementById('report').innerText.includes('422')")
        assert "torn.gesso, line 1" in answer(frame)
        frame.fill("#address", "https://example.org")
        frame.click("#list")
        assert "Only a server on this machine" in answer(frame)
    assert violations(page) == []
