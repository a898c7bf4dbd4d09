"""One curation that `benchmarks.faults` starts in a process of its own, to be killed at any moment.

It is forked from a server that has imported all of this already: a kill while modules are read tells nothing, and
reading them again for every run would be most of the time.
"""

from __future__ import annotations

import os
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from curation import engine, features
from curation.engine import local
from curation.engine.step import Step
from curation.recipe import parse_recipe
from curation.run import curate

FEATURES = ("decode", "hashes", "ink", "palette", "caption", "embedding")
RECIPE = {"name": "faults", "features": list(FEATURES), "shards": {"rows": 12}, "seed": 3}
ROWS = 8  # of a part and of a batch, so that there are many of them

for _name in FEATURES:
    features.create(_name)
for _name in ("open_clip", "scipy.ndimage", "scipy.sparse.csgraph", "faiss", "pandas", "PIL.WebPImagePlugin"):
    __import__(_name)


def run(home: Path, chosen: Any, said: Connection, log: Path) -> None:
    """Say `ready`, then `at` as values come in, at last `made` with the version's folder and the values computed."""
    os.setsid()
    with log.open("ab") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    os.environ["GESSO_ENCODER"] = str(home / "encoder")
    local.LIMITS = local.Limits(part_rows=ROWS, part_seconds=0.5)
    Step.batch = ROWS  # type: ignore[assignment,method-assign]
    said.send(("ready",))

    def seen(label: str, done: int, total: int) -> None:
        if done:
            said.send(("at", label, done))

    version = curate(parse_recipe(RECIPE), home, progress=seen, report=False, on=engine.Choice(chosen))
    said.send(("made", str(version.path), version.computed))
