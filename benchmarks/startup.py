"""How long `gesso --help` takes, against a bare Python start: what a user waits for before anything happens."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

from benchmarks.figures import Figure, at_most, main

RUNS = 9
LIMIT_SECONDS = 0.7


def seconds(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def run(_: Sequence[str]) -> list[Figure]:
    helped, bare = [], []
    for _turn in range(RUNS):  # in turn, so that a slow moment of the machine hits both
        helped.append(seconds([sys.executable, "-m", "pipelines.cli", "--help"]))
        bare.append(seconds([sys.executable, "-c", "pass"]))
    median, base = statistics.median(helped), statistics.median(bare)
    return [
        at_most("gesso --help, median", round(median, 3), "s", LIMIT_SECONDS),
        Figure("against a bare Python start", round(median / base, 1), "×"),
    ]


if __name__ == "__main__":
    raise SystemExit(main("startup", run))
