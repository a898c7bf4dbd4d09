"""Stored DOM snapshot → notation text, in milliseconds a page on one thread: `python -m benchmarks.convert [SITES]`.

What is timed is all of it: unpacking, reading, design, tokens, components, printing. A page's time is the median of
several runs after a first one, in processor time, so that what else the machine does counts little. The crawl is kept
under workspace/benchmarks/. Two pages are generated: one of 10,000 nodes, one whose boxes are nested 200 deep; each
must also be the same tree after being printed and parsed.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.entries import EXAMPLES, kept_crawl
from benchmarks.fidelity import percentile
from benchmarks.figures import CannotRun, Figure, at_most, main
from crawlers.captures import CaptureStore
from design import Design, from_snapshot, load_snapshot, parse, print_design
from design.tree import walk
from pipelines import terminal
from pipelines.fidelity import representative

REPEATS = 5
MEDIAN_LIMIT = 150.0  # ms
NODES, LEVELS = 10_000, 200
SLOWEST_SHOWN = 6
STYLES = {
    "frame": {"display": "block", "background-color": "rgb(250, 250, 250)"},
    "text": {"display": "block", "color": "rgb(17, 24, 39)", "font-family": "Inter", "font-size": "14px"},
}
EVERYWHERE = {"visibility": "visible", "opacity": "1", "font-weight": "400", "line-height": "20px"}


@dataclass(frozen=True)
class Timed:
    page: str
    milliseconds: float
    nodes: int  # that the page lays out


@dataclass(frozen=True)
class Grown:
    """A generated page, once there and back."""

    seconds: float
    layers: int
    depth: int
    same: bool


def notation_of(blob: bytes) -> str:
    return print_design(from_snapshot(load_snapshot(blob)).design)


def milliseconds(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """The median of `repeats` runs' processor time, after one that is not counted."""
    work()
    spent = []
    for _ in range(repeats):
        started = time.thread_time()
        work()
        spent.append(1000 * (time.thread_time() - started))
    return statistics.median(spent)


def timed(store: CaptureStore) -> list[Timed]:
    captures = representative(store.captures())
    found = []
    with terminal.progress_lines() as progress:
        for number, capture in enumerate(captures):
            progress("pages", number, len(captures))
            assert capture.page is not None
            assert capture.page.dom_sha256 is not None
            blob = store.read_blob(capture.page.dom_sha256, "dom")
            nodes = len(load_snapshot(blob)["snapshot"]["documents"][0]["layout"]["nodeIndex"])
            view = f"{capture.url} {capture.view.form_factor}"
            found.append(Timed(view, milliseconds(lambda blob=blob: notation_of(blob)), nodes))  # type: ignore[misc]
    return found


class Snapshot:
    """A DOM snapshot that is put together box by box; a parent comes before its children."""

    def __init__(self, width: float, height: float) -> None:
        self._size = {"width": width, "height": height}
        self._strings: dict[str, int] = {}
        self._columns = sorted({name for style in STYLES.values() for name in style} | EVERYWHERE.keys())
        self._boxes: list[tuple[int, list[float], str, str]] = []

    def box(self, parent: int, bounds: list[float], text: str = "") -> int:
        self._boxes.append((parent, bounds, "text" if text else "frame", text))
        return len(self._boxes) - 1

    def _string(self, text: str) -> int:
        return self._strings.setdefault(text, len(self._strings))

    def whole(self) -> dict[str, Any]:
        lines = [(i, box) for i, box in enumerate(self._boxes) if box[3]]
        count = len(self._boxes)
        styles = {
            name: [self._string((EVERYWHERE | style).get(column, "")) for column in self._columns]
            for name, style in STYLES.items()
        }
        document = {
            "nodes": {
                "parentIndex": [parent for parent, *_ in self._boxes],
                "nodeName": [self._string("#text" if text else "DIV") for *_, text in self._boxes],
            },
            "layout": {
                "nodeIndex": list(range(count)),
                "bounds": [bounds for _, bounds, _, _ in self._boxes],
                "styles": [styles[style] for _, _, style, _ in self._boxes],
                "text": [self._string(text) if text else -1 for *_, text in self._boxes],
                "paintOrders": list(range(count)),
            },
            "textBoxes": {
                "layoutIndex": [i for i, _ in lines],
                "bounds": [box[1] for _, box in lines],
                "start": [0] * len(lines),
                "length": [len(box[3]) for _, box in lines],
            },
        }
        return {
            "format": "gesso-dom/1",
            "url": "http://grown.test/",
            "page": self._size,
            "computed_styles": self._columns,
            "snapshot": {"strings": list(self._strings), "documents": [document]},
        }


def wide(nodes: int = NODES) -> dict[str, Any]:
    """Cards of a heading and a line of text each, four a row, every text its own."""
    cards = (nodes - 1) // 3
    snapshot = Snapshot(1000, 80 * (cards // 4 + 1))
    page = snapshot.box(-1, [0, 0, 1000, 80 * (cards // 4 + 1)])
    for number in range(cards):
        x, y = 250 * (number % 4), 80 * (number // 4)
        card = snapshot.box(page, [x + 10, y + 10, 230, 60])
        snapshot.box(card, [x + 20, y + 20, 120, 20], f"Heading {number}")
        snapshot.box(card, [x + 20, y + 40, 160, 20], f"What it says of {number}")
    while len(snapshot._boxes) < nodes:
        snapshot.box(page, [0, 0, 1, 1])
    return snapshot.whole()


def deep(levels: int = LEVELS) -> dict[str, Any]:
    """Painted boxes one inside the other, a text beside each inner one."""
    snapshot = Snapshot(1200, 40 * levels)
    parent = -1
    for level in range(levels):
        parent = snapshot.box(parent, [level, level, 1200 - 2 * level, 40 * levels - 22 * level])
        snapshot.box(parent, [level + 1, 40 * levels - 21 * level - 20, 60, 20], f"Level {level}")
    return snapshot.whole()


def grown(snapshot: dict[str, Any]) -> Grown:
    started = time.thread_time()
    design = from_snapshot(snapshot).design
    text = print_design(design)
    seconds = time.thread_time() - started
    layers, depth = size(design)
    return Grown(seconds, layers, depth, parse(text) == design)


def size(design: Design) -> tuple[int, int]:
    """Layers of a design, its components' among them, and how deep the deepest lies."""
    tops = [*design.roots, *(component.root for component in design.components)]
    depths = [depth for top in tops for _, depth in walk(top)]
    return len(depths), max(depths, default=-1) + 1


def figures_of(pages: Sequence[Timed], generated: dict[str, Grown]) -> list[Figure]:
    spent = [page.milliseconds for page in pages]
    figures = [
        Figure("pages", len(pages), "", seen=f"{statistics.median(p.nodes for p in pages):.0f} nodes at the median"),
        at_most("snapshot to notation, median", round(statistics.median(spent), 1), "ms", MEDIAN_LIMIT),
        Figure("snapshot to notation, 90th percentile", round(percentile(spent, 0.9), 1), "ms"),
        Figure("snapshot to notation, slowest", round(max(spent), 1), "ms"),
    ]
    for name, page in generated.items():
        seen = f"{page.layers} layers, {page.depth} deep" + ("" if page.same else ", another tree after parsing")
        figures.append(Figure(name, round(1000 * page.seconds), "ms", "reads back", page.same, seen))
    return figures


def run(arguments: Sequence[str]) -> list[Figure]:
    pages = timed(kept_crawl(Path(arguments[0]) if arguments else EXAMPLES)[0])
    if not pages:
        raise CannotRun("no page has a DOM snapshot: name a folder of sites")
    slowest = sorted(pages, key=lambda page: -page.milliseconds)[:SLOWEST_SHOWN]
    rows = [(page.page, str(page.nodes), f"{page.milliseconds:.0f}") for page in slowest]
    terminal.table("Slowest", ("page", "nodes", "ms"), rows, right=(1, 2))
    return figures_of(pages, {f"a page of {NODES} nodes": grown(wide()), f"boxes nested {LEVELS} deep": grown(deep())})


if __name__ == "__main__":
    raise SystemExit(main("convert", run))
