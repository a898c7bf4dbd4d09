"""`python -m curation.sizing`: how long, how large and how dear curating is, worked out from what a capture costs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

CAPTURES = (10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000)
HOUR = 3600
GIB = 2**30


@dataclass(frozen=True)
class Costs:
    """What one capture costs. The defaults come from the benchmarks on one machine: give what they print on yours.

    `feature_seconds`: one core, all CPU features (`python -m benchmarks.curate`). `row_seconds`: one core, from feature
    table to shards, relations included (`python -m benchmarks.scale`). `row_bytes`: peak memory of that a row.
    `table_bytes`: features on disk. `image_bytes`: the original picture, which shards hold once more.
    """

    feature_seconds: float
    row_seconds: float
    row_bytes: float
    table_bytes: float
    image_bytes: float


# Two cores with AMX. benchmarks.curate: 0.407 captures a second and core, all features at hand, ViT-B/32.
# benchmarks.scale at 1,000,000 rows: 3.91 minutes of both cores, 2.67 GiB. The sizes on disk are round assumptions.
MEASURED = Costs(feature_seconds=2.5, row_seconds=0.0005, row_bytes=2900, table_bytes=4200, image_bytes=180_000)


def rows(costs: Costs, cores: int, machines: int, price: float) -> list[tuple[str, ...]]:
    """A row for each number of captures: features, decisions, memory, disk, money.

    Features go to all machines; relations and decisions run on one, for they look at everything at once.
    """
    table: list[tuple[str, ...]] = []
    for captures in CAPTURES:
        features = captures * costs.feature_seconds / (cores * machines)
        decisions = captures * costs.row_seconds / cores
        busy = captures * (costs.feature_seconds + costs.row_seconds) / cores / HOUR
        disk = captures * (costs.table_bytes + costs.image_bytes)
        table.append(
            (
                f"{captures:,}",
                duration(features),
                duration(decisions),
                size(captures * costs.row_bytes),
                size(disk),
                f"{busy * price:,.2f}",
            )
        )
    return table


def duration(seconds: float) -> str:
    if seconds < 2 * 60:
        return f"{seconds:.0f} s"
    if seconds < 2 * HOUR:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / HOUR:.0f} h" if seconds < 48 * HOUR else f"{seconds / HOUR / 24:.0f} d"


def size(number: float) -> str:
    gib = number / GIB
    if gib >= 1024:
        return f"{gib / 1024:.1f} TiB"
    return f"{gib:.0f} GiB" if gib >= 10 else f"{gib:.1f} GiB" if gib >= 0.1 else f"{gib * 1024:.0f} MiB"


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m curation.sizing", description=__doc__)
    parser.add_argument("--feature-seconds", type=float, default=MEASURED.feature_seconds, help="of one core a capture")
    parser.add_argument("--row-seconds", type=float, default=MEASURED.row_seconds, help="of one core a row")
    parser.add_argument("--row-bytes", type=float, default=MEASURED.row_bytes, help="of memory at its peak")
    parser.add_argument("--table-bytes", type=float, default=MEASURED.table_bytes, help="of features on disk")
    parser.add_argument("--image-bytes", type=float, default=MEASURED.image_bytes, help="of a picture as it came")
    parser.add_argument("--cores", type=int, default=8, help="of each machine")
    parser.add_argument("--machines", type=int, default=16, help="that compute features")
    parser.add_argument("--price", type=float, default=0.40, help="of a machine and hour, in any money")
    given = parser.parse_args(argv)
    costs = Costs(given.feature_seconds, given.row_seconds, given.row_bytes, given.table_bytes, given.image_bytes)
    heads = [
        "captures",
        f"features, {given.machines} × {given.cores} cores",
        f"decisions, 1 × {given.cores} cores",
        "memory of that",
        "disk",
        f"cost at {given.price:.2f} an hour",
    ]
    table = rows(costs, given.cores, given.machines, given.price)
    lines = [heads, ["-:"] * len(heads), *map(list, table)]
    print("\n".join(f"| {' | '.join(cells)} |" for cells in lines))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
