"""The engine: features of many captures, computed once and kept as Parquet parts, on one machine or on a Ray cluster.

`<home>/features/<name>-<fingerprint>/<part>.parquet`. The next run computes only what no part holds, so a kill loses at
most what was in flight. Values depend on a capture alone, never on who shared its batch, part or machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import pyarrow as pa

from crawlers.captures import Capture, CaptureStore
from curation.engine import local
from curation.engine.parts import PASSING, join_small_parts, missing, read_feature, write_part, written_aside
from curation.engine.plan import EngineError, Plan, levels, other_features, plan
from curation.engine.step import Job, Step
from curation.features.base import Feature, Row

__all__ = [
    "LOCAL",
    "PASSING",
    "Choice",
    "EngineError",
    "Plan",
    "compute",
    "plan",
    "read_feature",
    "write_part",
    "written_aside",
]

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Choice:
    """Which engine computes; `address` names a Ray cluster, None one of this machine alone."""

    name: Literal["local", "ray"] = "local"
    address: str | None = None


LOCAL = Choice()


class Engine(Protocol):
    def run_level(
        self, step: Step, jobs: Iterable[Job], folder: Callable[[str], Path], advance: Callable[[int], None]
    ) -> None: ...


def compute(
    plan: Plan,
    captures: Sequence[Capture],
    store: CaptureStore,
    home: Path,
    progress: Progress | None = None,
    on: Choice = LOCAL,
) -> int:
    """Compute what is missing. Returns the number of values (capture × feature) computed.

    Raises EngineError where the engine cannot be had, and what a feature raises that cannot work at all.
    """
    computed = 0
    ids = pa.array([capture.capture_id for capture in captures], pa.string())
    with ExitStack() as stack:
        engine: Engine | None = None
        for level in levels(plan.features):
            lacking = {feature.name: missing(plan.folder(home, feature.name), ids) for feature in level}
            todo = _in_order(captures, np.logical_or.reduce(list(lacking.values())))
            if not todo:
                continue
            engine = engine or _opened(plan, home, on, stack)
            step = Step(level, store)
            advance = _advance(progress, step.label, len(todo))
            jobs = _jobs(plan, level, captures, todo, lacking, home)
            engine.run_level(step, jobs, lambda name: plan.folder(home, name), advance)
            computed += sum(int(mask.sum()) for mask in lacking.values())
            for feature in level:
                join_small_parts(plan.folder(home, feature.name))
    return computed


def _opened(plan: Plan, home: Path, on: Choice, stack: ExitStack) -> Engine:
    if on.name == "local":
        return local.LocalEngine()
    from curation.engine import ray

    return stack.enter_context(ray.connected(plan, home, on.address))


def _advance(progress: Progress | None, label: str, total: int) -> Callable[[int], None]:
    if progress is None:
        return lambda done: None
    return lambda done: progress(label, done, total)


def _in_order(captures: Sequence[Capture], wanted: np.ndarray) -> list[int]:
    """Row numbers of the captures that miss something; those of one snapshot or image come one after the other."""

    def place(row: int) -> tuple[str, str, str]:
        capture = captures[row]
        return (capture.page.dom_sha256 or "" if capture.page else "", capture.image.sha256, capture.capture_id)

    return sorted(np.flatnonzero(wanted).tolist(), key=place)


def _jobs(
    plan: Plan,
    level: Sequence[Feature],
    captures: Sequence[Capture],
    todo: Sequence[int],
    lacking: dict[str, np.ndarray],
    home: Path,
) -> Iterator[Job]:
    """Made as they are taken; the rows of other features stay columns until then."""
    needs = {feature.name: other_features(feature) for feature in level}
    others: dict[str, Iterator[Row]] = {}
    for need in sorted({need for some in needs.values() for need in some}):
        rows = [row for row in todo if any(lacking[name][row] and need in needs[name] for name in needs)]
        table = read_feature(plan, need, home, [captures[row].capture_id for row in rows])
        others[need] = (row for batch in table.to_batches(256) for row in batch.to_pylist())
    for row in todo:
        wanted = tuple(name for name in needs if lacking[name][row])
        wanting = {need for name in wanted for need in needs[name]}
        yield Job(captures[row], wanted, {need: next(others[need]) for need in sorted(wanting)})
