"""The pairs of a table: equals by their pixels' hash, copies by perceptual hash and then by their pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.relations.candidates import near_codes
from curation.relations.pixels import pixels_agree
from curation.relations.policy import CopyPolicy, Relations

SCHEMA = pa.schema(
    [
        ("a", pa.int32()),
        ("b", pa.int32()),
        ("relation", pa.string()),
        ("distance", pa.float32()),
        ("why", pa.string()),
    ]
)
STRETCH = 0.09  # the most by which the log of two copies' aspect ratios may differ
FLAT = 0.90  # blankness from which on a screen's hash counts for nothing


@dataclass(frozen=True)
class Pairs:
    """Parallel arrays, one entry a pair: row numbers a < b, the distance, and the facts in words."""

    relation: str
    a: np.ndarray
    b: np.ndarray
    distance: np.ndarray
    why: list[str]

    def table(self) -> pa.Table:
        columns = [
            pa.array(self.a, pa.int32()),
            pa.array(self.b, pa.int32()),
            pa.array([self.relation] * len(self.a), pa.string()),
            pa.array(self.distance, pa.float32()),
            pa.array(self.why, pa.string()),
        ]
        return pa.Table.from_arrays(columns, schema=SCHEMA)


def find_pairs(table: pa.Table, policies: Relations, progress: Callable[[str, int, int], None] | None) -> pa.Table:
    exact = exact_pairs(table["pixels_sha256"])
    usable = np.ones(len(table), bool)
    usable[exact.b] = False  # the pixels of equals are looked at once
    for name in ("pixels_sha256", "phash", "_thumb", "aspect", "blankness"):
        usable &= pc.is_valid(table[name]).to_numpy()
    copies = copy_pairs(table, np.flatnonzero(usable).astype(np.int32), policies.copy_, progress)
    order = [("relation", "ascending"), ("a", "ascending"), ("b", "ascending")]
    return pa.concat_tables([exact.table(), copies.table()]).sort_by(order).combine_chunks()


def exact_pairs(pixels: pa.ChunkedArray) -> Pairs:
    """Each row of a group of equals with the group's first: n-1 pairs say it all. Null equals nothing."""
    codes = pc.fill_null(pc.dictionary_encode(pixels).combine_chunks().indices, -1).to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(codes >= 0)
    _, first, group = np.unique(codes[rows], return_index=True, return_inverse=True)
    a, b = rows[first[group]], rows
    later = a != b
    return Pairs("exact", a[later], b[later], np.zeros(later.sum()), ["equal pixels"] * int(later.sum()))


def copy_pairs(
    table: pa.Table, rows: np.ndarray, policy: CopyPolicy, progress: Callable[[str, int, int], None] | None
) -> Pairs:
    if not len(rows):
        return Pairs("copy", rows, rows, rows, [])
    seen = table.select(["phash", "_thumb", "aspect", "blankness"]).take(pa.array(rows))
    codes = np.frombuffer(bytes.fromhex("".join(seen["phash"].to_pylist())), np.uint8).reshape(len(rows), -1)
    grey = np.frombuffer(b"".join(seen["_thumb"].to_pylist()), np.uint8).reshape(len(rows), -1)
    shape = np.log(seen["aspect"].to_numpy().astype(np.float64))
    empty = seen["blankness"].to_numpy() >= FLAT
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for at, to, bits in near_codes(codes, policy.max_distance, progress):
        alike = np.abs(shape[at] - shape[to]) <= STRETCH
        at, to, bits = at[alike], to[alike], bits[alike]
        agree = [
            pixels_agree(grey[i], grey[j], bool(empty[i] or empty[j]), policy.max_difference)
            for i, j in zip(at, to, strict=True)
        ]
        mask = np.asarray(agree, bool)
        found.append((at[mask], to[mask], bits[mask]))
    a, b, distance = (np.concatenate(some) for some in zip(*found, strict=True))
    return Pairs("copy", rows[a], rows[b], distance, [f"phash {bits}" for bits in distance])
