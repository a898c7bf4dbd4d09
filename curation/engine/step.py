"""One level of features over captures: read and decode once, let every feature prepare its own, then make tables.

Both engines use this and nothing else of the features, so they cannot come to different values.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from fsspec.implementations.local import LocalFileSystem

from crawlers.captures import Capture, CaptureStore, StoreError
from curation.engine.parts import part_schema
from curation.errors import GessoError
from curation.features.base import Feature, Item, Row, ValueProblem
from curation.features.decode import decode_image

SNAPSHOTS_KEPT = 3  # parsed snapshots are large; neighbours share one
SHARED_KEPT = 64  # what features made of them is small
PIXEL_BYTES = 512 << 20  # decoded pictures in work at a time; a larger one is alone
BYTES_A_PIXEL = 8  # a decoder's own copy, the RGB one and what is made on the way
MAX_DOM_BYTES = 64 << 20


@dataclass(frozen=True)
class Job:
    """A capture, the features of the level that want it, and the rows of the features that those are made from."""

    capture: Capture
    wanted: tuple[str, ...]
    others: Mapping[str, Row] = field(default_factory=dict)


@dataclass(frozen=True)
class Prepared:
    """What each wanted feature prepared of a capture, or the ValueProblem it met. No pixels are kept but theirs."""

    capture_id: str
    values: dict[str, Any]

    @property
    def bytes(self) -> int:
        return 256 + sum(size_of(value) for value in self.values.values())


class Step:
    """A level's features at work on a store, in as many threads as one likes."""

    def __init__(self, level: Sequence[Feature], store: CaptureStore) -> None:
        self.level = {feature.name: feature for feature in level}
        self.store = store
        self._shared, self._snapshots = _Shared(SHARED_KEPT), _Shared(SNAPSHOTS_KEPT)
        self._pixels = Budget(PIXEL_BYTES)

    @property
    def remote(self) -> bool:
        """Whether reading a capture means waiting for another machine."""
        return not isinstance(self.store.fs, LocalFileSystem)

    @property
    def label(self) -> str:
        names = sorted(self.level)
        return ", ".join(names) if len(names) < 3 else "features"

    @property
    def batch(self) -> int:
        """Captures that go through `compute` at once: at least 64, in whole batches of the model with the largest."""
        asked = max(int(getattr(feature.params, "batch", 1)) for feature in self.level.values())
        return asked * -(-64 // asked)

    def prepare(self, job: Job) -> Prepared:
        """Never raises for a capture's sake; a GessoError says that a feature itself cannot work."""
        wanted = [self.level[name] for name in job.wanted]
        capture = job.capture
        if not any("image" in feature.needs for feature in wanted):
            item = Item(capture, others=job.others, snapshot=self._snapshot(capture), shared=self._shared.get)
            return Prepared(capture.capture_id, {f.name: _guarded(f, item) for f in wanted})
        with self._pixels.spent(capture.image.width * capture.image.height * BYTES_A_PIXEL):
            return Prepared(capture.capture_id, self._with_pixels(job, wanted))

    def _with_pixels(self, job: Job, wanted: list[Feature]) -> dict[str, Any]:
        capture, data, decoded, problem = job.capture, b"", None, None
        try:
            data = self.store.read_image(capture)
            decoded = decode_image(data, wide=capture.view.form_factor not in ("phone", "wear"))
        except StoreError as error:
            problem = ValueProblem("missing", str(error))
        except ValueProblem as error:
            problem = error
        item = Item(capture, data, decoded, self._snapshot(capture), job.others, self._shared.get)
        return {f.name: problem if problem is not None and "image" in f.needs else _guarded(f, item) for f in wanted}

    def tables(self, prepared: Sequence[Prepared]) -> dict[str, pa.Table]:
        """A table for every feature that has something in these captures; the models run here."""
        found = {}
        for name, feature in self.level.items():
            rows = [(p.capture_id, p.values[name]) for p in prepared if name in p.values]
            if rows:
                found[name] = table_of(feature, rows)
        return found

    def _snapshot(self, capture: Capture) -> Callable[[], dict[str, Any] | None]:
        sha256 = capture.page.dom_sha256 if capture.page else None
        if sha256 is None:
            return lambda: None
        return lambda: self._snapshots.get(sha256, lambda: _load_snapshot(self.store, sha256))


def table_of(feature: Feature, rows: Sequence[tuple[str, Any]]) -> pa.Table:
    """A feature's table of (capture_id, prepared value or ValueProblem); a row of nulls where there is a problem."""
    schema = part_schema(feature.schema)
    outcome = [value for _, value in rows]
    places = [place for place, value in enumerate(outcome) if not isinstance(value, ValueProblem)]
    computed = feature.compute([outcome[place] for place in places]) if places else []
    if not isinstance(computed, Mapping):  # a model may have met a problem with some of them
        for place, row in zip(places, computed, strict=False):
            outcome[place] = row
        computed = [row for row in computed if not isinstance(row, ValueProblem)]
    good = np.array([not isinstance(value, ValueProblem) for value in outcome], bool)
    number = int(good.sum())
    columns: dict[str, Any] = {
        "capture_id": pa.array([key for key, _ in rows], pa.string()),
        "error": pa.array([str(v) if isinstance(v, ValueProblem) else None for v in outcome], pa.string()),
    }
    place = pa.array(np.where(good, np.cumsum(good) - 1, 0), mask=~good)  # the row of each value; null: none
    for column in feature.schema:
        try:
            given = computed[column.name] if isinstance(computed, Mapping) else [row[column.name] for row in computed]
            made = column_of(given, column.type)
        except (LookupError, TypeError, ValueError, OverflowError) as error:  # Arrow's own are some of these
            why = " ".join(f"{type(error).__name__}: {error}".split())[:160]
            raise GessoError(
                f"feature {feature.name!r} did not give {column.name!r} as {column.type} for every capture ({why}): "
                "its rows must have the columns of its schema"
            ) from error
        if len(made) != number:
            raise GessoError(f"feature {feature.name!r} made {len(made)} values of {column.name!r} from {number}")
        columns[column.name] = made if good.all() else made.take(place)
    return pa.table([columns[name] for name in schema.names], schema=schema)


def column_of(values: Any, kind: pa.DataType) -> pa.Array:
    """Values as an Arrow array; vectors of one length go in as one block of memory, not number by number."""
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return (values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values).cast(kind)
    if pa.types.is_fixed_size_list(kind) and len(values) and all(isinstance(v, np.ndarray) for v in values):
        whole = values if isinstance(values, np.ndarray) else np.stack(values)
        if whole.shape[1:] == (kind.list_size,):
            flat = np.ascontiguousarray(whole, dtype=kind.value_type.to_pandas_dtype()).reshape(-1)
            return pa.FixedSizeListArray.from_arrays(pa.array(flat, kind.value_type), kind.list_size).cast(kind)
    return pa.array(values, kind)


def size_of(value: Any) -> int:
    """About how many bytes a prepared value holds."""
    if isinstance(value, np.ndarray):
        return int(value.nbytes)
    if isinstance(value, bytes | str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(size_of(part) for part in value.values())
    if isinstance(value, list | tuple):
        return sum(size_of(part) for part in value)
    return 32


class Budget:
    """So many bytes at a time; who asks for more than there are waits, who asks for more than all is alone."""

    def __init__(self, total: int) -> None:
        self._total = self._left = total
        self._changed = threading.Condition()

    def spent(self, size: int) -> _Spent:
        return _Spent(self, min(size, self._total))

    def take(self, size: int) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._left >= size)
            self._left -= size

    def give_back(self, size: int) -> None:
        with self._changed:
            self._left += size
            self._changed.notify_all()


@dataclass(frozen=True)
class _Spent:
    budget: Budget
    size: int

    def __enter__(self) -> None:
        self.budget.take(self.size)

    def __exit__(self, *_: object) -> None:
        self.budget.give_back(self.size)


class _Shared:
    """Values that several captures ask for, made once while the others wait; only the latest few are kept."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._lock = threading.Lock()
        self._values: OrderedDict[str, Future[Any]] = OrderedDict()

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
