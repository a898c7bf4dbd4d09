"""The local engine: threads that read, decode and prepare, one that runs the models, one that writes, all at once.

What lies between them is bounded in bytes, so memory does not grow with the number of captures, and a part is closed
after seconds, so a kill costs no more than those.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import pyarrow as pa

from curation.engine.parts import PartWriter
from curation.engine.step import Job, Prepared, Step

T = TypeVar("T")
Advance = Callable[[int], None]


@dataclass(frozen=True)
class Limits:
    """How much may lie about: bytes of prepared values and of tables, and when a part is closed."""

    prepared_bytes: int = 256 << 20
    table_bytes: int = 64 << 20
    part_rows: int = 8192
    part_bytes: int = 32 << 20
    part_seconds: float = 10.0
    patience: float = 5.0  # seconds a batch waits to be full

    def writer(self, folder: Path) -> PartWriter:
        return PartWriter(folder, self.part_rows, self.part_bytes, self.part_seconds)


LIMITS = Limits()


class Stopped(Exception):
    """Another thread has failed: there is nobody to work for."""


class Lane(Generic[T]):
    """A queue between stages: whoever puts waits while it holds `limit` bytes or more."""

    def __init__(self, limit: int, stop: threading.Event) -> None:
        self._limit, self._stop = limit, stop
        self._changed = threading.Condition()
        self._waiting: deque[tuple[T, int]] = deque()
        self._bytes = 0
        self._ended = False

    def put(self, value: T, size: int) -> None:
        with self._changed:
            while self._bytes >= self._limit and not self._stop.is_set():
                self._changed.wait(0.2)
            self._waiting.append((value, size))
            self._bytes += size
            self._changed.notify_all()
        if self._stop.is_set():
            raise Stopped

    def end(self) -> None:
        """Nothing more will be put."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def take(self, most: int, patience: float) -> list[T] | None:
        """`most` values; fewer at the end, when the lane is full or after `patience` seconds. None: it has ended."""
        until = time.monotonic() + patience
        with self._changed:
            while True:
                if self._stop.is_set():
                    raise Stopped
                late = time.monotonic() >= until
                full = len(self._waiting) >= most or self._bytes >= self._limit
                if self._ended or full or late:
                    break
                self._changed.wait(min(0.2, max(0.01, until - time.monotonic())))
            if self._ended and not self._waiting:
                return None
            taken = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
            self._bytes -= sum(size for _, size in taken)
            self._changed.notify_all()
        return [value for value, _ in taken]


class LocalEngine:
    """This process."""

    def run_level(self, step: Step, jobs: Iterable[Job], folder: Callable[[str], Path], advance: Advance) -> None:
        """Compute a level's values for `jobs` and write them as parts of `folder(feature name)`.

        `advance` is called in this thread with the number of captures prepared so far. What was computed is written
        even when the run breaks off.
        """
        _Run(step, jobs, folder, LIMITS).to_the_end(advance)


class _Run:
    def __init__(self, step: Step, jobs: Iterable[Job], folder: Callable[[str], Path], limits: Limits) -> None:
        self.step, self.folder, self.limits = step, folder, limits
        self.stop = threading.Event()
        self.failures: list[BaseException] = []
        self.prepared: Lane[Prepared] = Lane(limits.prepared_bytes, self.stop)
        self.tables: Lane[dict[str, pa.Table]] = Lane(limits.table_bytes, self.stop)
        self._jobs = iter(jobs)
        self._lock = threading.Lock()
        self._done = 0
        self._preparing = workers(step)

    def to_the_end(self, advance: Advance) -> None:
        stages = [self._prepare] * self._preparing + [self._compute, self._write]
        threads = [threading.Thread(target=self._guarded, args=(stage,), name=stage.__name__) for stage in stages]
        for thread in threads:
            thread.start()
        try:
            while threads[-1].is_alive():
                threads[-1].join(0.1)
                advance(self._done)
        except BaseException as error:
            self.failures.insert(0, error)
        finally:
            if self.failures:
                self.stop.set()
            for thread in threads:
                thread.join()
        if self.failures:
            raise self.failures[0]
        advance(self._done)

    def _guarded(self, stage: Callable[[], None]) -> None:
        try:
            stage()
        except Stopped:
            pass
        except BaseException as error:
            self.failures.append(error)
            self.stop.set()

    def _next(self) -> Job | None:
        with self._lock:
            return next(self._jobs, None)

    def _prepare(self) -> None:
        while not self.stop.is_set() and (job := self._next()) is not None:
            prepared = self.step.prepare(job)
            with self._lock:
                self._done += 1
            self.prepared.put(prepared, prepared.bytes)
        with self._lock:
            self._preparing -= 1
            last = self._preparing == 0
        if last:
            self.prepared.end()

    def _compute(self) -> None:
        while (some := self.prepared.take(self.step.batch, self.limits.patience)) is not None:
            if some:
                tables = self.step.tables(some)
                self.tables.put(tables, sum(table.nbytes for table in tables.values()))
        self.tables.end()

    def _write(self) -> None:
        writers = {name: self.limits.writer(self.folder(name)) for name in self.step.level}
        try:
            while (some := self.tables.take(1, 1.0)) is not None:
                for tables in some:
                    for name, table in tables.items():
                        writers[name].add(table)
                for writer in writers.values():
                    writer.close_if_due()
        finally:
            for writer in writers.values():
                writer.close()


def workers(step: Step) -> int:
    """Threads that prepare: one a core, and more where reading means waiting for an object store."""
    return cores() * (6 if step.remote else 1) + (1 if cores() == 1 else 0)


def cores() -> int:
    """Those that this process may run on, which is less than the machine's in a container."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
