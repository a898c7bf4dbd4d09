"""A rule falls apart into numbers that can be moved and a rest that stays, and comes together again as it was."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.comparisons import comparisons, without
from curation.report import rules
from curation.report.tables import read_version
from tests.curation.report.test_facts import values

TABLE = pa.table(
    {
        "capture_id": ["a", "b", "c"],
        "blankness": pa.array([0.5, None, 0.95], pa.float32()),
        "aspect": [0.2, 1.5, 3.0],
        "verdicts": [["error_page"], [], []],
    }
)
RULES = {
    "blankness < 0.9": ([("blankness", "<", 0.9)], "TRUE"),
    "0.3 <= aspect": ([("aspect", ">=", 0.3)], "TRUE"),
    "aspect BETWEEN 1 AND 2 AND NOT list_contains(verdicts, 'x')": (
        [("aspect", ">=", 1.0), ("aspect", "<=", 2.0)],
        "TRUE AND NOT list_contains(verdicts, 'x')",
    ),
    "(aspect > -1.5) AND (blankness<.3 AND aspect*2 >= 1e1)": (
        [("aspect", ">", -1.5), ("blankness", "<", 0.3), ("aspect*2", ">=", 10.0)],
        "(TRUE) AND (TRUE AND TRUE)",
    ),
    "coalesce(aspect, 'ä'::INT) < 4 AND 'é' > 'a'": ([("coalesce(aspect, 'ä'::INT)", "<", 4.0)], "TRUE AND 'é' > 'a'"),
    "aspect < 1 OR aspect > 2": ([], None),
    "NOT (aspect < 3)": ([], None),
    "aspect NOT BETWEEN 1 AND 2": ([], None),
    "aspect < blankness": ([], None),
    "aspect < 1; DROP TABLE captures": ([], None),
}


@pytest.mark.parametrize("sql", RULES)
def test_comparisons_are_those_of_the_top_and_chain(sql: str) -> None:
    expected, rest = RULES[sql]
    found = comparisons(sql)
    assert [(c.operand, c.op, c.threshold) for c in found] == expected
    assert without(sql, found) == (rest if rest is not None else sql)
    for comparison in found:
        start, end = comparison.number
        assert float(sql.encode()[start:end].decode()) == comparison.threshold


@settings(max_examples=25, deadline=None)
@given(st.floats(-1e6, 1e6, allow_nan=False), st.sampled_from(["<", "<=", ">", ">="]))
def test_the_number_of_a_rule_stands_where_it_is_said_to(number: float, op: str) -> None:
    sql = f"verdicts IS NOT NULL AND aspect {op} {number}"
    [found] = comparisons(sql)
    assert (found.op, found.threshold) == (op, number)


def test_rules_come_apart_with_their_values_and_rest(version_dir: Path) -> None:
    version = read_version(version_dir)
    found = {rule["name"]: rule for rule in rules.model(version)["rules"]}
    [comparison] = found["readable"]["comparisons"]
    assert (comparison["operand"], comparison["op"], comparison["threshold"]) == ("text_coverage", ">", 0.02)
    assert found["readable"]["sql"][slice(*comparison["at"])] == "0.02"
    assert [v for v in values(comparison["values"]) if v == v] == [v for v in version.column("text_coverage") if v == v]
    assert found["allowed"]["comparisons"] == []
    assert set(values(found["allowed"]["rest"])) == {1}


def test_a_rule_over_a_column_that_is_not_at_hand_is_believed(version_dir: Path) -> None:
    version = read_version(version_dir)
    version.manifest["funnel"].insert(0, {"name": "not_blank", "sql": "design IS NOT NULL", "stage": "rule"})
    rule = rules.model(version)["rules"][0]
    assert rule["known"] is False
    assert values(rule["rest"]).count(0) == 1


def test_no_rule_reaches_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("x\n1\n")
    with rules.Sql(TABLE) as engine:
        assert engine.values(f"(SELECT count(*) FROM '{tmp_path}/secret.csv')", "DOUBLE") is None


def test_relations_are_ranked_best_first_by_rank_then_id(version_dir: Path) -> None:
    version = read_version(version_dir)
    relations = {relation["name"]: relation for relation in rules.model(version)["relations"]}
    order = values(relations["copy"]["order"])
    area = [w * h for w, h in zip(version.column("width"), version.column("height"), strict=True)]
    assert order == sorted(range(len(area)), key=lambda i: (-area[i], version.ids[i]))
    assert relations["theme"] == {"name": "theme", "policy": "keep_all"}
