"""Preference pairs from a capture store: a page is better than its damaged self, a slight damage than a strong one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from crawlers.captures import Capture
from models.errors import GessoError

SCHEMA = pa.schema(
    [
        ("better", pa.string()),  # capture_id
        ("worse", pa.string()),
        ("site", pa.string()),
        ("kind", pa.string()),
        ("better_strength", pa.int8()),  # 0 is undamaged
        ("worse_strength", pa.int8()),
        ("form_factor", pa.string()),
    ]
)


class PairsError(GessoError):
    """There is nothing to learn from."""


def pairs_of(captures: Iterable[Capture]) -> pa.Table:
    """A row a pair, sorted. Raises PairsError where nothing was damaged."""
    known = {capture.capture_id: capture for capture in captures}
    ladders: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
    for name, capture in known.items():
        if (damage := capture.damage) is not None and damage.original in known:
            ladders[damage.original, damage.kind].append((damage.strength, name))
    rows = []
    for (original, kind), steps in ladders.items():
        about = known[original]
        ladder = [(0, original), *sorted(steps)]
        for at, (low, better) in enumerate(ladder):
            for high, worse in ladder[at + 1 :]:
                if high > low:
                    facts = {"site": about.site, "kind": kind, "form_factor": about.view.form_factor}
                    strengths = {"better_strength": low, "worse_strength": high}
                    rows.append({"better": better, "worse": worse, **facts, **strengths})
    if not rows:
        raise PairsError("no damaged captures in this home: gesso crawl web --seeds seeds.txt --jitter all, first")
    return pa.Table.from_pylist(sorted(rows, key=lambda row: (row["better"], row["worse"])), SCHEMA)


def write_pairs(pairs: pa.Table, path: Path) -> None:
    """Parquet, replaced as a whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.part")
    pq.write_table(pairs, aside, compression="zstd")
    aside.replace(path)
