"""Which pictures and texts a step sees: pure functions of (seed, step), the same on any number of ranks.

A batch is P groups × K pictures. Groups come in a keyed permutation, epoch by epoch; a group's pictures come in one of
their own, so that an app of two screens counts as much as one of twenty and each screen of an app as much as the next.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from models.errors import GessoError
from models.loader import LoaderError, Rows, ShardIndex, permute

MAX_TEXT = 1000  # characters of one text


class SamplesError(GessoError):
    """The shards do not have what the recipe asks for."""


def key_of(*parts: int) -> int:
    """One 64-bit key of some integers."""
    words = np.asarray(parts, np.uint64).astype("<u8")
    return int.from_bytes(hashlib.blake2b(words.tobytes(), digest_size=8).digest(), "little")


@dataclass(frozen=True)
class Draw:
    """One picture of a batch: its row, its group, and the key of all that is drawn at random for it."""

    row: int
    group: int
    key: int


@dataclass(frozen=True)
class Pool:
    """Groups of which every batch has `count`."""

    groups: Rows
    count: int


def pools(names: Sequence[str], groups: int, shares: Mapping[str, float]) -> list[Pool]:
    """Whose names begin with a prefix of `shares` has that share of a batch's `groups`; all others have the rest.

    Raises SamplesError where a share has no group, or the rest none.
    """
    left, found = list(range(len(names))), []
    for prefix, share in shares.items():
        own = [group for group in left if names[group].startswith(prefix)]
        found.append(Pool(np.asarray(own, np.int64), round(share * groups)))
        left = [group for group in left if not names[group].startswith(prefix)]
        if not own and found[-1].count:
            raise SamplesError(f"shares: no group of the split begins with {prefix!r}: correct the recipe")
    rest = Pool(np.asarray(left, np.int64), groups - sum(pool.count for pool in found))
    return [pool for pool in (rest, *found) if pool.count]


def draws(
    seed: int, step: int, members: Sequence[Rows], groups: int, pictures: int, of: Sequence[Pool] | None = None
) -> list[Draw]:
    """The batch of a step: `groups` of the groups that have `members`, `pictures` of each, group by group.

    `of` tells how many are of which groups. Raises SamplesError where there are fewer groups than a batch wants.
    """
    found = []
    for number, pool in enumerate(of or [Pool(np.arange(len(members), dtype=np.int64), groups)]):
        if len(pool.groups) < pool.count:
            raise SamplesError(
                f"the split has {len(pool.groups)} groups and a batch wants {pool.count}: lower groups in the recipe"
            )
        found += _drawn(seed, step, members, pool, pictures, (number,) if number else ())
    return found


def _drawn(
    seed: int, step: int, members: Sequence[Rows], pool: Pool, pictures: int, apart: tuple[int, ...]
) -> list[Draw]:
    """The draws of one pool; `apart` keeps the keys of several pools apart."""
    count, found = len(pool.groups), []
    for position in range(step * pool.count, (step + 1) * pool.count):
        epoch, place = divmod(position, count)
        group = int(pool.groups[int(permute(np.asarray([place]), count, key_of(seed, 1, epoch, *apart))[0])])
        rows = members[group]
        for number in range(pictures):
            turn, at = divmod(epoch * pictures + number, len(rows))
            row = int(rows[int(permute(np.asarray([at]), len(rows), key_of(seed, 2, group, turn))[0])])
            found.append(Draw(row, group, key_of(seed, 3, position, number, *apart)))
    return found


def sentences(seed: int, step: int, count: int, batch: int) -> Rows:
    """Which of `count` texts the teacher is followed in at a step; each once an epoch."""
    positions = np.arange(step * batch, (step + 1) * batch, dtype=np.int64)
    found = np.empty_like(positions)
    for epoch in np.unique(positions // count):
        chosen = positions // count == epoch
        found[chosen] = permute(positions[chosen] % count, count, key_of(seed, 4, int(epoch)))
    return found


@dataclass(frozen=True)
class Samples:
    """The rows of a split: `texts` has, for each row, its texts column by column; `members` each group's rows."""

    index: ShardIndex
    groups: tuple[str, ...]
    group_of: Rows
    members: tuple[Rows, ...]
    texts: tuple[tuple[tuple[str, ...], ...], ...]

    def text(self, draw: Draw) -> str:
        """One of the row's texts: a column at random, then one of its texts; empty where the row has none."""
        columns = [column for column in self.texts[draw.row] if column]
        if not columns:
            return ""
        column = columns[key_of(draw.key, 5) % len(columns)]
        return column[key_of(draw.key, 6) % len(column)]

    def all_texts(self) -> list[str]:
        """Every text of every row once, sorted."""
        return sorted({text for row in self.texts for column in row for text in column})


def read_samples(folder: Path, split: str, group: Sequence[str], texts: Sequence[str]) -> Samples:
    """The rows of a split by group; rows without a group make none. Raises LoaderError and SamplesError."""
    index = ShardIndex(folder, split)
    known = set(pq.read_schema(index.groups[0].shard).names)
    by, said = [name for name in group if name in known], [name for name in texts if name in known]
    for wanted, found, key in ((group, by, "group"), (texts, said, "texts")):
        if not found:
            raise SamplesError(f"{folder} has none of the columns {', '.join(wanted)}: name others in {key}")
    values: list[str] = []
    spoken: list[tuple[tuple[str, ...], ...]] = []
    for part in index.groups:
        try:
            with pq.ParquetFile(part.shard) as file:
                rows = file.read_row_group(part.number, columns=[*dict.fromkeys([*by, *said])]).to_pylist()
        except (OSError, ValueError) as error:
            raise LoaderError(f"{part.shard} cannot be read ({error}): curate the dataset again") from None
        for row in rows:
            values.append(next((str(row[name]) for name in by if row[name]), ""))
            spoken.append(tuple(_texts(row[name]) for name in said))
    names = tuple(sorted({value for value in values if value}))
    places = {name: place for place, name in enumerate(names)}
    group_of = np.asarray([places.get(value, -1) for value in values], np.int64)
    members = tuple(np.flatnonzero(group_of == place).astype(np.int64) for place in range(len(names)))
    return Samples(index, names, group_of, members, tuple(spoken))


def _texts(value: object) -> tuple[str, ...]:
    parts = value if isinstance(value, list) else [value]
    texts = (str(part).strip()[:MAX_TEXT] for part in parts if part)
    return tuple(dict.fromkeys(text for text in texts if text))
