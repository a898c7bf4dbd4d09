"""Near vectors without comparing all with all: rows lie in lists about learned centres, and a row visits a few lists.

A list's visitors meet its members all at once (a matrix product, or a run over packed bits), which is the fastest that
a processor does. A pair is found if either row visits the list where the other lies.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from curation.relations.matrix import Matrix

BLOCK = 16_384  # rows that are read, assigned or compared at a time
TRAINED_ON = 40  # rows a list that its centre is learned from
ROUNDS = 8  # of k-means
SEED = 1234

T = TypeVar("T")
Told = Callable[[int, int], None]
Found = tuple[np.ndarray, np.ndarray]  # distances and places, n × k


@dataclass(frozen=True)
class Measure:
    """How far rows lie apart: `nearest` tells the k nearest of `compared` rows; `floats` are what centres are made of.

    `probes` is how many lists a row visits, `by_angle` whether the centres have length 1.
    """

    floats: Callable[[np.ndarray], np.ndarray]
    compared: Callable[[np.ndarray], np.ndarray]
    nearest: Callable[[np.ndarray, np.ndarray, int], Found]
    probes: int
    by_angle: bool


def _plain(rows: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(rows, np.float32)


def _signs(codes: np.ndarray) -> np.ndarray:
    return np.unpackbits(codes, axis=1).astype(np.float32) * 2 - 1


def _by_cosine(queries: np.ndarray, rows: np.ndarray, count: int) -> Found:
    import faiss

    likeness, places = faiss.knn(queries, rows, count, faiss.METRIC_INNER_PRODUCT)
    return -likeness, places


def _by_square(queries: np.ndarray, rows: np.ndarray, count: int) -> Found:
    import faiss

    distances, places = faiss.knn(queries, rows, count, faiss.METRIC_L2)
    return distances, places


def _by_bits(queries: np.ndarray, rows: np.ndarray, count: int) -> Found:
    import faiss

    distances, places = faiss.knn_hamming(queries, rows, count)
    return distances.astype(np.float32), places.astype(np.int64)


COSINE = Measure(_plain, _plain, _by_cosine, 8, True)  # distances are negative cosines
EUCLID = Measure(_plain, _plain, _by_square, 8, False)  # squared
BITS = Measure(_signs, np.ascontiguousarray, _by_bits, 40, True)  # of packed bytes


def neighbours(
    vectors: Matrix, queries: Matrix, measure: Measure, nearest: int, furthest: float, told: Told
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Blocks of (first row, distances, rows): n × `nearest` others about each query, the nearest first.

    Where fewer than `nearest` lie within `furthest`, the distance is infinite and the row -1. `queries[i]` stands for
    row i, which is no neighbour of itself. Holds the vectors in memory as they are stored, and 8 bytes a neighbour.
    `told` hears how many members were compared, of how many.
    """
    number = len(vectors)
    centres = _learned(vectors, measure)
    members, member_ends = _sorted_into(_visited(vectors, centres, 1, measure), len(centres))
    probes = min(measure.probes, len(centres))
    guests, guest_ends = _sorted_into(_visited(queries, centres, probes, measure), len(centres))
    held = stored(vectors)
    held_queries = held if queries is vectors else stored(queries)
    best = np.full((number, nearest), np.inf, np.float32)
    which = np.full((number, nearest), -1, np.int32)

    def met(index: int) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        inside = members[member_ends[index] : member_ends[index + 1]]
        visiting = guests[guest_ends[index] : guest_ends[index + 1]]
        some = measure.compared(held[inside])
        return [
            _meet(held_queries, visiting[start : start + BLOCK], some, inside, measure, nearest, furthest)
            for start in range(0, len(visiting) if len(inside) else 0, BLOCK)
        ]

    for index, found in enumerate(_in_order(met, len(centres))):
        for rows, distances, places in found:
            distances = np.concatenate([best[rows], distances], 1)
            distances, places = others(rows, distances, np.concatenate([which[rows], places], 1), nearest)
            best[rows], which[rows] = distances, np.where(np.isfinite(distances), places, -1)
        told(int(member_ends[index + 1]), number)
    for start in range(0, number, BLOCK):
        yield start, best[start : start + BLOCK], which[start : start + BLOCK]


def _meet(
    queries: np.ndarray,
    rows: np.ndarray,
    some: np.ndarray,
    inside: np.ndarray,
    measure: Measure,
    nearest: int,
    furthest: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows that have another within `furthest` among `some`, the rows `inside`; distances, and which. Most have none,
    and the nearest two (one may be the row itself) are found much faster than the nearest many.
    """

    def near(rows: np.ndarray, count: int) -> Found:
        distances, places = measure.nearest(measure.compared(queries[rows]), some, min(count, len(some)))
        found = inside[places]
        return np.where((distances > furthest) | (found == rows[:, None]), np.inf, distances), found

    hit = rows[np.isfinite(near(rows, 2)[0]).any(1)]
    if not len(hit):
        nothing = np.zeros((0, min(nearest + 1, len(some))))
        return hit, nothing.astype(np.float32), nothing.astype(np.int64)
    return hit, *near(hit, nearest + 1)


def _in_order(work: Callable[[int], T], number: int) -> Iterator[T]:
    """`work` of 0 … `number`, some at a time, each on one core so that its sums do not depend on how many there are."""
    import faiss

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with ThreadPoolExecutor(cores, "relations", initializer=faiss.omp_set_num_threads, initargs=(1,)) as pool:
        ahead: deque[Future[T]] = deque()
        for index in range(number):
            ahead.append(pool.submit(work, index))
            if len(ahead) > 2 * cores:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def others(rows: np.ndarray, distances: np.ndarray, met: np.ndarray, most: int) -> Found:
    """The nearest `most` that each row has met, itself left out, in order; a row of -1 lies infinitely far."""
    distances = np.where((met == rows[:, None]) | (met < 0), np.inf, distances)
    order = np.argsort(distances, axis=1, kind="stable")[:, :most]
    return np.take_along_axis(distances, order, 1), np.take_along_axis(met, order, 1)


def _learned(vectors: Matrix, measure: Measure) -> np.ndarray:
    """About 2√n centres, and no more than there are rows to learn them from."""
    import faiss

    number = len(vectors)
    count = max(1, min(round(2 * number**0.5), number // TRAINED_ON))
    picked = np.unique(np.linspace(0, number - 1, count * TRAINED_ON, dtype=np.int64))
    some = measure.floats(vectors[picked])
    means = faiss.Kmeans(
        some.shape[1],
        count,
        niter=ROUNDS,
        seed=SEED,
        spherical=measure.by_angle,
        min_points_per_centroid=1,
        max_points_per_centroid=TRAINED_ON,
    )
    means.train(some)
    return np.asarray(means.centroids, np.float32)


def _visited(vectors: Matrix, centres: np.ndarray, probes: int, measure: Measure) -> np.ndarray:
    """n × probes: the lists whose centres are nearest, int32."""
    import faiss

    metric = faiss.METRIC_INNER_PRODUCT if measure.by_angle else faiss.METRIC_L2
    found = np.empty((len(vectors), probes), np.int32)
    for start in range(0, len(vectors), BLOCK):
        block = measure.floats(vectors[start : start + BLOCK])
        found[start : start + BLOCK] = faiss.knn(block, centres, probes, metric)[1]
    return found


def _sorted_into(lists: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows list by list, and where each list begins, with the end of the last."""
    rows = np.argsort(lists.ravel(), kind="stable") // lists.shape[1]
    return rows, np.r_[0, np.cumsum(np.bincount(lists.ravel(), minlength=count))]


def stored(vectors: Matrix) -> np.ndarray:
    """All of them in memory, in the type that they are stored in."""
    first = vectors[:1]
    held = np.empty((len(vectors), first.shape[1]), first.dtype)
    for start in range(0, len(held), BLOCK):
        held[start : start + BLOCK] = vectors[start : start + BLOCK]
    return held
