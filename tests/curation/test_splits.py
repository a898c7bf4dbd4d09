"""Splits: nothing related, and no site, lies in two of them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from curation.splits import assign, components

SHARES = {"train": 0.8, "val": 0.1, "test": 0.1}
worlds = st.integers(1, 60).flatmap(
    lambda n: st.tuples(
        st.just([f"c{i:03d}" for i in range(n)]),
        st.lists(st.sampled_from("abcdefghijklmnop"), min_size=n, max_size=n),
        st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=20),
        st.sets(st.integers(0, n - 1)),
        st.integers(0, 5),
    )
)


@settings(deadline=None)
@given(worlds)
def test_no_site_and_no_relation_crosses_a_split(world: tuple) -> None:  # type: ignore[type-arg]
    ids, sites, ties, dropped, seed = world
    pairs = [(ids[a], ids[b]) for a, b in ties]
    kept = [key for index, key in enumerate(ids) if index not in dropped]
    component = components(ids, sites, pairs)
    split = assign(component, kept, SHARES, seed)
    assert set(split) == set(kept)
    site = dict(zip(ids, sites, strict=True))
    for one in kept:
        for other in kept:
            if site[one] == site[other] or (one, other) in pairs:
                assert split[one] == split[other]
    if kept:
        assert "train" in split.values()
    if len({component[key] for key in kept}) >= 3:
        assert set(split.values()) == set(SHARES)


@settings(deadline=None)
@given(worlds)
def test_the_order_of_the_input_does_not_matter(world: tuple) -> None:  # type: ignore[type-arg]
    ids, sites, ties, _, seed = world
    pairs = [(ids[a], ids[b]) for a, b in ties]
    forward = assign(components(ids, sites, pairs), ids, SHARES, seed)
    backward = assign(components(ids[::-1], sites[::-1], pairs[::-1]), ids[::-1], SHARES, seed)
    assert forward == backward


def test_shares_are_met_where_sites_are_many() -> None:
    ids = [f"c{i:04d}" for i in range(1000)]
    sites = [f"s{i % 100}" for i in range(1000)]
    split = assign(components(ids, sites, []), ids, SHARES, 1)
    counts = [list(split.values()).count(name) for name in SHARES]
    assert counts == [800, 100, 100]


def test_a_rejected_capture_still_ties_two_sites() -> None:
    component = components(["a", "b", "x"], ["one", "two", "three"], [("a", "x"), ("x", "b")])
    assert component["a"] == component["b"]


def test_another_seed_is_another_draw() -> None:
    ids = [f"c{i:03d}" for i in range(100)]
    component = components(ids, ids, [])
    assert assign(component, ids, SHARES, 1) != assign(component, ids, SHARES, 2)
