"""Page → snapshot → design → HTML → pixels, against the screenshot: `python -m benchmarks.fidelity [SITES]`.

The crawl, each page's result and the picture of its design are kept under workspace/benchmarks/: a run that is broken
off goes on where it was, and a later one renders only the pages whose HTML has changed.
"""

from __future__ import annotations

import hashlib
import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from benchmarks.entries import EXAMPLES, ROOT, code_key, kept_crawl
from benchmarks.figures import Figure, at_least, at_most, main
from crawlers.browser.render import RenderError
from crawlers.captures import CaptureStore
from design import parse, print_design
from design.compare.design2code import Scores, median_of
from pipelines import terminal
from pipelines.fidelity import Fidelity, Prepared, compare, prepare, representative
from pipelines.terminal import ProgressCallback

MEDIAN_LIMIT, P90_LIMIT = 1.0, 5.0  # % of pixels
SCORE_LIMIT = 0.97
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


def results_of(store: CaptureStore, kept: Kept, progress: ProgressCallback) -> tuple[list[Fidelity], int]:
    """Of every page; and how many designs are the same tree after being printed and parsed."""
    captures = sorted(representative(store.captures()), key=lambda c: (c.url, c.view.form_factor, c.view.theme or ""))
    results: list[Fidelity] = []
    waiting: list[Prepared] = []
    same = 0
    for number, capture in enumerate(captures, 1):
        prepared = prepare(store, capture)
        same += prepared.design is not None and parse(print_design(prepared.design)) == prepared.design
        found = kept.find(prepared)
        if found is None:
            waiting.append(prepared)
        else:
            results.append(found)
        if len(waiting) == BATCH or number == len(captures):
            for one, result in zip(waiting, compared(store, waiting), strict=True):
                results.append(result)
                if result.difference is not None or one.why_not:
                    kept.put(one, result)
            waiting = []
        progress("designs beside screenshots", len(results), len(captures))
    return results, same


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def figures_of(results: Sequence[Fidelity]) -> list[Figure]:
    figures = []
    for form_factor in ("desktop", "phone"):
        values = [100 * r.difference for r in results if r.form_factor == form_factor and r.difference is not None]
        if values:
            median, high = statistics.median(values), percentile(values, 0.9)
            figures.append(at_most(f"{form_factor}: differing pixels, median", round(median, 2), "%", MEDIAN_LIMIT))
            figures.append(at_most(f"{form_factor}: differing pixels, 90th percentile", round(high, 2), "%", P90_LIMIT))
    scores = [r.scores for r in results if r.scores is not None and r.scores.pairs]
    if scores:
        middle = median_of(scores)
        named = (
            ("block", middle.block),
            ("text", middle.text),
            ("position", middle.position),
            ("colour", middle.colour),
        )
        figures += [at_least(f"Design2Code {name}, median", round(v, 3), "", SCORE_LIMIT) for name, v in named]
    failed = sum(1 for r in results if r.difference is None)
    return [Figure("designs compared", len(results), ""), at_most("without a design", failed, "", 0), *figures]


def run(arguments: Sequence[str]) -> list[Figure]:
    store, home = kept_crawl(Path(arguments[0]) if arguments else EXAMPLES)
    with terminal.progress_lines() as progress:
        results, same = results_of(store, Kept(home / "fidelity"), progress)
    worst = sorted((r for r in results if r.difference is not None), key=lambda r: -(r.difference or 0))[:WORST_SHOWN]
    rows = [(r.url, r.form_factor, r.theme, f"{100 * (r.difference or 0):.1f} %") for r in worst]
    rows += [(r.url, r.form_factor, r.theme, r.error) for r in results if r.error]
    terminal.table("Farthest from their screenshot", ("page", "form factor", "theme", "differing"), rows, right=(3,))
    whole = at_least("equal after print and parse", 100 * same / max(1, len(results)), "%", 100)
    return [whole, *figures_of(results)]


if __name__ == "__main__":
    raise SystemExit(main("fidelity", run))
