"""Decisions: the first rule that fails names the rejection, and every capture has exactly one fate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.recipe import Recipe, parse_recipe
from curation.relations import Relation
from curation.select import Decision, SelectError, Selection, comparisons, select

TABLE = pa.table(
    {
        "capture_id": ["a", "b", "c", "d"],
        "width": [10, 20, 30, None],
        "height": [1, 1, 1, 1],
        "format": ["png"] * 4,
        "verdicts": [[], ["blank"], [], []],
    }
)


def decide(
    recipe: Recipe, failed: dict[str, str] | None = None, *ties: Relation, table: pa.Table = TABLE
) -> dict[str, Decision]:
    with Selection(table) as selection:
        return select(selection, recipe, failed or {}, ties)


def rules(**sql: str) -> list[dict[str, str]]:
    return [{"name": name, "sql": text} for name, text in sql.items()]


def test_the_first_failing_rule_names_the_rejection(recipe: Callable[..., Recipe]) -> None:
    wide = recipe(keep=rules(seen="len(verdicts) = 0", wide="width >= 20", wider="width >= 30"))
    found = decide(wide)
    assert {k: d.reason for k, d in found.items()} == {"a": "wide", "b": "seen", "c": None, "d": "wide"}


def test_unknown_is_not_kept(recipe: Callable[..., Recipe]) -> None:
    assert decide(recipe(keep=rules(wide="width > 0")))["d"] == Decision("rejected", "rule", "wide")


def test_a_failed_decode_goes_before_any_rule(recipe: Callable[..., Recipe]) -> None:
    found = decide(recipe(keep=rules(never="false")), {"a": "truncated: it ends early"})
    assert found["a"] == Decision("failed", "decode", "truncated: it ends early")


def test_the_best_of_equals_is_kept_and_named(recipe: Callable[..., Recipe]) -> None:
    found = decide(recipe(keep=[]), {}, Relation("exact", "a", "b", 0), Relation("exact", "a", "c", 0))
    assert [found[k].state for k in "abcd"] == ["rejected", "rejected", "kept", "kept"]
    assert found["a"] == Decision("rejected", "relation", "exact", "c")
    assert found["b"].kept_id == "c"


def test_a_chain_of_copies_does_not_merge_its_ends(recipe: Callable[..., Recipe]) -> None:
    ranked = recipe(keep=[], relations={"copy": {"rank": "-width"}})
    found = decide(ranked, {}, Relation("copy", "a", "b", 3), Relation("copy", "b", "c", 3))
    assert [found[k].state for k in "abc"] == ["kept", "rejected", "kept"]
    assert found["b"].kept_id == "a"


def test_a_rejected_twin_takes_nothing_with_it(recipe: Callable[..., Recipe]) -> None:
    narrow = recipe(keep=rules(narrow="width < 20"))
    assert decide(narrow, {}, Relation("exact", "a", "c", 0))["a"].state == "kept"


def test_kept_id_is_always_a_kept_capture(recipe: Callable[..., Recipe]) -> None:
    found = decide(recipe(keep=[]), {}, Relation("exact", "a", "b", 0), Relation("copy", "b", "c", 2))
    assert [found[k].kept_id for k in "abc"] == ["c", "c", None]


def test_keep_all_rejects_nothing(recipe: Callable[..., Recipe]) -> None:
    lenient = recipe(keep=[], relations={"exact": {"policy": "keep_all"}})
    assert decide(lenient, {}, Relation("exact", "a", "b", 0))["a"].state == "kept"


@pytest.mark.parametrize(
    "sql",
    ["widht > 3", "width >", "width > 3; DROP TABLE captures", "sum(width)", "read_text('/etc/passwd') > ''", "'x'"],
)
def test_bad_sql_is_named_with_its_rule_in_one_line(recipe: Callable[..., Recipe], sql: str) -> None:
    with pytest.raises(SelectError) as caught:
        decide(recipe(keep=rules(mine=sql)))
    assert "keep rule 'mine'" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_bad_rank_is_named_with_its_relation(recipe: Callable[..., Recipe]) -> None:
    with pytest.raises(SelectError, match="rank of relation 'copy'"):
        decide(recipe(keep=[], relations={"copy": {"rank": "beauty"}}))


def test_sql_reads_no_file(recipe: Callable[..., Recipe], tmp_path: Any) -> None:
    (tmp_path / "x.csv").write_text("a\n1\n")
    with pytest.raises(SelectError):
        decide(recipe(keep=rules(mine=f"(SELECT a FROM '{tmp_path}/x.csv') = 1")))


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("blankness < 0.9", [("blankness", "<", 0.9)]),
        ("a >= 1 AND b / c <= -2.5", [("a", ">=", 1), ("b / c", "<=", -2.5)]),
        ("least(a, b) > 240 and (c < 3)", [("least(a, b)", ">", 240), ("c", "<", 3)]),
        ("a BETWEEN 1 AND 2 AND b > 3", [("a", ">=", 1), ("a", "<=", 2), ("b", ">", 3)]),
        ("a IS NULL OR a < 3", []),
        ("allowed", []),
        ("name = 'x > 3'", []),
    ],
)
def test_simple_comparisons_are_read_from_a_rule(sql: str, found: list[tuple[str, str, float]]) -> None:
    assert comparisons(sql) == found


def test_margins_are_signed_towards_passing(recipe: Callable[..., Recipe]) -> None:
    with Selection(TABLE) as selection:
        (margin,) = selection.margins(recipe(keep=rules(narrow="width < 20")).keep)
    assert [margin.margin(i) for i in range(4)] == [10, 0, -10, None]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.booleans(), st.sampled_from([None, "corrupt: x"])), min_size=1, max_size=25
    ),
    st.lists(st.tuples(st.integers(0, 24), st.integers(0, 24), st.sampled_from(["exact", "copy"])), max_size=25),
)
def test_kept_and_rejected_and_failed_make_the_input(rows: list[Any], ties: list[Any]) -> None:
    ids = [f"c{i:02d}" for i in range(len(rows))]
    table = pa.table({"capture_id": ids, "width": [w for w, _, _ in rows], "height": [1] * len(rows),
                      "format": ["png"] * len(rows), "allowed": [a for _, a, _ in rows]})  # fmt: skip
    failed = {key: reason for key, (_, _, reason) in zip(ids, rows, strict=True) if reason}
    pairs = {(*sorted((ids[a % len(ids)], ids[b % len(ids)])), kind) for a, b, kind in ties}
    related = [Relation(kind, a, b, 0) for a, b, kind in sorted(pairs) if a != b and not {a, b} & failed.keys()]
    recipe = parse_recipe({"name": "p", "features": ["decode"], "keep": rules(allowed="allowed", wide="width > 2")})
    found = decide(recipe, failed, *related, table=table)
    states = Counter(d.state for d in found.values())
    assert list(found) == ids
    assert states["kept"] + states["rejected"] + states["failed"] == len(ids)
    assert all((d.reason is None) == (d.state == "kept") for d in found.values())
    assert all(found[d.kept_id].state == "kept" for d in found.values() if d.kept_id)
    assert not [r for r in related if r.relation == "copy" and found[r.a].state == found[r.b].state == "kept"]
