"""`python -m benchmarks.quality [SITES…] [--home HOME]`: does the quality head know a page from its damaged self?

Each site's entry page is crawled on loopback with all damages (`jitter=all`), seen through a desktop window. A head is
judged on sites that it was not fitted on: the shipped one where it has seen none of these, else one a fold of sites,
fitted on the other folds. SITES are folders that hold one folder a site; with --home the crawl is kept, and not done
again. $GESSO_ENCODER names another encoder than the shipped one.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.figures import CannotRun, Figure, at_least, at_most, main
from crawlers.browser.jitter import KINDS, STRENGTHS
from crawlers.captures import CaptureStore
from crawlers.run import crawl
from curation.features.base import NotAtHand
from curation.heads.load import read_head, stated
from curation.heads.published import QUALITY
from curation.heads.trained import MANIFEST
from models.quality.judged import Judged, accuracies, cross_judged, examples_of, judged_by, strength_correlation
from models.quality.meaning import Meaning, calibration_error, meaning_of
from models.quality.pairs import PairsError, pairs_of
from models.quality.train import HeadConfig, load_config
from models.quality.vectors import Eyes
from pipelines import terminal
from pipelines.site_server import entry_of, hosts_in, serving

ROOT = Path(__file__).resolve().parents[1]
RECIPE = ROOT / "recipes" / "quality.yaml"
LEAST_SITES = 5
OVERALL, WEAKEST, KIND = 0.85, 0.75, 0.70


def run(arguments: Sequence[str]) -> list[Figure]:
    parser = argparse.ArgumentParser(prog="benchmarks.quality")
    parser.add_argument("sites", type=Path, nargs="*", default=[ROOT / "examples" / "sites"])
    parser.add_argument("--home", type=Path, default=None, help="keep the crawl here, and go on with what is there")
    options = parser.parse_args(arguments)
    for folder in options.sites:
        if not folder.is_dir():
            raise CannotRun(f"{folder} is no folder of sites")
    with tempfile.TemporaryDirectory(prefix="gesso-bench-") as scratch:
        return _measure(options.sites, options.home or Path(scratch))


def _measure(folders: Sequence[Path], home: Path) -> list[Figure]:
    config = load_config(RECIPE)
    try:
        eyes = Eyes(config.encoder, home)
    except NotAtHand as error:
        raise CannotRun(str(error)) from None
    store, dropped = _crawled(folders, home)
    captures = list(store.captures(damaged=True))
    try:
        pairs = pairs_of(captures)
    except PairsError as error:
        raise CannotRun(str(error)) from None
    with terminal.progress_lines() as progress:
        vectors = eyes.vectors(store, captures, home / "vectors", progress)
        examples = examples_of(pairs, vectors, eyes.embedding.dimensions)
        sites = sorted(set(pairs["site"].to_pylist()))
        shipped = _shipped(eyes, sites)
        if shipped is not None:
            judged = judged_by(read_head(QUALITY), examples)
        else:
            judged = _folds(pairs, examples, config, sites, progress)
    return _figures(pairs, examples, judged, shipped, len(sites), dropped)


def _folds(pairs: Any, examples: Any, config: HeadConfig, sites: list[str], progress: Any) -> Judged:
    if len(sites) < LEAST_SITES:
        raise CannotRun(f"{len(sites)} sites are too few to fit on some and judge on others: give {LEAST_SITES}")
    return cross_judged(pairs, examples, config.ranker(), progress)


def _crawled(folders: Sequence[Path], home: Path) -> tuple[CaptureStore, int]:
    """The store of all entry pages, and how many variants were left out since hardly a pixel of them had changed."""
    hosts = hosts_in(*folders)
    entries = {host: entry_of(root) for host, root in hosts.items()}
    seeds = [f"http://{host}/{entry}" for host, entry in entries.items() if entry is not None]
    arguments = {"seeds": ",".join(seeds), "depth": "0", "views": "desktop", "themes": "light", "kinds": "fold"}
    arguments["jitter"] = "all"
    store = str(home / "captures")
    with serving(hosts) as server, terminal.progress_lines() as progress:
        summary = crawl("web", arguments, store=store, settings={"GESSO_PROXY": server.address}, progress=progress)
    for kind, count in summary.failures.items():
        terminal.note(f"not captured: {kind} {count}")
    captures = list(CaptureStore(store).captures(damaged=True))
    whole = sum(capture.damage is None for capture in captures)
    return CaptureStore(store), len(KINDS) * len(STRENGTHS) * whole - (len(captures) - whole)


def _shipped(eyes: Eyes, sites: list[str]) -> Meaning | None:
    """What the shipped head's grades mean, where it belongs to this encoder and has seen none of these sites."""
    if not QUALITY.is_file() or stated(QUALITY).get("embedding", "") not in eyes.embedding.fingerprints():
        return None
    about = json.loads(QUALITY.with_name(MANIFEST).read_text(encoding="utf-8"))
    return None if set(about["sites"]) & set(sites) else Meaning(1.0, 0.0, float(about["log_odds_a_point"]))


def _figures(
    pairs: Any, examples: Any, judged: Judged, shipped: Meaning | None, sites: int, dropped: int
) -> list[Figure]:
    first, strength = pairs["better_strength"].to_numpy() == 0, pairs["worse_strength"].to_numpy()
    whole = judged.scores[np.unique(examples.better[first])]
    broken = judged.scores[examples.worse[first & (strength == strength.max())]]
    meaning = shipped or meaning_of(whole, broken, judged.margins[first])
    table = accuracies(pairs, judged.margins)
    by = "the shipped head" if shipped else "heads of the other folds"
    figures = [
        Figure("sites", sites, "sites", seen=f"judged by {by}"),
        Figure("pairs", int(first.sum()), "pairs"),
        Figure("variants left out: hardly a pixel changed", dropped, "variants"),
        at_least("pair accuracy", round(table["", 0][0], 3), "share", OVERALL),
    ]
    for (kind, level), (share, _) in table.items():
        if not kind and level:
            name = f"pair accuracy, strength {level}"
            value = round(share, 3)
            figures.append(at_least(name, value, "share", WEAKEST) if level == 1 else Figure(name, value, "share"))
    for kind in sorted({kind for kind, _ in table if kind}):
        levels = [f"{level}: {table[kind, level][0]:.2f}" for level in (1, 2, 3) if (kind, level) in table]
        share, count = table[kind, 0]
        low = at_least(f"pair accuracy, {kind}", round(share, 3), "share", KIND)
        figures.append(Figure(low.name, low.value, low.unit, low.target, low.ok, f"{' '.join(levels)} of {count}"))
    error = calibration_error(judged.margins[first] * meaning.slope, meaning.log_odds)
    grades = np.clip(meaning.middle + meaning.slope * judged.scores, 1, 10)
    worst = np.median(grades[examples.worse[first & (strength == strength.max())]])
    return [
        *figures,
        at_most("calibration error of P(better)", round(error, 3), "share", 0.1),
        Figure("rank correlation with strength", round(strength_correlation(pairs, examples, judged.scores), 3), "ρ"),
        Figure(
            "median grade, undamaged", round(float(np.median(grades[np.unique(examples.better[first])])), 2), "1–10"
        ),
        Figure("median grade, strength 3", round(float(worst), 2), "1–10"),
    ]


if __name__ == "__main__":
    sys.exit(main("quality", run))
