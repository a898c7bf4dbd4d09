"""What a benchmark prints: a table for a person and, as its last line, one JSON object for a script."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from rich.markup import escape

from pipelines import terminal


@dataclass(frozen=True)
class Figure:
    """One measured value beside what it must reach; `target` is text such as `≤0.7`, empty where none is set.

    `seen` is for what a number alone does not say.
    """

    name: str
    value: float | int | None
    unit: str
    target: str = ""
    ok: bool = True
    seen: str = ""


class CannotRun(Exception):
    """What the benchmark needs is not there; the message says what."""


def at_most(name: str, value: float | None, unit: str, limit: float) -> Figure:
    return Figure(name, value, unit, f"≤{limit:g}", value is not None and value <= limit)


def at_least(name: str, value: float | None, unit: str, limit: float) -> Figure:
    return Figure(name, value, unit, f"≥{limit:g}", value is not None and value >= limit)


def main(benchmark: str, run: Callable[[Sequence[str]], Sequence[Figure]]) -> int:
    """Run, print, and return the exit code: 0 all ok, 1 one is not, 2 it could not run."""
    try:
        figures = run(sys.argv[1:])
    except CannotRun as error:
        terminal.errors.print(f"benchmarks.{benchmark}: {error}", markup=False)
        return 2
    told = any(f.seen for f in figures)
    columns = ("figure", "value", "unit", "target", *(("seen",) if told else ()), "")
    terminal.table(f"benchmarks.{benchmark}", columns, [_row(f, told) for f in figures], right=(1,))
    sys.stdout.write(json.dumps({"benchmark": benchmark, "figures": [asdict(f) for f in figures]}) + "\n")
    return 0 if all(figure.ok for figure in figures) else 1


def _row(figure: Figure, told: bool) -> tuple[str, ...]:
    value = "–" if figure.value is None else f"{figure.value:g}"
    mark = "[keep]✓[/]" if figure.ok else "[reject]✗[/]"
    return (figure.name, value, figure.unit, figure.target, *((escape(figure.seen),) if told else ()), mark)
