"""A million rows from feature table to dataset version: seconds and peak memory of each stage, planted copies found.

`python -m benchmarks.scale [--rows 1000000] [--folder DIR]`; rows are drawn from a seed: 512-d embeddings, hashes, no
image bytes. The measured part runs in a process of its own. DIR, else the temporary folder, needs about 4 GB.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks import synthetic
from benchmarks.figures import CannotRun, Figure, at_least, at_most, main
from curation.recipe import Recipe, parse_recipe

GIB_ALLOWED, MINUTES_ALLOWED, FOUND = 4, 15, 0.99
ROWS = 1_000_000
RECIPE = {
    "name": "scale",
    "features": ["decode"],
    "keep": [
        {"name": "allowed", "sql": "allowed"},
        {"name": "blank", "sql": "blankness < 0.6 AND entropy > 2"},
        {"name": "too_small", "sql": "least(decoded_width, decoded_height) >= 240"},
    ],
    "shards": {"rows": 20_000, "images": False},
}


def recipe() -> Recipe:
    return parse_recipe(RECIPE)


class Stages:
    """Seconds and peak resident memory between one stage's first word and the next one's."""

    def __init__(self) -> None:
        self.seen: dict[str, dict[str, float]] = {}
        self._stage = ""
        self._start = time.monotonic()
        self.enter("intake")

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage != self._stage:
            self.enter(stage)

    def enter(self, stage: str) -> None:
        now = time.monotonic()
        if self._stage:
            past = self.seen.setdefault(self._stage, {"seconds": 0.0, "gib": 0.0})
            past["seconds"] += now - self._start
            past["gib"] = max(past["gib"], peak_gib())
        self._stage, self._start = stage, now
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew


def peak_gib() -> float:
    """Peak resident memory, mapped files included: what the kernel counts against a limit at most."""
    status = Path("/proc/self/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 2**20 if found else float("nan")


def measure(folder: Path) -> None:
    """The measured part: prints one JSON object."""
    from curation.run import curate_table

    stages = Stages()
    version = curate_table(recipe(), folder / "home", folder / "rows", progress=stages)
    stages.enter("")
    facts = {"stages": stages.seen, "version": str(version.path), "kept": version.kept, "cpu": time.process_time()}
    print(json.dumps(facts))


def found_share(version: Path, planted: synthetic.Planted) -> float:
    """Share of the planted repeats that `exact` and `copy` tie to their original."""
    from curation.splits import codes, components

    related = pq.read_table(version / "relations.parquet", columns=["a", "b", "relation"])
    related = related.filter(pc.is_in(related["relation"], pa.array(["exact", "copy"])))
    names = pa.chunked_array(
        [pa.array(planted.original), pa.array(planted.again), *related["a"].chunks, *related["b"].chunks]
    )
    rows = codes(names)
    number, pairs = len(planted.original), len(related)
    ties = rows[2 * number : 2 * number + pairs], rows[2 * number + pairs :]
    tied = components(np.full(int(rows.max()) + 1, -1, np.int64), *ties)
    return float((tied[rows[:number]] == tied[rows[number : 2 * number]]).mean())


def run(arguments: Sequence[str]) -> Sequence[Figure]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--folder", type=Path, default=None, help="where to work; a temporary folder else")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="scale-") as place:
        folder = Path(place)
        planted = synthetic.write(options.rows, folder / "rows")
        seen = _measured(folder)
        share = found_share(Path(seen["version"]), planted)
    stages: dict[str, dict[str, float]] = seen["stages"]
    figures = [
        Figure(name, round(stage["seconds"], 1), "s", seen=f"peak {stage['gib']:.2f} GiB")
        for name, stage in stages.items()
    ]
    minutes = sum(stage["seconds"] for stage in stages.values()) / 60
    peak = max(stage["gib"] for stage in stages.values())
    return [
        *figures,
        at_most("whole run", round(minutes, 2), "minutes", MINUTES_ALLOWED),
        at_most("peak memory", round(peak, 2), "GiB", GIB_ALLOWED),
        at_least("planted copies found", round(share, 4), "of 1", FOUND),
        Figure("a row", round(seen["cpu"] / options.rows * 1000, 3), "ms", seen="of one core"),
        Figure("a row at the peak", round(peak * 2**30 / options.rows), "bytes", seen="of memory"),
        Figure("rows kept", seen["kept"], "rows", seen=f"of {options.rows:,}"),
    ]


def _measured(folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.scale", "--measure", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise CannotRun(f"the run ended with {done.returncode}: {done.stderr.strip()[-400:]}")
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return seen


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(Path(sys.argv[2]))
    else:
        raise SystemExit(main("scale", run))
