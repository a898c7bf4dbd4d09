"""Repeated groups found in designs against hand labels: `python -m benchmarks.components [SITES]`.

The labels are in tests/design/labels/components.json: what a designer would make a component of (composed or painted,
met twice or more) on the desktop page of each site, by selectors. Sites without labels are not looked at.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.entries import crawl_entries
from benchmarks.figures import CannotRun, Figure, at_least, main
from crawlers.captures import Capture, CaptureStore
from design import load_snapshot
from design.compare.repeats import found_groups, labelled_groups, tally
from design.compare.trees import f1_of
from pipelines import terminal
from pipelines.errors import GessoError
from pipelines.fidelity import representative

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT.parent / "shared" / "corpus" / "web" / "sites"
LABELS = ROOT / "tests" / "design" / "labels" / "components.json"
F1_LIMIT = 0.85

Labels = Mapping[str, Mapping[str, Sequence[str]]]


def labelled(captures: Sequence[Capture], labels: Labels) -> dict[str, Capture]:
    """The desktop capture of each labelled host, the first by address where there are several."""
    found: dict[str, Capture] = {}
    for capture in sorted(captures, key=lambda c: (c.url, c.view.theme or "")):
        host = urlsplit(capture.url).netloc
        if host in labels and capture.view.form_factor == "desktop" and (capture.view.theme or "light") == "light":
            found.setdefault(host, capture)
    return found


def measure(store: CaptureStore, labels: Labels) -> dict[str, tuple[int, int, int]]:
    """By host: groups that were found and labelled, groups found, groups labelled."""
    result = {}
    for host, capture in labelled(representative(store.captures()), labels).items():
        assert capture.page is not None
        assert capture.page.dom_sha256 is not None
        snapshot = load_snapshot(store.read_blob(capture.page.dom_sha256, "dom"))
        wanted = list(labelled_groups(snapshot, labels[host]).values())
        result[host] = tally(found_groups(snapshot), wanted)
    return result


def run(arguments: Sequence[str]) -> list[Figure]:
    sites = Path(arguments[0]) if arguments else CORPUS
    labels: Labels = json.loads(LABELS.read_text(encoding="utf-8"))
    if not sites.is_dir():
        raise CannotRun(f"no folder {sites}: give the folder of the labelled sites")
    with tempfile.TemporaryDirectory(prefix="gesso-components-") as folder:
        try:
            store = crawl_entries(sites, Path(folder), only=tuple(labels))
        except GessoError as error:
            raise CannotRun(str(error)) from None
        by_host = measure(store, labels)
    if not by_host:
        raise CannotRun(f"none of the labelled sites ({', '.join(labels)}) is in {sites}")
    rows = [(host, str(hits), str(found), str(wanted)) for host, (hits, found, wanted) in by_host.items()]
    terminal.table("Repeated groups", ("site", "right", "found", "labelled"), rows, right=(1, 2, 3))
    hits, found, wanted = (sum(counts[i] for counts in by_host.values()) for i in range(3))
    score = f1_of(hits, found, wanted)
    return [
        Figure("pages with labels", len(by_host), ""),
        Figure("precision", round(score.precision, 3), ""),
        Figure("recall", round(score.recall, 3), ""),
        at_least("F1 of repeated groups", round(score.f1, 3), "", F1_LIMIT),
    ]


if __name__ == "__main__":
    raise SystemExit(main("components", run))
