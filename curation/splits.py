"""Splits that cannot leak: whole connected components of (relations ∪ site) go to one split.

Captures are row numbers here, in the order of their ids; ties are two arrays of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from curation.errors import GessoError

NO_SPLIT = -1


class SplitError(GessoError):
    """Something related would lie in two splits."""


def codes(values: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """A number for each distinct value, int64; null gives -1."""
    encoded = (values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values).dictionary_encode()
    return np.asarray(encoded.indices.fill_null(-1)).astype(np.int64)


def components(sites: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The component of each row, named by its smallest row, int64. `sites` are `codes`: -1 ties to nothing."""
    rows = len(sites)
    if not len(a):  # nothing but the sites, which need no graph
        alone = np.where(sites >= 0, sites, sites.max(initial=-1) + 1 + np.arange(rows))
        return _smallest_row(alone)
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    sited = np.flatnonzero(sites >= 0)
    nodes = rows + int(sites.max(initial=-1)) + 1  # a node a site keeps the edges few
    one, other = np.concatenate([a, sited]), np.concatenate([b, rows + sites[sited]])
    graph = coo_array((np.ones(len(one), np.int8), (one, other)), shape=(nodes, nodes))
    _, labels = connected_components(graph, directed=False)
    return _smallest_row(labels[:rows])


def _smallest_row(labels: np.ndarray) -> np.ndarray:
    """For each row the first row with the same label."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.asarray(first[inverse], np.int64)


def assign(
    component: np.ndarray, kept: np.ndarray, names: Mapping[int, str], shares: Mapping[str, float], seed: int
) -> np.ndarray:
    """The split of each row as its place in `shares`, int8; NO_SPLIT where `kept` is false.

    Largest components first, each to the split that is farthest below its share; of those of one size, the draw of
    (seed, capture id) decides. `names` gives the
    capture id of each component's row. `train` is never empty; the other splits with a
    share get at least one component each where there are enough of them.
    """
    roots, sizes = np.unique(component[kept], return_counts=True)
    draws = [hashlib.sha256(f"{seed} {names[root]}".encode()).hexdigest() for root in roots.tolist()]
    order = sorted(range(len(roots)), key=lambda i: (-sizes[i], draws[i]))
    total = int(kept.sum())
    open_to = [name for name in shares if shares[name] > 0]
    wanted = [shares[name] * total for name in open_to]
    favour = [(shares[name], -place) for place, name in enumerate(open_to)]
    groups: list[list[int]] = [[] for _ in open_to]
    rows = [0] * len(open_to)
    train = open_to.index("train")
    places = range(len(open_to))
    for rank, index in enumerate(order):
        best = train if rank == 0 else max(places, key=lambda p: (wanted[p] - rows[p], favour[p]))
        groups[best].append(index)
        rows[best] += int(sizes[index])
    for place in places:
        donor = max(places, key=lambda p: (len(groups[p]), p == train))
        if not groups[place] and len(groups[donor]) > 1:
            groups[place].append(groups[donor].pop())  # the smallest, for they came in falling order
    split_of = np.full(len(component), NO_SPLIT, np.int8)  # by root
    for place, members in enumerate(groups):
        split_of[roots[members]] = list(shares).index(open_to[place])
    return np.where(kept, split_of[component], NO_SPLIT).astype(np.int8)


def check(split: np.ndarray, sites: np.ndarray, a: np.ndarray, b: np.ndarray) -> None:
    """Look at every tie and every site once more. Raises SplitError where one lies in two splits."""
    one, other = split[a], split[b]
    ties = int(((one != other) & (one != NO_SPLIT) & (other != NO_SPLIT)).sum())
    placed = np.flatnonzero((split != NO_SPLIT) & (sites >= 0))
    low = np.full(int(sites.max(initial=-1)) + 1, np.iinfo(np.int8).max, np.int8)
    high = np.full(len(low), NO_SPLIT, np.int8)
    np.minimum.at(low, sites[placed], split[placed])
    np.maximum.at(high, sites[placed], split[placed])
    torn = int((low < high).sum())
    if ties or torn:
        raise SplitError(f"{ties} relations and {torn} sites lie in two splits: this is a defect of Gesso")
