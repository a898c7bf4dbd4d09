"""Streams a dataset version's shards in an order that is a pure function of (seed, step): the state is one integer.

An epoch visits the row groups in a keyed permutation and shuffles rows within windows of a few groups, so a large set
is read one row group at a time; the shards themselves lie in a seeded shuffle already. Positions run on over epochs
without a gap, and rank r of n takes every n-th of a batch: a batch's rows are the same on any number of ranks.
"""

from __future__ import annotations

import copy
import hashlib
import queue
import threading
from collections import OrderedDict
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from models.errors import GessoError
from models.images import ImageError, Pixels, decode, fit

WINDOW_GROUPS = 4  # row groups whose rows are shuffled together
GROUPS_IN_MEMORY = 2 * WINDOW_GROUPS
FEISTEL_ROUNDS = 6

Rows = NDArray[np.int64]


class LoaderError(GessoError):
    """The dataset version is missing, has no such split, or lacks a column that training needs."""


class RowError(GessoError):
    """A row does not decode; the message names its shard and row."""


def _mix(value: NDArray[np.uint64], key: int) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64 (Steele, Lea, Flood 2014) over value + key."""
    mixed = value + np.uint64(key)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _key(*parts: int) -> int:
    text = ",".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


def permute(index: Rows, size: int, key: int) -> Rows:
    """Each index's place in a keyed permutation of 0 … size-1, in constant memory.

    A Feistel network over the next even power of two, walked along its cycle until it is back in range.
    """
    half = max(1, ((size - 1).bit_length() + 1) // 2)
    mask = np.uint64((1 << half) - 1)
    shift = np.uint64(half)
    value = index.astype(np.uint64)
    with np.errstate(over="ignore"):
        pending: NDArray[np.bool_] = np.ones(len(value), np.bool_)
        while pending.any():
            left, right = value[pending] >> shift, value[pending] & mask
            for turn in range(FEISTEL_ROUNDS):
                left, right = right, left ^ (_mix(right, _key(key, turn)) & mask)
            value[pending] = (left << shift) | right
            pending = value >= np.uint64(size)
    return value.astype(np.int64)


@dataclass(frozen=True)
class _EpochPlan:
    """One epoch's order of row groups: first rows, sizes, and where each window of groups starts in the epoch."""

    first_rows: Rows
    starts: Rows  # in the epoch, of each group as ordered; one more for the end
    windows: Rows  # the same for each window


@lru_cache(maxsize=4)
def _epoch_plan(seed: int, epoch: int, groups: tuple[int, ...]) -> _EpochPlan:
    sizes = np.asarray(groups, np.int64)
    order = permute(np.arange(len(groups), dtype=np.int64), len(groups), _key(seed, epoch, 0))
    starts = np.concatenate(([0], np.cumsum(sizes[order])))
    bounds = np.append(np.arange(0, len(groups), WINDOW_GROUPS), len(groups))
    return _EpochPlan(first_rows=(np.cumsum(sizes) - sizes)[order], starts=starts, windows=starts[bounds])


def batch_rows(
    seed: int,
    step: int,
    batch_size: int,
    rank: int,
    world_size: int,
    rows: int,
    groups: tuple[int, ...] | None = None,
) -> Rows:
    """The row indices of this rank at this step: a pure function of its arguments.

    `batch_size` is that of all ranks together; `groups` are the row groups' sizes in row order, summing to `rows` (one
    group where absent). Each run of `rows` positions, an epoch, holds every row exactly once.
    """
    groups = tuple(size for size in groups if size) if groups else (rows,)
    if rows < 1 or sum(groups) != rows:
        raise LoaderError(f"row groups of {sum(groups)} rows cannot make {rows} rows: give the sizes of one split")
    positions = np.arange(step * batch_size, (step + 1) * batch_size, dtype=np.int64)[rank::world_size]
    result = np.empty_like(positions)
    epochs = positions // rows
    for epoch in np.unique(epochs):
        chosen = epochs == epoch
        plan = _epoch_plan(seed, int(epoch), groups)
        places = positions[chosen] % rows
        windows = np.searchsorted(plan.windows, places, side="right") - 1
        for window in np.unique(windows):
            start, end = plan.windows[window], plan.windows[window + 1]
            inside = windows == window
            key = _key(seed, int(epoch), 1, int(window))
            places[inside] = start + permute(places[inside] - start, int(end - start), key)
        group = np.searchsorted(plan.starts, places, side="right") - 1
        result[chosen] = plan.first_rows[group] + places - plan.starts[group]
    return result


@dataclass(frozen=True)
class RowGroup:
    """One row group of one shard, and which of its rows are used."""

    shard: Path
    number: int
    first_in_shard: int
    chosen: Rows


@dataclass(frozen=True)
class Row:
    """One row as stored: encoded image bytes, its caption, and where it lies."""

    image: bytes
    caption: str
    where: str


class ShardIndex:
    """The rows of one split of a dataset version, found from the shards' footers alone.

    `views` keeps only rows whose `view` is among them. `digest` changes when the shards or the choice change.
    Raises LoaderError where there is no such split, a column is missing, or no row is left.
    """

    def __init__(self, dataset_dir: Path, split: str = "train", views: Sequence[str] = ()) -> None:
        shards = sorted(dataset_dir.glob(f"{split}-*.parquet"))
        if not shards:
            found = sorted({path.name.rsplit("-", 3)[0] for path in dataset_dir.glob("*-of-*.parquet")})
            has = f"it has {', '.join(found)}" if found else "it has no shards"
            raise LoaderError(f"no split {split!r} in {dataset_dir}: {has}; curate it or name another split")
        fingerprint = hashlib.sha256(repr((split, sorted(views))).encode())
        groups: list[RowGroup] = []
        for shard in shards:
            groups += _row_groups(shard, views, fingerprint)
        self.groups = tuple(group for group in groups if len(group.chosen))
        self.sizes = tuple(len(group.chosen) for group in self.groups)
        self.rows = sum(self.sizes)
        self.digest = fingerprint.hexdigest()
        self._starts = np.concatenate(([0], np.cumsum(self.sizes, dtype=np.int64)))
        if not self.rows:
            only = f" of view {', '.join(views)}" if views else ""
            raise LoaderError(
                f"split {split!r} in {dataset_dir} has no rows{only}: loosen the recipe's views or keep rules"
            )

    def locate(self, row: int) -> tuple[int, int]:
        """A row's group, and its offset within that group as stored."""
        group = int(np.searchsorted(self._starts, row, side="right")) - 1
        return group, int(self.groups[group].chosen[row - self._starts[group]])


def _row_groups(shard: Path, views: Sequence[str], fingerprint: Any) -> list[RowGroup]:
    try:
        file = pq.ParquetFile(shard)
    except (pa.ArrowException, OSError) as error:
        raise LoaderError(f"{shard} is no readable Parquet file ({error}): curate the dataset again") from None
    with file:
        missing = {"image", "caption", *(["view"] if views else [])} - set(file.schema_arrow.names)
        if missing:
            raise LoaderError(
                f"{shard} has no column {', '.join(sorted(missing))}: add the feature to the recipe and curate"
            )
        fingerprint.update(shard.name.encode() + _footer(shard))
        groups, first = [], 0
        for number in range(file.num_row_groups):
            rows = file.metadata.row_group(number).num_rows
            chosen = np.arange(rows, dtype=np.int64)
            if views:
                names = file.read_row_group(number, columns=["view"]).column("view").to_pylist()
                chosen = chosen[np.asarray([name in views for name in names], bool)]
            groups.append(RowGroup(shard, number, first, chosen))
            first += rows
    return groups


def _footer(shard: Path) -> bytes:
    """The Parquet footer: row counts, offsets and statistics, so a fingerprint without reading the data."""
    with shard.open("rb") as file:
        file.seek(-8, 2)
        length = int.from_bytes(file.read(4), "little")
        file.seek(-8 - length, 2)
        return file.read(length)


class ShardReader:
    """Rows by index, with the last few row groups kept in memory. Safe to use from several threads."""

    def __init__(self, index: ShardIndex, columns: Sequence[str] = ("image", "caption")) -> None:
        self.index = index
        self.columns = list(columns)
        self._groups: OrderedDict[int, pa.Table] = OrderedDict()
        self._lock = threading.Lock()

    def _group(self, number: int) -> pa.Table:
        with self._lock:
            if number in self._groups:
                self._groups.move_to_end(number)
                return self._groups[number]
            group = self.index.groups[number]
            try:
                with pq.ParquetFile(group.shard) as file:
                    table = file.read_row_group(group.number, columns=self.columns, use_threads=False)
            except (pa.ArrowException, OSError) as error:
                raise LoaderError(f"{group.shard} cannot be read ({error}): curate the dataset again") from None
            self._groups[number] = table
            if len(self._groups) > GROUPS_IN_MEMORY:
                self._groups.popitem(last=False)
            return table

    def row(self, row: int) -> Row:
        """Raises RowError where the row has no image bytes."""
        number, offset = self.index.locate(row)
        group = self.index.groups[number]
        where = f"{group.shard.name} row {group.first_in_shard + offset}"
        table = self._group(number)
        image = table.column("image")[offset].as_py()
        if not image or not image.get("bytes"):
            raise RowError(f"{where} has no image bytes: curate the dataset again")
        caption = table.column("caption")[offset].as_py() if "caption" in self.columns else None
        return Row(image["bytes"], caption or "", where)

    def captions(self) -> list[str]:
        """Every row's caption, in row order, without reading an image."""
        texts: list[str] = []
        for group in self.index.groups:
            with pq.ParquetFile(group.shard) as file:
                column = file.read_row_group(group.number, columns=["caption"]).column("caption")
            texts += [text or "" for text in column.take(pa.array(group.chosen)).to_pylist()]
        return texts


@dataclass(frozen=True)
class Batch:
    """rows (B,) int64 · pixels uint8 (B, height, width, 3) · captions."""

    step: int
    rows: Rows
    pixels: Pixels
    captions: tuple[str, ...]


@dataclass(frozen=True)
class Frame:
    """The size every picture is brought to, and how."""

    width: int
    height: int
    max_aspect: float = 2.4
    mode: str = "letterbox"


class ShardLoader:
    """Batches of decoded pictures for one rank. What was decoded stays in memory up to `cache_bytes`."""

    def __init__(
        self,
        index: ShardIndex,
        frame: Frame,
        *,
        seed: int,
        batch_size: int,
        rank: int = 0,
        world_size: int = 1,
        cache_bytes: int = 256 << 20,
        workers: int = 2,
    ) -> None:
        self.index, self.frame, self.seed = index, frame, seed
        self.rank, self.world_size, self.workers = rank, world_size, workers
        self.batch_size = self._divided(batch_size)
        self.reader = ShardReader(index)
        self._room = cache_bytes // (frame.width * frame.height * 3)
        self._cache: dict[int, tuple[Pixels, str]] = {}

    def _divided(self, batch_size: int) -> int:
        if batch_size % self.world_size:
            raise LoaderError(
                f"a batch of {batch_size} does not divide over {self.world_size} ranks: choose a multiple"
            )
        return batch_size

    def in_batches_of(self, batch_size: int) -> ShardLoader:
        """The same rows in batches of another size, sharing what is in memory."""
        other = copy.copy(self)
        other.batch_size = self._divided(batch_size)
        return other

    def _load(self, row: int) -> tuple[Pixels, str]:
        if row in self._cache:
            return self._cache[row]
        stored = self.reader.row(row)
        frame = self.frame
        try:
            image = decode(stored.image, stored.where)
        except ImageError as error:
            raise RowError(str(error)) from None
        loaded = fit(image, frame.width, frame.height, max_aspect=frame.max_aspect, mode=frame.mode), stored.caption
        if len(self._cache) < self._room:
            self._cache[row] = loaded
        return loaded

    def _batch(self, step: int, rows: Rows, pool: ThreadPoolExecutor) -> Batch:
        loaded = list(pool.map(self._load, rows.tolist()))
        return Batch(step, rows, np.stack([pixels for pixels, _ in loaded]), tuple(text for _, text in loaded))

    def rows_at(self, step: int) -> Rows:
        """This rank's rows at a step."""
        return batch_rows(
            self.seed, step, self.batch_size, self.rank, self.world_size, self.index.rows, self.index.sizes
        )

    def batches(self, start: int, stop: int) -> Generator[Batch]:
        """The batches of steps start … stop-1, decoded one or two ahead; their errors are raised here."""
        return self._ahead((step, self.rows_at(step)) for step in range(start, stop))

    def in_order(self) -> Generator[Batch]:
        """Every row once, in row order, in batches of `batch_size` with a shorter last one; the same on all ranks."""
        size, rows = self.batch_size, self.index.rows
        return self._ahead((i // size, np.arange(i, min(i + size, rows))) for i in range(0, rows, size))

    def _ahead(self, wanted: Iterator[tuple[int, Rows]]) -> Generator[Batch]:
        ready: queue.Queue[Batch | BaseException | None] = queue.Queue(maxsize=2)
        stopped = threading.Event()

        def put(item: Batch | BaseException | None) -> None:
            while not stopped.is_set():
                try:
                    return ready.put(item, timeout=0.1)
                except queue.Full:
                    continue

        def read() -> None:
            try:
                with ThreadPoolExecutor(self.workers, thread_name_prefix="decode") as pool:
                    for step, rows in wanted:
                        if stopped.is_set():
                            return
                        put(self._batch(step, rows, pool))
                put(None)
            except BaseException as error:  # handed over, and raised where the batch was wanted
                put(error)

        thread = threading.Thread(target=read, name="shard-loader", daemon=True)
        thread.start()
        try:
            while (item := ready.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            stopped.set()
            thread.join()


def dataset_folder(name: str, home: Path) -> Path:
    """The folder of a dataset version: a path to one, `name` for the latest, or `name@version`."""
    folder = Path(name)
    if any(folder.glob("*-of-*.parquet")):
        return folder
    from curation.dataset import resolve_dataset

    return resolve_dataset(home, name)
