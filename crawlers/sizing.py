"""`python -m crawlers.sizing --seconds-per-page S --mib-per-page M`: how long and how large a crawl is."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

# What a page of the development corpus cost on one core and on disk, all views and sections together (401 pages of free
# templates, 404 s on two shared and busy cores, 557 MiB of blobs). Measure your own: `gesso crawl status` tells its
# pages a minute.
SECONDS_PER_PAGE = 2.0
MIB_PER_PAGE = 1.4
PAGES = (10_000, 100_000, 1_000_000, 10_000_000)
MACHINES = (1, 4, 16, 64)
CORES = 4
HOUR = 3600


def rows(seconds: float, mib: float, cores: int) -> list[tuple[str, ...]]:
    """A row for each number of pages: hours on so many machines, and what the store will weigh."""
    return [
        (f"{pages:,}", *(_hours(pages * seconds / (machines * cores)) for machines in MACHINES), _size(pages * mib))
        for pages in PAGES
    ]


def _hours(seconds: float) -> str:
    hours = seconds / HOUR
    return f"{hours / 24:.1f} d" if hours >= 48 else f"{hours:.1f} h"


def _size(mib: float) -> str:
    gib = mib / 1024
    return f"{gib / 1024:.1f} TiB" if gib >= 1024 else f"{gib:.0f} GiB"


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m crawlers.sizing", description="How long and how large a crawl is.")
    parser.add_argument("--seconds-per-page", type=float, default=SECONDS_PER_PAGE, help="of one core, all views")
    parser.add_argument("--mib-per-page", type=float, default=MIB_PER_PAGE)
    parser.add_argument("--cores", type=int, default=CORES, help="of each machine")
    given = parser.parse_args(argv)
    heads = ["pages", *(f"{number} × {given.cores} cores" for number in MACHINES), "store"]
    table = [heads, ["-:"] * len(heads), *map(list, rows(given.seconds_per_page, given.mib_per_page, given.cores))]
    print("\n".join(f"| {' | '.join(cells)} |" for cells in table))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
