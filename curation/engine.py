"""The local engine: features of many captures, computed once, in threads, and kept as Parquet parts.

`<home>/features/<name>-<fingerprint>/<part>.parquet` holds capture_id, the feature's columns and `error` (null, or
`kind: message`). A part is written aside, synced and renamed, so a kill loses at most what was in flight, and the next
run computes only what no part holds. Values depend on a capture alone, never on who shared its batch.
"""

from __future__ import annotations

import hashlib
import os
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from crawlers.captures import Capture, CaptureStore, StoreError
from curation.errors import GessoError
from curation.features import create
from curation.features.base import Feature, Item, NotAtHand, Row, ValueProblem
from curation.features.decode import decode_image
from curation.recipe import FeatureChoice

Progress = Callable[[str, int, int], None]

CHUNK = 96  # captures a part holds; two chunks are in memory at a time, without their pixels
BIG_PICTURE = 12_000_000  # pixels; pictures above are decoded one at a time
SNAPSHOTS_KEPT = 3  # parsed snapshots are large; neighbours share one
SHARED_KEPT = 64  # what features made of them is small
PASSING = ("missing", "crash")  # kinds of error that another run tries again
MAX_DOM_BYTES = 64 << 20


class EngineError(GessoError):
    """Features that need each other in a circle, or the same column."""


@dataclass(frozen=True)
class Plan:
    """The features of a run, each after those it needs; `notes` says what was left out and why."""

    features: tuple[Feature, ...]
    fingerprints: dict[str, str]
    notes: tuple[str, ...] = ()

    def folder(self, home: Path, name: str) -> Path:
        return home / "features" / f"{name}-{self.fingerprints[name]}"

    def fields(self, name: str) -> pa.Schema:
        return next(feature.schema for feature in self.features if feature.name == name)


def plan(choices: Iterable[FeatureChoice], home: Path, also: Iterable[str] = ()) -> Plan:
    """Settle on features: those chosen, those that `also` or other features need, in an order that serves needs first.

    Raises FeatureError for an unknown name, EngineError for needs in a circle.
    """
    chosen = {choice.name: create(choice.name, choice.params) for choice in choices}
    for name in also:
        chosen.setdefault(name, create(name))
    done: dict[str, Feature] = {}
    fingerprints: dict[str, str] = {}
    notes: list[str] = []
    left_out: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in done or name in left_out:
            return
        if name in path:
            raise EngineError(f"features need each other in a circle: {' → '.join((*path, name))}")
        feature = chosen.get(name) or create(name)
        others = [need for need in feature.needs if need not in ("image", "dom")]
        for need in others:
            visit(need, (*path, name))
        try:
            if missing := [need for need in others if need in left_out]:
                raise NotAtHand(f"{name} left out: it needs {missing[0]}")
            feature.connect({need: done[need] for need in others})
            feature.check(home)
        except NotAtHand as why:
            left_out.add(name)
            notes.append(str(why))
            return
        done[name] = feature
        fingerprints[name] = feature.fingerprint({need: fingerprints[need] for need in others})

    for name in sorted(chosen):
        visit(name, ())
    _no_shared_columns(done.values())
    return Plan(tuple(done.values()), fingerprints, tuple(notes))


def _no_shared_columns(features: Iterable[Feature]) -> None:
    owner: dict[str, str] = {}
    for feature in features:
        for column in feature.schema.names:
            if column in owner:
                raise EngineError(
                    f"features {owner[column]!r} and {feature.name!r} both make a column {column!r}: drop one"
                )
            owner[column] = feature.name


def compute(
    plan: Plan, captures: list[Capture], store: CaptureStore, home: Path, progress: Progress | None = None
) -> int:
    """Compute what is missing. Returns the number of values (capture × feature) computed."""
    computed = 0
    for level in _levels(plan.features):
        missing = {f.name: _missing(plan.folder(home, f.name), captures) for f in level}
        todo = sorted(
            (c for c in captures if any(c.capture_id in ids for ids in missing.values())),
            key=lambda c: (c.page.dom_sha256 or "" if c.page else "", c.image.sha256, c.capture_id),
        )
        computed += sum(len(ids) for ids in missing.values())
        if todo:
            _Run(plan, level, missing, store, home, progress).over(todo)
    return computed


def read_feature(plan: Plan, name: str, home: Path, ids: list[str]) -> pa.Table:
    """The feature's columns and `error`, one row for each of `ids`, in that order.

    Raises EngineError where a value is missing: `compute` comes first.
    """
    folder = plan.folder(home, name)
    schema = _part_schema(plan.fields(name))
    parts = [_read_part(path, schema) for path in sorted(folder.glob("*.parquet"))]
    table = pa.concat_tables([schema.empty_table(), *(part for part in parts if part is not None)])
    place: dict[str, int] = {}
    errors = table["error"].is_null().to_pylist()
    for row, (key, good) in enumerate(zip(table["capture_id"].to_pylist(), errors, strict=True)):
        if good or key not in place:  # a later success outranks an earlier error
            place[key] = row
    try:
        rows = [place[key] for key in ids]
    except KeyError as error:
        raise EngineError(f"feature {name!r} has no value for capture {error.args[0]}: run it again") from None
    return table.take(pa.array(rows, pa.int64())).drop_columns(["capture_id"])


def write_part(table: pa.Table, folder: Path) -> Path:
    """Write a part whole or not at all, named by the captures in it."""
    folder.mkdir(parents=True, exist_ok=True)
    key = hashlib.sha256("\n".join(table["capture_id"].to_pylist()).encode()).hexdigest()[:16]
    path = folder / f"{key}.parquet"
    with written_aside(path) as aside:
        pq.write_table(table, aside, compression="zstd")
    return path


@contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """A temporary path that becomes `path` when the block ends well: synced first, then renamed."""
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        yield aside
        with aside.open("rb+") as out:
            os.fsync(out.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


@dataclass
class _Run:
    """One pass over the captures that miss a value of one of `level`'s features."""

    plan: Plan
    level: list[Feature]
    missing: dict[str, set[str]]
    store: CaptureStore
    home: Path
    progress: Progress | None
    big: threading.Lock = field(default_factory=threading.Lock)

    def over(self, todo: list[Capture]) -> None:
        self.shared, self.snapshots = _Shared(SHARED_KEPT), _Shared(SNAPSHOTS_KEPT)
        chunks = [todo[start : start + CHUNK] for start in range(0, len(todo), CHUNK)]
        names = sorted(f.name for f in self.level)
        label = ", ".join(names) if len(names) < 3 else "features"
        workers = max(2, _cores())
        with ThreadPoolExecutor(workers, "features") as pool, ThreadPoolExecutor(1, "write") as writer:
            writes: list[Future[None]] = []
            ahead: list[tuple[list[Capture], list[Future[dict[str, Any]]]]] = []
            done = 0
            try:
                for chunk in [*chunks, None]:
                    if chunk is not None:
                        others = self._others(chunk)
                        ahead.append((chunk, [pool.submit(self._one, c, others.get(c.capture_id, {})) for c in chunk]))
                    while ahead and (len(ahead) > 1 or chunk is None):
                        captures, futures = ahead.pop(0)
                        prepared = []
                        for future in futures:
                            prepared.append(future.result())
                            done += 1
                            if self.progress:
                                self.progress(label, done, len(todo))
                        writes.append(writer.submit(self._finish, captures, prepared))
                        if len(writes) > 2:
                            writes.pop(0).result()
                for write in writes:
                    write.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _others(self, chunk: list[Capture]) -> dict[str, dict[str, Row]]:
        """Rows of the features that this level's features need."""
        needs = sorted({n for f in self.level for n in f.needs if n not in ("image", "dom")})
        ids = [c.capture_id for c in chunk]
        rows: dict[str, dict[str, Row]] = {key: {} for key in ids}
        for need in needs:
            table = self.shared.table(need, lambda need=need: self._all_rows(need))  # type: ignore[misc]
            for key in ids:
                rows[key][need] = table.get(key, {})
        return rows

    def _all_rows(self, need: str) -> dict[str, Row]:
        wanted = sorted(set().union(*(self.missing[f.name] for f in self.level if need in f.needs)))
        return dict(zip(wanted, read_feature(self.plan, need, self.home, wanted).to_pylist(), strict=True))

    def _one(self, capture: Capture, others: dict[str, Row]) -> dict[str, Any]:
        """What each feature prepared of this capture, or the ValueProblem it met. Pixels live no longer."""
        wanted = [f for f in self.level if capture.capture_id in self.missing[f.name]]
        if not any("image" in f.needs for f in wanted):
            item = Item(capture, others=others, snapshot=self._snapshot(capture), shared=self.shared.get)
            return {f.name: _guarded(f, item) for f in wanted}
        if capture.image.width * capture.image.height > BIG_PICTURE:
            with self.big:
                return self._with_pixels(capture, wanted, others)
        return self._with_pixels(capture, wanted, others)

    def _with_pixels(self, capture: Capture, wanted: list[Feature], others: dict[str, Row]) -> dict[str, Any]:
        data, decoded, problem = b"", None, None
        try:
            data = self.store.read_image(capture)
            wide = capture.view.form_factor not in ("phone", "wear")
            decoded = decode_image(data, wide=wide)
        except StoreError as error:
            problem = ValueProblem("missing", str(error))
        except ValueProblem as error:
            problem = error
        item = Item(capture, data, decoded, self._snapshot(capture), others, self.shared.get)
        return {f.name: problem if problem is not None and "image" in f.needs else _guarded(f, item) for f in wanted}

    def _snapshot(self, capture: Capture) -> Callable[[], dict[str, Any] | None]:
        sha256 = capture.page.dom_sha256 if capture.page else None
        if sha256 is None:
            return lambda: None
        return lambda: self.snapshots.get(sha256, lambda: _load_snapshot(self.store, sha256))

    def _finish(self, captures: list[Capture], prepared: list[dict[str, Any]]) -> None:
        for feature in self.level:
            rows = [
                (c.capture_id, p[feature.name]) for c, p in zip(captures, prepared, strict=True) if feature.name in p
            ]
            if rows:
                write_part(_table(feature, rows), self.plan.folder(self.home, feature.name))


class _Shared:
    """Values that several captures ask for, made once while the others wait; only the latest few are kept."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._lock = threading.Lock()
        self._values: OrderedDict[str, Future[Any]] = OrderedDict()
        self._tables: dict[str, dict[str, Row]] = {}

    def get(self, key: str, make: Callable[[], Any]) -> Any:
        with self._lock:
            future = self._values.get(key)
            mine = future is None
            if future is None:
                future = self._values[key] = Future()
                while len(self._values) > self._kept:
                    self._values.popitem(last=False)
        if mine:
            try:
                future.set_result(make())
            except BaseException as error:
                future.set_exception(error)
        return future.result()

    def table(self, name: str, make: Callable[[], dict[str, Row]]) -> dict[str, Row]:
        if name not in self._tables:
            self._tables[name] = make()
        return self._tables[name]


def _load_snapshot(store: CaptureStore, sha256: str) -> dict[str, Any]:
    from design import load_snapshot
    from design.errors import GessoError as DesignError

    try:
        data = store.read_blob(sha256, "dom")
    except StoreError as error:
        raise ValueProblem("missing", str(error)) from None
    if len(data) > MAX_DOM_BYTES:
        raise ValueProblem("too_many_bytes", f"a snapshot of {len(data)} bytes, {MAX_DOM_BYTES} are allowed")
    try:
        return dict(load_snapshot(data))
    except DesignError as error:
        raise ValueProblem("snapshot", str(error)) from None


def _guarded(feature: Feature, item: Item) -> Any:
    """A feature's value, or a ValueProblem whatever it threw: one odd capture never ends the run."""
    try:
        return feature.prepare(item)
    except ValueProblem as problem:
        return problem
    except GessoError:
        raise  # the feature itself cannot work (its model, say): no capture's fault
    except Exception as error:
        return ValueProblem("crash", f"{type(error).__name__}: {error}")


def _table(feature: Feature, rows: list[tuple[str, Any]]) -> pa.Table:
    schema = _part_schema(feature.schema)
    good = [(index, value) for index, (_, value) in enumerate(rows) if not isinstance(value, ValueProblem)]
    values: list[Row] = [dict.fromkeys(feature.schema.names) for _ in rows]
    for (index, _), row in zip(good, feature.compute([value for _, value in good]), strict=True):
        values[index] = row
    errors = [str(value) if isinstance(value, ValueProblem) else None for _, value in rows]
    columns: dict[str, Any] = {"capture_id": [key for key, _ in rows], "error": errors}
    for name in feature.schema.names:
        columns[name] = [row[name] for row in values]
    return pa.table([pa.array(columns[f.name], f.type) for f in schema], schema=schema)


def _part_schema(fields: pa.Schema) -> pa.Schema:
    return pa.schema([pa.field("capture_id", pa.string()), *fields, pa.field("error", pa.string())])


def _missing(folder: Path, captures: list[Capture]) -> set[str]:
    have: set[str] = set()
    for path in sorted(folder.glob("*.parquet")):
        part = _read_part(path, pa.schema([("capture_id", pa.string()), ("error", pa.string())]))
        if part is None:
            continue
        for key, error in zip(part["capture_id"].to_pylist(), part["error"].to_pylist(), strict=True):
            if error is None or error.split(":")[0] not in PASSING:
                have.add(key)
    return {c.capture_id for c in captures} - have


def _read_part(path: Path, schema: pa.Schema) -> pa.Table | None:
    """A part's columns, or None where the file is not whole: its captures are then computed again."""
    try:
        return pq.read_table(path, columns=schema.names, partitioning=None)
    except (pa.ArrowInvalid, OSError):
        return None


def _cores() -> int:
    """Those that this process may run on, which is less than the machine's in a container."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _levels(features: Iterable[Feature]) -> list[list[Feature]]:
    """Groups in which no feature needs another; those that want pixels come in one group, to share the decode."""
    depth: dict[str, int] = {}
    for feature in features:
        depth[feature.name] = 1 + max((depth[n] for n in feature.needs if n in depth), default=-1)
    groups: dict[int, list[Feature]] = {}
    for feature in features:
        groups.setdefault(depth[feature.name], []).append(feature)
    return [groups[level] for level in sorted(groups)]
