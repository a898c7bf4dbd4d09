"""Relations: typed ties of two captures. Here `exact` (the same pixels) and `copy` (the same picture, re-made).

Candidates for `copy` come from a FAISS range search over the 256-bit hashes, in blocks of bounded memory; the decision
then looks at shape and at 48×48 grey pixels, because the hash of a nearly empty screen says nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from curation.recipe import CopyPolicy

BLOCK = 4096  # queries at a time
STRETCH = 0.09  # the most by which the log of two copies' aspect ratios may differ
FLAT = 0.90  # blankness from which on a screen's hash counts for nothing
FLAT_DIFFERENCE = 1.0  # mean grey levels by which two nearly empty screens may differ and still be one
BRIGHTNESS = (0.9, 1.12)  # the change of brightness that a copy may have gone through
LOCAL_DIFFERENCE = 60.0  # grey levels by which the most different 6×6 patch of two copies may differ


@dataclass(frozen=True, order=True)
class Relation:
    """`a` < `b` are capture ids; `distance` is bits of 256 for `copy` and 0 for `exact`."""

    relation: str
    a: str
    b: str
    distance: float


SCHEMA = pa.schema([("a", pa.string()), ("b", pa.string()), ("relation", pa.string()), ("distance", pa.float32())])


def find(
    ids: list[str],
    pixels: list[str],
    phash: list[str],
    thumbs: list[bytes],
    aspect: list[float],
    blankness: list[float],
    policy: CopyPolicy,
) -> list[Relation]:
    """All related pairs, sorted. The lists are parallel: one entry a decoded capture.

    A group of n equals has n-1 pairs, each with its smallest id, and only that id has copies: `select` knows.
    """
    exact = list(_exact(ids, pixels))
    twins = {r.b for r in exact}
    first = [index for index, key in enumerate(ids) if key not in twins]  # the pixels of twins are looked at once
    shape = np.log(np.asarray(aspect, dtype=np.float64)) if ids else np.zeros(0)
    empty = np.asarray(blankness, dtype=np.float64) >= FLAT
    grey = np.frombuffer(b"".join(thumbs), np.uint8).reshape(len(ids), -1) if ids else np.zeros((0, 1), np.uint8)
    copies = []
    for at, to, bits in _candidates([phash[index] for index in first], policy.max_distance):
        i, j = first[at], first[to]
        if abs(shape[i] - shape[j]) > STRETCH:
            continue
        if pixels_agree(grey[i], grey[j], bool(empty[i] or empty[j]), policy.max_difference):
            a, b = sorted((ids[i], ids[j]))
            copies.append(Relation("copy", a, b, float(bits)))
    return sorted(exact + copies)


def pixels_agree(one: np.ndarray, other: np.ndarray, empty: bool, most: float) -> bool:
    """Whether two 48×48 grey pictures may be one: alike on the mean, and nowhere wholly other."""
    first, second = one.astype(np.float32), other.astype(np.float32)
    if not empty:  # a brighter copy is a copy
        second *= np.clip((first.mean() + 1) / (second.mean() + 1), *BRIGHTNESS)
    difference = np.abs(first - second).reshape(48, 48)
    if empty:
        return float(difference.mean()) <= FLAT_DIFFERENCE and float(difference.max()) <= 3 * LOCAL_DIFFERENCE / 4
    patches = difference.reshape(8, 6, 8, 6).mean((1, 3))
    return float(difference.mean()) <= most and float(patches.max()) <= LOCAL_DIFFERENCE


def table(relations: list[Relation]) -> pa.Table:
    rows = [{"a": r.a, "b": r.b, "relation": r.relation, "distance": r.distance} for r in relations]
    return pa.Table.from_pylist(rows, SCHEMA)


def _exact(ids: list[str], pixels: list[str]) -> Iterator[Relation]:
    """Each capture of a group of equals with the group's first: n-1 pairs say it all."""
    groups: dict[str, list[str]] = defaultdict(list)
    for key, value in zip(ids, pixels, strict=True):
        groups[value].append(key)
    for group in groups.values():
        first, *rest = sorted(group)
        for other in rest:
            yield Relation("exact", first, other, 0.0)


def _candidates(phash: list[str], radius: int) -> Iterator[tuple[int, int, int]]:
    """Index pairs i < j of one hash each within `radius` bits; equal hashes are searched once and then expanded."""
    import faiss

    where: dict[str, list[int]] = defaultdict(list)
    for index, value in enumerate(phash):
        where[value].append(index)
    distinct = sorted(where)
    if not distinct:
        return
    codes = np.frombuffer(bytes.fromhex("".join(distinct)), np.uint8).reshape(len(distinct), -1)
    flat = faiss.IndexBinaryFlat(codes.shape[1] * 8)
    flat.add(codes)
    for start in range(0, len(codes), BLOCK):
        limits, distances, found = flat.range_search(codes[start : start + BLOCK], radius + 1)
        for row in range(len(limits) - 1):
            for at in range(int(limits[row]), int(limits[row + 1])):
                here, there = start + row, int(found[at])
                if here > there:
                    continue
                for i in where[distinct[here]]:
                    for j in where[distinct[there]]:
                        if i < j if here == there else True:
                            yield i, j, int(distances[at])
