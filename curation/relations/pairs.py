"""The pairs of a table: equals by their pixels' hash; for the rest candidates, their likeness, and the rules."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from PIL import Image

from curation.relations import candidates
from curation.relations.decide import COPY, NONE, Known, decide, least_structure
from curation.relations.likeness import TALL, likeness
from curation.relations.policy import NAMES, Relations
from curation.relations.rows import Column, floats, one_code, valid
from curation.relations.words import Words

SCHEMA = pa.schema(
    [
        ("a", pa.int32()),
        ("b", pa.int32()),
        ("relation", pa.string()),
        ("distance", pa.float32()),
        ("why", pa.string()),
    ]
)
EXACT = 0
NEAREST = 16  # neighbours of a row that become candidates, in each index
HASH_RADIUS = 40  # bits within which two hashes make a candidate
SKETCH_RADIUS = 450.0  # of sketches 800 long: another screen of one app lies at 300 or more, another app's at 580
SKETCH_CLOSE = 250.0  # copies, themes and most languages lie within; beyond, a row's first neighbours are enough
COSINE = 0.85
STRETCH = 0.12  # the most by which the log of two aspect ratios may differ
PIXEL_BLOCK = 48  # pairs that are compared at a time by one thread
THREADS = 2
ONES = np.array([bin(value).count("1") for value in range(256)], np.uint8)
Progress = Callable[[str, int, int], None]
Judged = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, list[str]]  # a, b, relation, distance, facts


@dataclass(frozen=True)
class Pairs:
    """Parallel arrays, one entry a pair: rows a < b, the relation's place in policy.NAMES, distance, facts."""

    a: np.ndarray
    b: np.ndarray
    relation: np.ndarray
    distance: np.ndarray
    why: list[str]

    def table(self) -> pa.Table:
        names = pa.array(NAMES, pa.string())
        columns = [
            pa.array(self.a, pa.int32()),
            pa.array(self.b, pa.int32()),
            names.take(pa.array(self.relation, pa.int8())),
            pa.array(self.distance, pa.float32()),
            pa.array(self.why, pa.string()),
        ]
        return pa.Table.from_arrays(columns, schema=SCHEMA)


def find_pairs(table: pa.Table, policies: Relations, progress: Progress | None = None) -> pa.Table:
    """See `curation.relations.find`."""
    exact = exact_pairs(table["pixels_sha256"]) if "pixels_sha256" in table.column_names else _none()
    first = np.ones(len(table), bool)
    first[exact.b] = False  # equals are looked at once
    keys = candidate_keys(table, first, progress)
    a, b = candidates.rows_of(keys, len(table))
    a, b = _of_like_shape(table, a, b)
    seen = valid(table, "_thumb") & valid(table, "aspect")
    looked = seen[a] & seen[b]
    some = [exact, by_code(table, a[~looked], b[~looked], policies)]
    some += by_pixels(table, a[looked], b[looked], policies, progress)
    order = [("relation", "ascending"), ("a", "ascending"), ("b", "ascending")]
    return pa.concat_tables([pairs.table() for pairs in some]).sort_by(order).combine_chunks()


def exact_pairs(pixels: pa.ChunkedArray) -> Pairs:
    """Each row of a group of equals with the group's first: n-1 pairs say it all. Null equals nothing."""
    codes = one_code(pixels)
    rows = np.flatnonzero(codes >= 0)
    _, first, group = np.unique(codes[rows], return_index=True, return_inverse=True)
    a, b = rows[first[group]], rows
    later = a != b
    number = int(later.sum())
    return Pairs(a[later], b[later], np.full(number, EXACT), np.zeros(number), ["equal pixels"] * number)


def candidate_keys(table: pa.Table, first: np.ndarray, progress: Progress | None) -> np.ndarray:
    """Distinct keys of the pairs worth a look, by every index and key that the table's columns allow."""
    near = candidates.near_vectors

    def by_sketch(sketches: Column) -> np.ndarray:
        some = near(sketches, SKETCH_RADIUS, NEAREST, close=SKETCH_CLOSE, progress=progress)
        if "_sketch_cut" not in table.column_names:
            return some
        cut = Column(table, "_sketch_cut", sketches.rows)
        return np.concatenate([some, near(sketches, SKETCH_CLOSE, NEAREST, queries=cut, progress=progress)])

    found = []
    for name, index in (
        ("phash", lambda codes: candidates.near_codes(codes[:], HASH_RADIUS, NEAREST, progress)),
        ("_sketch", by_sketch),
        ("embedding", lambda e: near(e, COSINE, NEAREST // 2, cosine=True, progress=progress)),
    ):
        rows = np.flatnonzero(first & valid(table, name))
        if len(rows) > 1:
            i, j = candidates.rows_of(index(Column(table, name, rows)), len(rows))
            found.append(candidates.key(rows[i], rows[j], len(table)))
    known = Known.of(table)
    found.append(candidates.sharing(np.where(first, known.screen, NONE)))
    return np.unique(np.concatenate(found))


def by_pixels(
    table: pa.Table, a: np.ndarray, b: np.ndarray, policies: Relations, progress: Progress | None
) -> list[Pairs]:
    """Pairs that both have a thumbnail, compared and judged in blocks, two at a time."""
    if not len(a):
        return []
    known, words, aspect, thumbs = Known.of(table), Words(table), floats(table, "aspect"), Column(table, "_thumb")
    least = least_structure(policies)
    a, b = _neighbours_together(a, b)

    def judged(start: int) -> Judged:
        one, other = a[start : start + PIXEL_BLOCK], b[start : start + PIXEL_BLOCK]
        rows = np.unique(np.concatenate([one, other]))
        pictures = _pictures(thumbs, rows)
        at, to = np.searchsorted(rows, one), np.searchsorted(rows, other)
        like = likeness(pictures[at], pictures[to], (aspect[one] > TALL) & (aspect[other] > TALL), least)
        relation, why = decide(one, other, like, known, words, policies)
        return one, other, relation, 1 - like.structure, why

    found = []
    with ThreadPoolExecutor(THREADS, "relations") as pool:
        for done, (one, other, relation, distance, why) in enumerate(_in_order(pool, judged, len(a))):
            tied = np.flatnonzero(relation != NONE)
            if len(tied):
                facts = [why[index] for index in tied]
                found.append(Pairs(one[tied], other[tied], relation[tied], distance[tied], facts))
            if progress:
                progress("relations", min((done + 1) * PIXEL_BLOCK, len(a)), len(a))
    return found


def _neighbours_together(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pairs in an order in which those of one row, and of its neighbours, lie near, to read thumbnails once."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import reverse_cuthill_mckee

    rows, both = np.unique(np.concatenate([a, b]), return_inverse=True)
    i, j = both[: len(a)], both[len(a) :]
    graph = coo_array((np.ones(2 * len(a), np.int8), (both, np.concatenate([j, i]))), shape=(len(rows), len(rows)))
    place = np.empty(len(rows), np.int64)
    place[reverse_cuthill_mckee(graph.tocsr(), symmetric_mode=True)] = np.arange(len(rows))
    order = np.lexsort((np.maximum(place[i], place[j]), np.minimum(place[i], place[j])))
    return a[order], b[order]


def by_code(table: pa.Table, a: np.ndarray, b: np.ndarray, policies: Relations) -> Pairs:
    """Copies among pairs without thumbnails: by their hashes, else by their embeddings."""
    policy = policies.copy_
    some = [_none()]
    hashed = valid(table, "phash")
    both = hashed[a] & hashed[b]
    if both.any():
        codes = Column(table, "phash")
        bits = np.concatenate([ONES[codes[i] ^ codes[j]].sum(1) for i, j in _blocks(a[both], b[both])])
        near = bits <= policy.max_distance
        some.append(_copies(a[both][near], b[both][near], bits[near] / 256, [f"phash {n}" for n in bits[near]]))
    embedded = valid(table, "embedding")
    both = ~both & embedded[a] & embedded[b]
    if both.any():
        vectors = Column(table, "embedding")
        cosine = np.concatenate([_cosines(vectors[i], vectors[j]) for i, j in _blocks(a[both], b[both])])
        near = cosine >= policy.min_cosine
        some.append(_copies(a[both][near], b[both][near], 1 - cosine[near], [f"cosine {c:.3f}" for c in cosine[near]]))
    return Pairs(
        np.concatenate([s.a for s in some]),
        np.concatenate([s.b for s in some]),
        np.concatenate([s.relation for s in some]),
        np.concatenate([s.distance for s in some]),
        [why for s in some for why in s.why],
    )


def _in_order(pool: ThreadPoolExecutor, work: Callable[[int], Judged], number: int) -> Iterator[Judged]:
    """Blocks in their order, with few of them in memory."""
    ahead = []
    for start in range(0, number, PIXEL_BLOCK):
        ahead.append(pool.submit(work, start))
        if len(ahead) > 2 * THREADS:
            yield ahead.pop(0).result()
    for future in ahead:
        yield future.result()


def _pictures(thumbs: Column, rows: np.ndarray) -> np.ndarray:
    """n × height × width × 3 bytes: luma, blue difference, red difference."""
    files = thumbs.values(rows).to_pylist()
    return np.stack([np.asarray(Image.open(io.BytesIO(f), formats=("WEBP",)).convert("YCbCr")) for f in files])


def _of_like_shape(table: pa.Table, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if "aspect" not in table.column_names:
        return a, b
    shape = np.log(np.maximum(floats(table, "aspect"), 1e-6))
    apart = np.abs(shape[a] - shape[b]) > STRETCH
    return a[~apart], b[~apart]


def _blocks(a: np.ndarray, b: np.ndarray, size: int = 1 << 16) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    return ((a[start : start + size], b[start : start + size]) for start in range(0, len(a), size))


def _cosines(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.asarray(np.einsum("nd,nd->n", one.astype(np.float32), other.astype(np.float32)))


def _copies(a: np.ndarray, b: np.ndarray, distance: np.ndarray, why: list[str]) -> Pairs:
    return Pairs(a, b, np.full(len(a), COPY), distance, why)


def _none() -> Pairs:
    nothing = np.zeros(0, np.int64)
    return Pairs(nothing, nothing, nothing, nothing, [])
