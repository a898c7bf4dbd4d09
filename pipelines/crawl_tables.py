"""Tables of a crawl's state, drawn once or again and again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rich.console import Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from pipelines import terminal

if TYPE_CHECKING:
    from crawlers.status import Counts, RunStatus

COLUMNS = ("host", "done", "queued", "leased", "failed", "capped", "captures", "MiB", "why")


def show(runs: Sequence[RunStatus], hosts: int) -> None:
    """Print every run's table."""
    terminal.console.print(_drawn(runs, hosts))


def watch(read: Callable[[], Sequence[RunStatus]], seconds: float, hosts: int) -> None:
    """Draw the tables again every so many seconds until the user interrupts."""
    with Live(_drawn(read(), hosts), console=terminal.console, auto_refresh=False, screen=False) as live:
        try:
            while True:
                time.sleep(seconds)
                live.update(_drawn(read(), hosts), refresh=True)
        except KeyboardInterrupt:
            return


def _drawn(runs: Sequence[RunStatus], hosts: int) -> Group:
    return Group(*(_run(run, hosts) for run in runs)) if runs else Group(Text("no such run"))


def _run(run: RunStatus, hosts: int) -> Table:
    said = [f"{run.workers} at work" if run.running else run.finish_reason or "not running"]
    if run.running and run.pages_per_minute is not None:
        said.append(f"{run.pages_per_minute:g} pages/min")
    if run.verdicts:
        said.append("verdicts: " + ", ".join(f"{kind} {number}" for kind, number in sorted(run.verdicts.items())))
    more = len(run.hosts) - hosts
    table = Table(title=escape(f"{run.run_id} ({'; '.join(said)})"), title_justify="left", box=None, pad_edge=False)
    for index, name in enumerate(COLUMNS):
        table.add_column(name, justify="right" if 0 < index < len(COLUMNS) - 1 else "left", overflow="fold")
    for host, counts in list(run.hosts.items())[:hosts]:
        table.add_row(escape(host), *_cells(counts))
    if more > 0:
        table.add_row(f"… and {more} more hosts", *[""] * (len(COLUMNS) - 1))
    table.add_row("all", *_cells(run.total), style="bold")
    return table


def _cells(counts: Counts) -> list[str]:
    numbers = (counts.done, counts.queued, counts.leased, counts.failed, counts.capped, counts.captures)
    why = ", ".join(f"{kind} {number}" for kind, number in sorted(counts.failed_by_kind.items()))
    return [*map(str, numbers), f"{counts.bytes / 2**20:.1f}", escape(why)]
