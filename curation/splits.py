"""Splits that cannot leak: whole connected components of (relations ∪ site) go to one split."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence


def components(ids: Sequence[str], sites: Sequence[str], ties: Iterable[tuple[str, str]]) -> dict[str, str]:
    """capture_id → its component, named by the component's smallest capture id. Parallel lists; ties are id pairs."""
    parent = {key: key for key in ids}

    def root(key: str) -> str:
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    def join(a: str, b: str) -> None:
        a, b = root(a), root(b)
        parent[max(a, b)] = min(a, b)

    first: dict[str, str] = {}
    for key, site in zip(ids, sites, strict=True):
        join(first.setdefault(site, key), key)
    for a, b in ties:
        join(a, b)
    return {key: root(key) for key in ids}


def assign(component: Mapping[str, str], kept: Iterable[str], shares: Mapping[str, float], seed: int) -> dict[str, str]:
    """Kept capture → split. Largest components first, each to the split that is farthest below its share.

    The seed breaks ties between components of one size. `train` is never empty; the other splits with a share get at
    least one component each where there are enough of them.
    """
    members: dict[str, list[str]] = defaultdict(list)
    for key in kept:
        members[component[key]].append(key)
    order = sorted(members, key=lambda c: (-len(members[c]), _draw(seed, c)))
    total = sum(map(len, members.values()))
    names = [name for name in shares if shares[name] > 0]
    groups: dict[str, list[str]] = {name: [] for name in names}
    rows = dict.fromkeys(names, 0)
    for index, group in enumerate(order):
        open_to = ["train"] if index == 0 else names
        best = max(open_to, key=lambda n: (shares[n] * total - rows[n], shares[n], -names.index(n)))
        groups[best].append(group)
        rows[best] += len(members[group])
    for name in names:
        donor = max(names, key=lambda n: (len(groups[n]), n == "train"))
        if not groups[name] and len(groups[donor]) > 1:
            groups[name].append(groups[donor].pop())  # the smallest, for they came in falling order
    return {key: name for name, some in groups.items() for group in some for key in members[group]}


def _draw(seed: int, component: str) -> str:
    return hashlib.sha256(f"{seed} {component}".encode()).hexdigest()
