"""Decisions: the first rule that fails names the rejection, and every capture has exactly one fate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.comparisons import comparisons
from curation.recipe import Recipe, parse_recipe
from curation.select import NOBODY, Decisions, SelectError, Selection, select, settled
from curation.stages import RELATED

TABLE = pa.table(
    {
        "capture_id": ["a", "b", "c", "d"],
        "width": [10, 20, 30, None],
        "height": [1, 1, 1, 1],
        "format": ["png"] * 4,
        "verdicts": [[], ["blank"], [], []],
    }
)
Tie = tuple[str, str, str]


def pairs(ties: Any, ids: list[str]) -> pa.Table:
    """What relations.find gives, from (relation, id, id)."""
    rows = sorted((name, *sorted((ids.index(a), ids.index(b)))) for name, a, b in ties)
    return pa.Table.from_pylist(
        [{"a": a, "b": b, "relation": n, "distance": 0.0, "why": ""} for n, a, b in rows], RELATED
    )


def decide(recipe: Recipe, *ties: Tie, failed: tuple[str, ...] = (), table: pa.Table = TABLE) -> Decisions:
    ids = table["capture_id"].to_pylist()
    with Selection(table) as selection:
        return settled(select(selection, recipe, np.isin(ids, failed), pairs(ties, ids)))


def fates(found: Decisions) -> list[tuple[str, str, int] | None]:
    """(stage, name, row that stands for it) of each row; None for the kept ones."""
    rows = zip(found.reason.tolist(), found.kept_row.tolist(), strict=True)
    return [None if r < 0 else (found.reasons[r].stage, found.reasons[r].name, kept) for r, kept in rows]


def rules(**sql: str) -> list[dict[str, str]]:
    return [{"name": name, "sql": text} for name, text in sql.items()]


def test_the_first_failing_rule_names_the_rejection(recipe: Callable[..., Recipe]) -> None:
    wide = recipe(keep=rules(seen="len(verdicts) = 0", wide="width >= 20", wider="width >= 30"))
    assert fates(decide(wide)) == [("rule", "wide", -1), ("rule", "seen", -1), None, ("rule", "wide", -1)]


def test_unknown_is_not_kept(recipe: Callable[..., Recipe]) -> None:
    assert fates(decide(recipe(keep=rules(wide="width > 0"))))[3] == ("rule", "wide", NOBODY)


def test_a_failed_decode_goes_before_any_rule(recipe: Callable[..., Recipe]) -> None:
    found = decide(recipe(keep=rules(never="false")), failed=("a",))
    assert fates(found)[0] == ("decode", "", NOBODY)
    assert found.counts() == {"kept": 0, "rejected": 3, "failed": 1}


def test_the_best_of_equals_is_kept_and_named(recipe: Callable[..., Recipe]) -> None:
    found = decide(recipe(keep=[]), ("exact", "a", "b"), ("exact", "a", "c"))
    assert fates(found) == [("relation", "exact", 2), ("relation", "exact", 2), None, None]


def test_a_chain_of_copies_does_not_merge_its_ends(recipe: Callable[..., Recipe]) -> None:
    ranked = recipe(keep=[], relations={"copy": {"rank": "-width"}})
    found = decide(ranked, ("copy", "a", "b"), ("copy", "b", "c"))
    assert fates(found) == [None, ("relation", "copy", 0), None, None]


def test_a_rejected_twin_takes_nothing_with_it(recipe: Callable[..., Recipe]) -> None:
    assert fates(decide(recipe(keep=rules(narrow="width < 20")), ("exact", "a", "c")))[0] is None


def test_kept_id_is_always_a_kept_capture(recipe: Callable[..., Recipe]) -> None:
    found = decide(recipe(keep=[]), ("exact", "a", "b"), ("copy", "b", "c"))
    assert [fate and fate[2] for fate in fates(found)] == [2, 2, None, None]


def test_a_twin_is_tied_to_what_its_equal_is_tied_to(recipe: Callable[..., Recipe]) -> None:
    """Only the first of equals has other relations; it is rejected here, and the tie holds for the one that is left."""
    wide = recipe(keep=rules(wide="width >= 20"))
    assert fates(decide(wide, ("exact", "a", "b"), ("copy", "a", "c")))[1] == ("relation", "copy", 2)


def test_keep_all_rejects_nothing(recipe: Callable[..., Recipe]) -> None:
    lenient = recipe(keep=[], relations={"exact": {"policy": "keep_all"}})
    assert fates(decide(lenient, ("exact", "a", "b")))[0] is None


@pytest.mark.parametrize("name", ["exact", "copy", "same_state", "locale", "theme", "same_template"])
def test_each_relation_has_the_three_policies(recipe: Callable[..., Recipe], name: str) -> None:
    """b is tied to a and c; the widest known is c."""
    ties = [(name, "b", "a"), (name, "b", "c")]
    if name == "exact":  # its groups are stars about their first row
        ties = [(name, "a", "b"), (name, "a", "c")]

    def kept(**policy: Any) -> str:
        found = decide(recipe(keep=[], relations={name: {"rank": "width"} | policy}), *ties)
        return "".join(k for k, fate in zip("abcd", fates(found), strict=True) if fate is None)

    assert kept(policy="keep_all") == "abcd"
    assert kept(policy="cap", cap=2) == "bcd"
    assert kept(policy="cap", cap=1) == "cd"
    assert kept(policy="keep_best") == ("cd" if name == "exact" else "acd")


@pytest.mark.parametrize(
    "sql",
    ["widht > 3", "width >", "width > 3; DROP TABLE captures", "sum(width)", "read_text('/etc/passwd') > ''", "'x'"],
)
def test_bad_sql_is_named_with_its_rule_in_one_line(recipe: Callable[..., Recipe], sql: str) -> None:
    with pytest.raises(SelectError) as caught:
        decide(recipe(keep=rules(mine=sql)))
    assert "keep rule 'mine'" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "sql", ["random() < 0.5", "width < RANDOM ()*9", "now() > '2020-01-01'", "current_date > '2020-01-01'"]
)
def test_sql_that_answers_otherwise_on_each_run_is_refused(recipe: Callable[..., Recipe], sql: str) -> None:
    with pytest.raises(SelectError, match=r"keep rule 'odd': .* has another value on each run"):
        decide(recipe(keep=rules(odd=sql)))


def test_names_in_quotes_and_longer_names_are_no_functions(recipe: Callable[..., Recipe]) -> None:
    sql = "format <> 'random()' /* now() */ AND \"width\" > 0 -- today()\n AND md5_number_lower(capture_id) % 2 < 9"
    assert decide(recipe(keep=rules(plain=sql))).counts()["kept"] == 3


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
    assert [(one.operand, one.op, one.threshold) for one in comparisons(sql)] == found


def test_margins_are_signed_towards_passing(recipe: Callable[..., Recipe]) -> None:
    with Selection(TABLE) as selection:
        (margin,) = selection.margins(recipe(keep=rules(narrow="width < 20")).keep)
    assert margin.margins[:3].tolist() == [10, 0, -10]
    assert np.isnan(margin.margins[3])


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.booleans(), st.booleans()), min_size=1, max_size=25),
    st.lists(
        st.tuples(
            st.integers(0, 24), st.integers(0, 24), st.sampled_from(["exact", "copy", "locale", "same_template"])
        ),
        max_size=25,
    ),
)
def test_kept_and_rejected_and_failed_make_the_input(rows: list[Any], ties: list[Any]) -> None:
    ids = [f"c{i:02d}" for i in range(len(rows))]
    table = pa.table({"capture_id": ids, "width": [w for w, _, _ in rows], "height": [1] * len(rows),
                      "format": ["png"] * len(rows), "allowed": [a for _, a, _ in rows]})  # fmt: skip
    failed = tuple(key for key, (_, _, broken) in zip(ids, rows, strict=True) if broken)
    found = {(kind, *sorted((ids[a % len(ids)], ids[b % len(ids)]))) for a, b, kind in ties}
    related = [(kind, a, b) for kind, a, b in sorted(found) if a != b and not {a, b} & set(failed)]
    policies = {"locale": {"policy": "keep_best"}, "same_template": {"policy": "cap", "cap": 2}}
    keep = rules(allowed="allowed", wide="width > 2")
    recipe = parse_recipe({"name": "p", "features": ["decode"], "keep": keep, "relations": policies})
    decided = decide(recipe, *related, failed=failed, table=table)
    assert sum(decided.counts().values()) == len(ids) == len(decided.reason)
    assert decided.counts()["failed"] == len(failed)
    assert sum(number for _, number in decided.by_reason()) == len(ids) - decided.counts()["kept"]
    by = decided.kept_row[decided.kept_row != NOBODY]
    assert decided.kept[by].all()
    kept = {ids[row] for row in np.flatnonzero(decided.kept)}
    assert not [tie for tie in related if tie[0] in ("copy", "locale") and {tie[1], tie[2]} <= kept]
