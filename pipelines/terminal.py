"""How Gesso speaks in a terminal: one progress line a task, quiet tables, three colours, a last line with the place."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.theme import Theme

THEME = Theme({"keep": "green", "reject": "red", "doubt": "yellow", "accent": "blue", "quiet": "bright_black"})
ProgressCallback = Callable[[str, int, int], None]

console = Console(theme=THEME, highlight=False)
errors = Console(theme=THEME, highlight=False, stderr=True)


@contextmanager
def progress_lines(*, quiet: bool = False) -> Iterator[ProgressCallback]:
    """Give a callback `(task, done, total)` that draws one line a task, on stderr so that stdout stays for data."""
    if quiet:
        yield lambda task, done, total: None
        return
    columns = (
        TextColumn("{task.description}", style="default"),
        BarColumn(bar_width=28, complete_style="accent", finished_style="quiet"),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}", style="quiet"),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=errors, transient=not errors.is_terminal) as bars:
        ids: dict[str, TaskID] = {}

        def update(task: str, done: int, total: int) -> None:
            if task not in ids:
                ids[task] = bars.add_task(task, total=total or None, rate="")
            speed = bars.tasks[ids[task]].speed
            bars.update(ids[task], completed=done, total=total or None, rate=f"{speed:.1f}/s" if speed else "")

        yield update


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], *, right: Sequence[int] = ()) -> None:
    """Print a quiet table; `right` names the columns of numbers."""
    view = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="quiet")
    for index, name in enumerate(columns):
        view.add_column(name, justify="right" if index in right else "left", overflow="fold")
    for row in rows:
        view.add_row(*(cell if isinstance(cell, str) else str(cell) for cell in row))
    console.print(view)


def many(number: int, noun: str) -> str:
    """ "1 site", "2 sites"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def made(what: str, where: Path | str) -> None:
    """The last line of every command: what was made and where it lies."""
    console.print(f"[keep]✓[/] {what} [quiet]→[/] ", end="")
    console.print(str(where), style="accent", soft_wrap=True, markup=False)


def note(text: str) -> None:
    console.print(text, style="doubt", markup=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """One JSON object on stdout, for scripts."""
    sys.stdout.write(json.dumps(value, indent=1, ensure_ascii=False, default=str) + "\n")
