"""The report of 20,000 captures in Chromium, from the file system: first paint, scrolling, sliders, map, memory.

Work is CPU time of the page's main thread, so that a busy machine does not blur it; only paints go by the clock.
`python -m benchmarks.report [COUNT] [FOLDER]`; FOLDER keeps the synthetic version for another run.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import synthetic_version
from benchmarks.figures import CannotRun, Figure, at_most, main

COUNT = 20_000
OPENINGS = 5
FRAMES = 240  # of scrolling, 160 px each; from the 120th on in the middle of the gallery
STEPS = 20
FLAGS = [
    *("--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--enable-precise-memory-info", "--js-flags=--expose-gc"),
]
SCREEN = {"width": 1440, "height": 900}

PAINTED = """() => new Promise((done) => {
  const seen = () => {
    const first = performance.getEntriesByName("first-contentful-paint")[0];
    const shots = [...document.querySelectorAll(".field-of-tiles img")].filter((image) => image.naturalWidth > 0);
    if (!first || document.documentElement.dataset.ready === undefined || !shots.length) return setTimeout(seen, 10);
    return done({ first: first.startTime, ready: performance.now() });
  };
  seen();
})"""

SCROLL = """async (frames) => {
  const field = document.querySelector(".field-of-tiles");
  const top = field.getBoundingClientRect().top + scrollY;
  let rows = 0;
  for (let n = 0; n < frames; n++) {
    scrollTo(0, top + n * 160 + (n >= frames / 2 ? field.clientHeight / 2 : 0));
    await new Promise(requestAnimationFrame);
    rows = Math.max(rows, field.querySelectorAll(".row").length);
  }
  return rows;
}"""

DRAWN = """() => {
  const seen = [...document.querySelectorAll(".field-of-tiles img")].filter((image) => {
    const box = image.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight;
  });
  return seen.length > 0 && seen.every((image) => image.complete && image.naturalWidth > 0);
}"""

SLIDE = """async (steps) => {
  const range = document.querySelector("#edge-plain-aesthetic input[type=range]");
  for (let n = 0; n < steps; n++) {
    range.value = 300 + n * 20;
    range.dispatchEvent(new Event("input"));
    await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
  }
}"""

ZOOM = """async (steps) => {
  const canvas = document.querySelector("canvas.map");
  canvas.focus();
  const box = canvas.getBoundingClientRect();
  for (let n = 0; n < 3 * steps; n++) {
    canvas.dispatchEvent(new WheelEvent("wheel", { deltaY: n < 2 * steps ? -60 : 60, cancelable: true,
      clientX: box.left + box.width / 3, clientY: box.top + box.height / 3 }));
    await new Promise(requestAnimationFrame);
  }
}"""

HEAP = "() => { globalThis.gc?.(); return performance.memory.usedJSHeapSize / 2 ** 20; }"


def run(arguments: Sequence[str]) -> list[Figure]:
    count = int(arguments[0]) if arguments else COUNT
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(arguments[1] if len(arguments) > 1 else scratch).resolve()
        started = time.perf_counter()
        report = _report(home, count)
        return [*_sizes(report, count, time.perf_counter() - started), *_measured(report, count)]


def _report(home: Path, count: int) -> Path:
    from curation.report import write_report

    version = home / "datasets" / "synthetic" / "1"
    if not (version / "manifest.json").is_file():
        synthetic_version.write(home, count)
    return write_report(version, home, str(home / "captures"))


def _sizes(report: Path, count: int, seconds: float) -> list[Figure]:
    beside = list(report.with_name("report.files").glob("*"))
    total = report.stat().st_size + sum(file.stat().st_size for file in beside)
    return [
        Figure("captures", count, ""),
        Figure("draw, reduce and write", round(seconds), "s"),
        Figure("report.html", round(report.stat().st_size / 1e6, 1), "MB"),
        Figure("files beside it", len(beside), ""),
        Figure("a capture costs", round(total / count / 1000, 1), "kB"),
    ]


def _measured(report: Path, count: int) -> list[Figure]:
    try:
        from playwright.sync_api import sync_playwright

        from crawlers.browser.find import require_chromium

        chromium = str(require_chromium())
    except Exception as error:
        raise CannotRun(f"no Chromium to open the report with ({error}): make setup") from None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        readers = [Reader(browser, report) for _ in range(OPENINGS)]
        for other in readers[:-1]:
            other.page.close()
        reader = readers[-1]
        at_start = reader.page.evaluate(HEAP)
        rows, scrolling = reader.worked(SCROLL, FRAMES)
        there = _there(reader.page)
        reader.see("thresholds", "#edge-plain-aesthetic")
        _, sliding = reader.worked(SLIDE, STEPS)
        honest = "every capture as the build did" in reader.page.inner_text(".outcome")
        reader.see("map", ".map-status b")
        reader.page.wait_for_timeout(1000)
        _, zooming = reader.worked(ZOOM, STEPS)
        for view in ("relations", "distributions", "splits", "rights", "gallery"):
            reader.see(view, f"#view-{view}")
        at_end = reader.page.evaluate(HEAP)
        browser.close()
    first, drawn = (min(r.times[name] for r in readers) / 1000 for name in ("first", "ready"))
    opening = statistics.median(r.opening for r in readers)
    return [
        at_most(f"first paint, best of {OPENINGS}", round(first, 2), "s", 2),
        at_most(f"first pictures, best of {OPENINGS}", round(drawn, 2), "s", 3),
        at_most("opening: work, median", round(opening, 2), "s", 1.5),
        at_most("a frame of scrolling: work", round(1000 * scrolling / FRAMES, 1), "ms", 12),
        at_most("rows that exist as elements", rows, "", 24),
        Figure("all pictures there after scrolling", int(there), "", "1", there),
        at_most("a slider's step: work", round(1000 * sliding / STEPS, 1), "ms", 60),
        Figure("decides as the build did", int(honest), "", "1", honest),
        at_most("a frame of zooming the map: work", round(1000 * zooming / (3 * STEPS), 1), "ms", 16),
        at_most("heap when opened", round(at_start), "MB", 96),
        at_most("heap after every view", round(at_end), "MB", 192),
    ]


class Reader:
    """A page on the report, and what the main thread has worked for it, in seconds of CPU time."""

    def __init__(self, browser: Any, report: Path) -> None:
        self.page = browser.new_page(viewport=SCREEN, reduced_motion="reduce")
        self.page.set_default_timeout(120_000)
        self._session = self.page.context.new_cdp_session(self.page)
        self._session.send("Performance.enable", {"timeDomain": "threadTicks"})
        before = self.work()
        self.page.goto(report.as_uri(), wait_until="commit")
        self.times: dict[str, float] = self.page.evaluate(PAINTED)
        self.opening = self.work() - before

    def work(self) -> float:
        metrics = {m["name"]: m["value"] for m in self._session.send("Performance.getMetrics")["metrics"]}
        return float(metrics["ThreadTime"])

    def worked(self, script: str, argument: int) -> tuple[Any, float]:
        before = self.work()
        value = self.page.evaluate(script, argument)
        return value, self.work() - before

    def see(self, view: str, there: str) -> None:
        self.page.evaluate("v => document.querySelector(`.nav a[data-view=${v}]`).click()", view)
        self.page.wait_for_selector(there)


def _there(page: Any) -> bool:
    try:
        page.wait_for_function(DRAWN, timeout=20_000)
    except Exception:  # playwright's TimeoutError; its other errors mean the same here
        return False
    return True


if __name__ == "__main__":
    raise SystemExit(main("report", run))
