"""How much of a page's layout its design keeps, and how it takes an edit: `python -m benchmarks.autolayout [SITES]`."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path

from benchmarks.entries import EXAMPLES, kept_crawl
from benchmarks.figures import Figure, at_least, main
from crawlers.captures import Capture, CaptureStore
from design import from_snapshot, load_snapshot
from design.compare.layout import Census, census
from pipelines import terminal
from pipelines.fidelity import representative
from pipelines.replay import Replay, replay
from pipelines.site_server import hosts_in, serving

CONTAINERS_LIMIT, FLOWING_LIMIT, REPLAY_LIMIT = 95.0, 85.0, 0.9
WORST_SHOWN = 8


def censuses(store: CaptureStore, captures: Sequence[Capture]) -> list[Census]:
    found = []
    for capture in captures:
        assert capture.page is not None
        assert capture.page.dom_sha256 is not None
        snapshot = load_snapshot(store.read_blob(capture.page.dom_sha256, "dom"))
        found.append(census(snapshot, from_snapshot(snapshot).design))
    return found


def layout_figures(counted: Sequence[Census]) -> list[Figure]:
    containers, kept = sum(c.containers for c in counted), sum(c.kept for c in counted)
    layers, flowing = sum(c.layers for c in counted), sum(c.flowing for c in counted)
    share = round(100 * kept / containers, 1) if containers else None
    return [
        Figure("flex and grid containers", containers, ""),
        at_least("kept as row, column or grid", share, "%", CONTAINERS_LIMIT),
        Figure("layers", layers, ""),
        at_least("laid out without a position", round(100 * flowing / max(1, layers), 1), "%", FLOWING_LIMIT),
    ]


def replay_figures(replays: Sequence[Replay]) -> list[Figure]:
    """The mean over edits that move anything, and by kind; a wider window is told and not counted."""
    kinds = ("lengthen", "remove", "widen", "window")
    shares = {kind: [r.agreement.share for r in replays if r.kind == kind] for kind in kinds}
    told = {kind: [value for value in values if value is not None] for kind, values in shares.items()}
    every = [value for kind, values in told.items() for value in values if kind != "window"]
    edits = sum(len(values) for kind, values in shares.items() if kind != "window")
    figures = [Figure("edits replayed", edits, "", seen=f"{edits - len(every)} moved nothing")]
    figures += [
        Figure(f"{kind}: agreement, mean", round(statistics.mean(values), 3), "", seen=f"{len(values)} edits")
        for kind, values in told.items()
        if values
    ]
    mean = round(statistics.mean(every), 3) if every else None
    return [*figures, at_least("edit-replay agreement, mean", mean, "", REPLAY_LIMIT)]


def run(arguments: Sequence[str]) -> list[Figure]:
    sites = Path(arguments[0]) if arguments else EXAMPLES
    store, _ = kept_crawl(sites)
    captures = representative(store.captures())
    desktop = [c for c in captures if c.view.form_factor == "desktop" and (c.view.theme or "light") == "light"]
    with serving(hosts_in(sites)) as server, terminal.progress_lines() as progress:
        replays = replay(store, desktop, server.address, progress)
    counted = censuses(store, captures)
    counted_edits = [r for r in replays if r.agreement.share is not None and r.kind != "window"]
    worst = sorted(counted_edits, key=lambda r: r.agreement.share or 0.0)
    rows = [(r.url, r.kind, r.what, f"{r.agreement.alike}/{r.agreement.moved}") for r in worst[:WORST_SHOWN]]
    terminal.table("Edits that move things otherwise", ("page", "edit", "what", "alike"), rows, right=(3,))
    return [*layout_figures(counted), *replay_figures(replays)]


if __name__ == "__main__":
    raise SystemExit(main("autolayout", run))
