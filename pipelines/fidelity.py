"""How near a design comes to its screenshot: compile it, render it in the browser, count the pixels that differ."""

from __future__ import annotations

import io
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image, ImageDraw

from crawlers.browser.render import Rendered, RenderJob, render_with_trees
from crawlers.captures import Capture, CaptureStore
from design import Design, SnapshotError, load_snapshot, to_html
from design.compare.blocks import text_page
from design.compare.design2code import Scores, design2code
from design.compare.pixels import pixel_difference
from design.errors import GessoError as DesignError
from pipelines.export import bind, import_capture
from pipelines.terminal import ProgressCallback

MAX_PIXELS = 60_000_000
PAPER, LINE, INK = "#FBFAF7", "#E7E4DC", "#5E5B66"
PAIR_WIDTH, PAIR_HEIGHT, MARGIN = 640, 1200, 32


@dataclass(frozen=True)
class Fidelity:
    """One capture beside its design; `difference` is the share of differing pixels, 0 to 1, or None with an `error`."""

    capture_id: str
    url: str
    form_factor: str
    theme: str
    difference: float | None
    error: str = ""
    picture: bytes = b""  # PNG of the rendered design
    scores: Scores | None = None  # Design2Code's, of the design's text against the page's


def representative(captures: Iterable[Capture]) -> list[Capture]:
    """One capture a DOM snapshot, the full page where there is one: fold and full page share a design."""
    best: dict[str, Capture] = {}
    for capture in captures:
        dom = capture.page.dom_sha256 if capture.page else None
        if dom and (dom not in best or capture.view.kind == "full"):
            best[dom] = capture
    return list(best.values())


def spread(captures: Sequence[Capture], count: int) -> list[Capture]:
    """`count` of them, evenly over sites, then pages, then views: the order is that of their addresses."""
    ordered = sorted(captures, key=lambda c: (c.url, c.view.form_factor, c.view.theme or ""))
    if len(ordered) <= count:
        return ordered
    return [ordered[index * len(ordered) // count] for index in range(count)]


@dataclass(frozen=True)
class Prepared:
    """A capture's design, compiled and ready to be rendered; both None where there is none, and `why_not`."""

    capture: Capture
    design: Design | None
    job: RenderJob | None
    why_not: str = ""


def prepare(store: CaptureStore, capture: Capture) -> Prepared:
    """The design of a capture and the job that renders it. A page without one says why; it raises nothing."""
    try:
        bound = bind(import_capture(store, capture), store, capture=capture)
        html = to_html(bound.design, slots=bound.slots, fonts=bound.fonts)
    except DesignError as error:
        return Prepared(capture, None, None, str(error))
    return Prepared(capture, bound.design, _job(capture, html, bound.design))


def measure(
    store: CaptureStore, captures: Sequence[Capture], *, progress: ProgressCallback | None = None, batch: int = 8
) -> list[Fidelity]:
    """Fidelity of each capture, in their order. A page without a design gives an error, never an exception."""
    results: list[Fidelity] = []
    for start in range(0, len(captures), batch):
        results += compare(store, [prepare(store, capture) for capture in captures[start : start + batch]])
        if progress:
            progress("designs beside screenshots", len(results), len(captures))
    return results


def compare(store: CaptureStore, prepared: Sequence[Prepared]) -> list[Fidelity]:
    """Render what was prepared, all in one browser, and compare. Raises RenderError."""
    results = []
    for capture, ways, why_not in _rendered([(p.capture, p.job, p.why_not) for p in prepared]):
        tried = [_compare(store, capture, made, why_not) for made in ways or [None]]
        results.append(min(tried, key=lambda r: r.difference if r.difference is not None else 2.0))
    return results


def _rendered(
    jobs: Sequence[tuple[Capture, RenderJob | None, str]],
) -> list[tuple[Capture, list[Rendered | None], str]]:
    """Each job's picture; at a pixel ratio other than 1 both ways in which Chromium may have rounded baselines.

    A capture does not say which of them it was taken in, and a pixel up or down is no property of a design.
    """
    flat = [way for _, job, _ in jobs if job for way in _ways(job)]
    made = iter(render_with_trees(flat))
    return [(capture, [next(made) for _ in _ways(job)] if job else [], why_not) for capture, job, why_not in jobs]


def _ways(job: RenderJob) -> list[RenderJob]:
    return [job] if job.dpr == 1 else [job, replace(job, emulates_dpr=True)]


def _job(capture: Capture, html: str, design: Design) -> RenderJob:
    """The window that shows the design as the picture shows the page.

    A phone lays a page without a viewport meta out wider than its screen and shrinks it: the design is as wide as that
    layout, so the window is too, at the pixel ratio that gives the picture's width.
    """
    width = _frame_width(design) or capture.view.width
    return RenderJob(
        html=html,
        width=width,
        height=round(capture.view.height * width / capture.view.width),
        dpr=capture.image.width / width,
        theme=capture.view.theme or "light",
        full_page=capture.view.kind == "full",
    )


def _frame_width(design: Design) -> int | None:
    width = design.roots[0].width if design.roots else None
    return round(width) if isinstance(width, int | float) and width > 0 else None


def _compare(store: CaptureStore, capture: Capture, made: Rendered | None, error: str) -> Fidelity:
    identity = (capture.capture_id, capture.url, capture.view.form_factor, capture.view.theme or "")
    if made is None:
        return Fidelity(*identity, None, error)
    if capture.image.width * capture.image.height > MAX_PIXELS:
        return Fidelity(*identity, None, f"over {MAX_PIXELS} pixels", made.png)
    with Image.open(io.BytesIO(store.read_image(capture))) as seen, Image.open(io.BytesIO(made.png)) as shown:
        difference = pixel_difference(seen, shown)
    return Fidelity(*identity, difference, "", made.png, _scores(store, capture, made))


def _scores(store: CaptureStore, capture: Capture, made: Rendered) -> Scores | None:
    if capture.page is None or capture.page.dom_sha256 is None:
        return None
    try:
        seen = text_page(load_snapshot(store.read_blob(capture.page.dom_sha256, "dom")))
        return design2code(seen, text_page(made.snapshot))
    except SnapshotError:
        return None


def median_difference(results: Iterable[Fidelity]) -> float | None:
    values = [result.difference for result in results if result.difference is not None]
    return round(statistics.median(values), 4) if values else None


def side_by_side(
    screenshot: bytes, design: bytes, out: Path, labels: tuple[str, str] = ("screenshot", "design")
) -> Path:
    """A PNG with both pictures at one scale on Gesso's paper; tall pages are cut below `PAIR_HEIGHT`."""
    panels = []
    for data in (screenshot, design):
        with Image.open(io.BytesIO(data)) as image:
            scaled = image.convert("RGB").resize(
                (PAIR_WIDTH, max(1, round(image.height * PAIR_WIDTH / image.width))), Image.Resampling.LANCZOS
            )
            panels.append(scaled.crop((0, 0, PAIR_WIDTH, min(PAIR_HEIGHT, scaled.height))))
    height = max(panel.height for panel in panels)
    sheet = Image.new("RGB", (2 * PAIR_WIDTH + 3 * MARGIN, height + 2 * MARGIN + 16), PAPER)
    draw = ImageDraw.Draw(sheet)
    for index, (panel, label) in enumerate(zip(panels, labels, strict=True)):
        x = MARGIN + index * (PAIR_WIDTH + MARGIN)
        draw.text((x, MARGIN // 2), label, fill=INK, font_size=14)
        draw.rectangle((x - 1, MARGIN + 15, x + PAIR_WIDTH, MARGIN + 16 + panel.height), outline=LINE)
        sheet.paste(panel, (x, MARGIN + 16))
    out.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(out)
    return out
