"""Related captures in groups, one list a relation, as the page lays them side by side."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from curation.report.rules import RELATIONS
from curation.report.tables import Row, Version

MOST_MEMBERS = 60  # of a group; the page says how many more there are


def groups(version: Version) -> list[Row]:
    """Every connected group of each relation, the most doubtful first.

    A group has `relation`, `kept` (the member that the others are compared with), `size`, and `members`: index,
    distance and why of the tie to `kept` where there is one, else of the nearest tie; `direct` says which.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    count = len(version.table)
    states, stood_for = version.column("state"), _kept_places(version)
    pairs = version.pairs.to_pydict()
    by_relation: dict[str, list[int]] = defaultdict(list)
    for at, relation in enumerate(pairs["relation"]):
        by_relation[relation].append(at)
    found: list[Row] = []
    for relation in sorted(by_relation, key=lambda name: (RELATIONS.index(name) if name in RELATIONS else 99, name)):
        chosen = by_relation[relation]
        a, b = (np.array([pairs[end][at] for at in chosen]) for end in ("a", "b"))
        links = coo_matrix((np.ones(len(a), np.int8), (a, b)), (count, count))
        _, label = connected_components(links, directed=False)
        ties = _ties(pairs, chosen)
        members: dict[int, list[int]] = defaultdict(list)
        for index in sorted({*a.tolist(), *b.tolist()}):
            members[label[index]].append(index)
        some = [_group(relation, group, ties, states, stood_for) for group in members.values()]
        found += sorted(some, key=lambda g: (-max(m["distance"] for m in g["members"]), g["members"][0]["index"]))
    return found


def _kept_places(version: Version) -> dict[int, int]:
    place = {capture_id: index for index, capture_id in enumerate(version.ids)}
    return {index: place[kept] for index, kept in enumerate(version.column("kept_id")) if kept in place}


def _ties(pairs: dict[str, list[Any]], chosen: list[int]) -> dict[int, dict[int, tuple[float, str]]]:
    ties: dict[int, dict[int, tuple[float, str]]] = defaultdict(dict)
    for at in chosen:
        a, b = pairs["a"][at], pairs["b"][at]
        tie = (float(f"{pairs['distance'][at] or 0:.6g}"), pairs["why"][at] or "")
        ties[a][b] = ties[b][a] = tie
    return ties


def _group(
    relation: str,
    group: list[int],
    ties: dict[int, dict[int, tuple[float, str]]],
    states: list[str],
    kept_of: dict[int, int],
) -> Row:
    stands = {kept_of[index] for index in group if index in kept_of}
    kept = min(group, key=lambda i: (i not in stands, states[i] != "kept", -len(ties[i]), i))
    members = []
    for index in [kept, *(i for i in group if i != kept)]:
        direct = ties[index].get(kept)
        distance, why = (0.0, "") if index == kept else direct or min(ties[index].values())
        members.append(
            {"index": index, "distance": distance, "why": why, "direct": index == kept or direct is not None}
        )
    return {"relation": relation, "kept": kept, "size": len(members), "members": members[:MOST_MEMBERS]}
