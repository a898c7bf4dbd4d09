"""A converter runs in the page that was captured, and its drawing is kept until converter or drawing change."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.converters import CONVERTERS, Drawings, script_of
from benchmarks.entries import crawl_entries
from benchmarks.figures import CannotRun
from crawlers.browser.render import RenderJob
from pipelines.fidelity import compare, representative

HTML_TO_FIGMA = CONVERTERS[0]
PAGE = """<!doctype html><title>One</title><style>
body { margin: 0; background: #204060 } h1 { margin: 0; padding: 20px; font: 40px/1.2 sans-serif; color: #fff }
</style><h1>One page</h1>"""
# What the package would be: a box for the body, and a text that its plugin has to make smaller.
PACKAGE = """var htmlToFigma = { htmlToFigma(root) {
  const box = { x: 0, y: 0, width: innerWidth, height: root.scrollHeight };
  const color = { r: 0x20 / 255, g: 0x40 / 255, b: 0x60 / 255 };
  const title = { type: "TEXT", ref: root, characters: document.querySelector("h1").textContent, fontSize: 40 };
  return [
    { type: "FRAME", ref: root, ...box },
    { type: "RECTANGLE", ref: root, ...box, fills: [{ type: "SOLID", color }] },
    { ...title, x: 20, y: 20, width: 100, height: 40, fontFamily: "sans-serif" },
    { type: "SVG", svg: "<svg viewBox='0 0 1 1'><text>&nbsp;</text></svg>", x: 0, y: 0, width: 5, height: 5 },
  ];
} };"""


def installed(folder: Path, source: str = PACKAGE) -> Path:
    entry = folder / HTML_TO_FIGMA.package / HTML_TO_FIGMA.entry
    entry.parent.mkdir(parents=True, exist_ok=True)
    entry.write_text(source)
    return folder


def test_a_converter_that_is_not_installed_says_what_to_do(tmp_path: Path) -> None:
    for converter in CONVERTERS:
        with pytest.raises(CannotRun, match=r"peers/package\.json"):
            script_of(converter, tmp_path)


@pytest.mark.browser
def test_a_page_is_converted_once_and_comes_near_its_screenshot(tmp_path: Path) -> None:
    sites = tmp_path / "sites"
    (sites / "one.test").mkdir(parents=True)
    (sites / "one.test" / "index.html").write_text(PAGE)
    store = crawl_entries(sites, tmp_path / "home")
    captures = representative(store.captures())
    script = script_of(HTML_TO_FIGMA, installed(tmp_path / "node_modules"))
    drawings = Drawings(HTML_TO_FIGMA, tmp_path / "drawn", script)
    drawings.make(sites, store, captures)
    assert drawings.errors == {}
    desktop = next(c for c in captures if c.view.form_factor == "desktop")
    drawn = drawings.find(desktop)
    assert drawn is not None
    assert drawn.again == 0
    assert "font-size: 40px" not in drawn.html  # two lines of it do not fit into its box
    size = (desktop.view.width, desktop.view.height)
    (result,) = compare(store, [drawings.prepared(desktop, RenderJob(width=size[0], height=size[1], full_page=True))])
    assert result.difference is not None
    assert 0 < result.difference < 0.05
    assert Drawings(HTML_TO_FIGMA, tmp_path / "drawn", script).find(desktop) == drawn
    assert Drawings(HTML_TO_FIGMA, tmp_path / "drawn", script + " ").find(desktop) is None

    broken = script_of(HTML_TO_FIGMA, installed(tmp_path / "node_modules", "var htmlToFigma = {};"))
    failing = Drawings(HTML_TO_FIGMA, tmp_path / "drawn", broken)
    failing.make(sites, store, [desktop])
    assert "htmlToFigma" in failing.prepared(desktop, RenderJob()).why_not
