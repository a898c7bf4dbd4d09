"""Page → snapshot → design → HTML → pixels, against the screenshot, beside what open converters make of the same pages.

`python -m benchmarks.fidelity [SITES] [--peer [FOLDER]]`; FOLDER is the node_modules of benchmarks/peers/package.json,
which says how it is installed: html-to-figma and html-figma then convert the same pages. The crawl, each page's result
and the picture of its design are kept under workspace/benchmarks/: a run that is broken off goes on where it was, and a
later one renders only the pages whose HTML has changed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from benchmarks.converters import CONVERTERS, PEERS, Drawings, script_of
from benchmarks.entries import EXAMPLES, ROOT, code_key, kept_crawl
from benchmarks.figures import CannotRun, Figure, at_least, at_most, main
from crawlers.browser.render import RenderError, RenderJob
from crawlers.captures import Capture, CaptureStore
from design import parse, print_design
from design.compare.design2code import Scores, median_of
from pipelines import terminal
from pipelines.fidelity import Fidelity, Prepared, compare, prepare, representative
from pipelines.terminal import ProgressCallback

MEDIAN_LIMIT, P90_LIMIT = 1.0, 5.0  # % of pixels
SCORE_LIMIT = 0.97
SCORES = ("block", "text", "position", "colour")
WORST_SHOWN = 8
BATCH = 4  # pages a browser: what a run that is broken off has to do again at most
MEASURED_BY = (
    *("pipelines/fidelity.py", "crawlers/browser/render.py", "crawlers/browser/picture.py", "design/compare"),
    "design/dom/snapshot.py",
)


class Kept:
    """Results in a folder, one file a capture: each holds as long as its key, which says what was compared and how."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._code = code_key(*(ROOT / part for part in MEASURED_BY))

    def key(self, prepared: Prepared) -> str:
        """Of the page that was captured, the HTML made of it and the code that compares the two."""
        page = prepared.capture.page
        seen = (prepared.capture.image.sha256, page.dom_sha256 if page else None)
        return hashlib.sha256(repr((self._code, seen, prepared.job, prepared.why_not)).encode()).hexdigest()

    def find(self, prepared: Prepared) -> Fidelity | None:
        path = self.folder / f"{prepared.capture.capture_id}.json"
        if not path.is_file():
            return None
        row = json.loads(path.read_text(encoding="utf-8"))
        if row.pop("key") != self.key(prepared):
            return None
        return Fidelity(**{**row, "scores": Scores(**row["scores"]) if row["scores"] else None})

    def put(self, prepared: Prepared, result: Fidelity) -> None:
        path = self.folder / f"{result.capture_id}.json"
        path.with_suffix(".png").write_bytes(result.picture)
        row = {**asdict(replace(result, picture=b"")), "key": self.key(prepared)}
        del row["picture"]
        path.with_suffix(".part").write_text(json.dumps(row), encoding="utf-8")
        path.with_suffix(".part").replace(path)


def compared(store: CaptureStore, batch: Sequence[Prepared]) -> list[Fidelity]:
    """As `compare`; where the browser fails over one of them, each by itself, so that the others are told."""
    try:
        return compare(store, batch)
    except RenderError as error:
        if len(batch) > 1:
            return [result for one in batch for result in compared(store, [one])]
        view = batch[0].capture.view
        identity = (batch[0].capture.capture_id, batch[0].capture.url, view.form_factor, view.theme or "")
        return [Fidelity(*identity, None, str(error))]


def pages_of(store: CaptureStore) -> list[Capture]:
    return sorted(representative(store.captures()), key=lambda c: (c.url, c.view.form_factor, c.view.theme or ""))


@dataclass(frozen=True)
class Ours:
    """Every page's result and window, and how many designs are the same tree after being printed and parsed."""

    results: list[Fidelity]
    same: int
    windows: dict[str, RenderJob]  # by capture id, without their HTML


def results_of(store: CaptureStore, kept: Kept, progress: ProgressCallback) -> Ours:
    """Of every page, in the order of addresses."""
    captures, same = pages_of(store), 0
    windows: dict[str, RenderJob] = {}

    def every() -> Iterable[Prepared]:
        nonlocal same
        for capture in captures:
            prepared = prepare(store, capture)
            same += prepared.design is not None and parse(print_design(prepared.design)) == prepared.design
            if prepared.job is not None:
                windows[capture.capture_id] = replace(prepared.job, html=None)
            yield prepared

    return Ours(_results(store, kept, every(), len(captures), progress), same, windows)


def _results(
    store: CaptureStore, kept: Kept, everything: Iterable[Prepared], count: int, progress: ProgressCallback
) -> list[Fidelity]:
    results: list[Fidelity] = []
    waiting: list[Prepared] = []
    for number, prepared in enumerate(everything, 1):
        found = kept.find(prepared)
        if found is None:
            waiting.append(prepared)
        else:
            results.append(found)
        if len(waiting) == BATCH or number == count:
            for one, result in zip(waiting, compared(store, waiting), strict=True):
                results.append(result)
                if result.difference is not None or one.why_not:
                    kept.put(one, result)
            waiting = []
        progress("designs beside screenshots", len(results), count)
    return results


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


@dataclass(frozen=True)
class Summary:
    """Of many results: differing pixels in % by form factor as (median, 90th percentile), and the median scores."""

    pages: int
    failed: int
    pixels: dict[str, tuple[float, float]]
    scores: dict[str, float]


def summary_of(results: Sequence[Fidelity]) -> Summary:
    pixels = {}
    for form_factor in ("desktop", "phone"):
        values = [100 * r.difference for r in results if r.form_factor == form_factor and r.difference is not None]
        if values:
            pixels[form_factor] = (round(statistics.median(values), 2), round(percentile(values, 0.9), 2))
    scores = [r.scores for r in results if r.scores is not None and r.scores.pairs]
    middle = median_of(scores) if scores else None
    named = {name: round(getattr(middle, name), 3) for name in SCORES} if middle else {}
    return Summary(len(results), sum(r.difference is None for r in results), pixels, named)


def figures_of(results: Sequence[Fidelity]) -> list[Figure]:
    found = summary_of(results)
    figures = [Figure("designs compared", found.pages, ""), at_most("without a design", found.failed, "", 0)]
    for form_factor, (median, high) in found.pixels.items():
        figures.append(at_most(f"{form_factor}: differing pixels, median", median, "%", MEDIAN_LIMIT))
        figures.append(at_most(f"{form_factor}: differing pixels, 90th percentile", high, "%", P90_LIMIT))
    return [*figures, *(at_least(f"Design2Code {n}, median", v, "", SCORE_LIMIT) for n, v in found.scores.items())]


def peer_figures(name: str, results: Sequence[Fidelity], ours: Sequence[Fidelity]) -> list[Figure]:
    """A peer's own, each beside ours; one that is better than ours fails."""
    theirs, mine = summary_of(results), summary_of(ours)
    figures = [Figure(f"{name}: pages without layers", theirs.failed, "", seen=f"of {theirs.pages}")]
    for form_factor, values in theirs.pixels.items():
        for word, value, our in zip(("median", "90th percentile"), values, mine.pixels[form_factor], strict=True):
            title = f"{name}, {form_factor}: differing pixels, {word}"
            figures.append(Figure(title, value, "%", f"≥{our:g}", value >= our))
    for score, value in theirs.scores.items():
        title, our = f"{name}: Design2Code {score}, median", mine.scores[score]
        figures.append(Figure(title, value, "", f"≤{our:g}", value <= our))
    return figures


@dataclass
class Peers:
    """By converter its results, or why it has none; and how far pages are from themselves when opened again."""

    results: dict[str, list[Fidelity]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    again: list[float] = field(default_factory=list)


def peers_of(
    sites: Path, store: CaptureStore, home: Path, folder: Path, ours: Ours, progress: ProgressCallback
) -> Peers:
    """What the converters in `folder` make of the same captures, in the same windows."""
    captures, found = pages_of(store), Peers()
    for converter in CONVERTERS:
        try:
            drawings = Drawings(converter, home / converter.name, script_of(converter, folder))
        except CannotRun as error:
            found.missing[converter.name] = str(error)
            continue
        drawings.make(sites, store, captures, progress)
        prepared = (drawings.prepared(capture, ours.windows.get(capture.capture_id)) for capture in captures)
        kept = Kept(home / f"fidelity-{converter.name}")
        found.results[converter.name] = _results(store, kept, prepared, len(captures), progress)
        found.again += [drawn.again for capture in captures if (drawn := drawings.find(capture))]
    return found


def beside(everyone: dict[str, list[Fidelity]]) -> None:
    """A table with a row for us and one for each peer."""
    rows = []
    for name, results in everyone.items():
        found = summary_of(results)
        pixels = [f"{value:g}" for form in ("desktop", "phone") for value in found.pixels.get(form, ())]
        rows.append((name, *pixels, *(f"{value:.3f}" for value in found.scores.values()), str(found.failed)))
    heads = ("", "desktop", "p90", "phone", "p90", *SCORES, "failed")
    title = "Beside open converters: % of differing pixels, median and 90th percentile; median scores"
    terminal.table(title, heads, rows, right=tuple(range(1, len(heads))))


def run(arguments: Sequence[str]) -> list[Figure]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fidelity", description=__doc__)
    parser.add_argument("sites", type=Path, nargs="?", default=EXAMPLES)
    parser.add_argument("--peer", type=Path, nargs="?", const=PEERS, metavar="FOLDER")
    given = parser.parse_args(arguments)
    store, home = kept_crawl(given.sites)
    with terminal.progress_lines() as progress:
        ours = results_of(store, Kept(home / "fidelity"), progress)
        peers = Peers(missing={one.name: "could not run: give --peer" for one in CONVERTERS})
        if given.peer is not None:
            peers = peers_of(given.sites, store, home, given.peer, ours, progress)
    results = ours.results
    worst = sorted((r for r in results if r.difference is not None), key=lambda r: -(r.difference or 0))[:WORST_SHOWN]
    rows = [(r.url, r.form_factor, r.theme, f"{100 * (r.difference or 0):.1f} %") for r in worst]
    rows += [(r.url, r.form_factor, r.theme, r.error) for r in results if r.error]
    terminal.table("Farthest from their screenshot", ("page", "form factor", "theme", "differing"), rows, right=(3,))
    if peers.results:
        beside({"gesso": results, **peers.results})
    figures = [at_least("equal after print and parse", 100 * ours.same / max(1, len(results)), "%", 100)]
    figures += figures_of(results)
    figures += [Figure(name, None, "", seen=why) for name, why in peers.missing.items()]
    figures += [figure for name, theirs in peers.results.items() for figure in peer_figures(name, theirs, results)]
    if peers.again:
        for word, share in (("median", 0.5), ("90th percentile", 0.9)):
            title = f"pages beside themselves, opened again: differing pixels, {word}"
            figures.append(Figure(title, round(100 * percentile(peers.again, share), 2), "%"))
    return figures


if __name__ == "__main__":
    raise SystemExit(main("fidelity", run))
