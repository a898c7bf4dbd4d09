"""What if: the counts that another rule would give are those that it gives, and nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawlers.captures import CaptureStore
from curation import what_if_page
from curation.recipe import RecipeError
from curation.run import curate
from curation.select import SelectError
from curation.what_if import WhatIf, changed_recipe, what_if
from tests.curation.conftest import fill, small_recipe


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    fill(home)
    curate(small_recipe(), home, report=False)
    return home


def state(outcome: WhatIf) -> dict[str, tuple[int, int]]:
    return {count.name: (count.before, count.after) for count in outcome.states}


def test_the_counts_are_those_that_the_changed_recipe_gives(home: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in (home / "datasets").rglob("*")}
    outcome = what_if(small_recipe(), home, ["blank: blankness < 0.2"])
    assert {p: p.stat().st_mtime_ns for p in (home / "datasets").rglob("*")} == before
    assert outcome.replaced == {"blank": "blankness < 0.9"}
    keep = [
        r.model_dump() if r.name != "blank" else {"name": "blank", "sql": "blankness < 0.2"}
        for r in small_recipe().keep
    ]
    changed = curate(small_recipe(name="changed", keep=keep), home, report=False)
    assert changed.computed == 0
    assert {name: after for name, (_, after) in state(outcome).items()} == {
        "kept": changed.kept,
        "rejected": changed.rejected,
        "failed": changed.failed,
    }
    assert {c.name: c.after for c in outcome.reasons if c.name != "decode"} == changed.rejected_by
    assert sum(count.after for count in outcome.splits) == changed.kept


def test_a_bare_expression_is_one_more_rule(home: Path) -> None:
    outcome = what_if(small_recipe(), home, ["site <> 'site3.test'"])
    assert [(rule.name, rule.sql) for rule in outcome.rules] == [("what_if", "site <> 'site3.test'")]
    assert outcome.changed == len(outcome.out) == 2
    assert {(e.site, e.after) for e in outcome.out} == {("site3.test", "what_if")}
    assert all(e.before.startswith("kept (") for e in outcome.out)


def test_examples_at_the_threshold_come_from_both_sides(home: Path) -> None:
    outcome = what_if(small_recipe(), home, ["entropy > 1.5"])
    margins = [e.margin for e in outcome.borderline]
    assert None not in margins
    assert margins == sorted(margins)  # type: ignore[type-var]
    for example in outcome.borderline:
        assert example.value is not None
        assert example.operand == "entropy"
        assert example.margin == pytest.approx(example.value - 1.5)


def test_a_cast_is_no_name() -> None:
    _, rules, replaced = changed_recipe(small_recipe(), ["blankness::DOUBLE < 1", "found : true"])
    assert [(rule.name, rule.sql) for rule in rules] == [("what_if", "blankness::DOUBLE < 1"), ("found", "true")]
    assert replaced == {"found": "http_status < 400"}


def test_a_rule_that_is_hardly_the_one_meant_is_no_new_one() -> None:
    with pytest.raises(RecipeError, match="did you mean 'blank'"):
        changed_recipe(small_recipe(), ["blanc: blankness < 0.2"])
    _, rules, replaced = changed_recipe(small_recipe(), ["readable: text_coverage > 0.1"])
    assert [rule.name for rule in rules] == ["readable"]
    assert not replaced


def test_wrong_sql_and_an_empty_change_are_named(home: Path) -> None:
    with pytest.raises(SelectError, match="keep rule 'what_if'"):
        what_if(small_recipe(), home, ["blanknes < 1"])
    with pytest.raises(RecipeError, match="empty"):
        changed_recipe(small_recipe(), [" "])
    with pytest.raises(RecipeError, match="--what-if: keep: 'theme' is taken by a relation"):
        changed_recipe(small_recipe(), ["theme: true"])
    with pytest.raises(RecipeError, match=r"--what-if: the rule's sql: .* at most 4000"):
        changed_recipe(small_recipe(), ["true AND " * 1000 + "true"])


def test_the_page_shows_what_changes_and_escapes_what_it_shows(home: Path, tmp_path: Path) -> None:
    outcome = what_if(small_recipe(), home, ["site <> '<b>' AND entropy > 1.5"])
    store = CaptureStore(str(home / "captures"))
    page = what_if_page.write(outcome, store, tmp_path / "what-if.html").read_text()
    assert "<b>" not in page
    assert page.count("data:image/jpeg;base64,") == page.count("<figure>") > 0
    bare = what_if_page.write(outcome, None, tmp_path / "bare.html").read_text()
    assert "base64" not in bare
    assert bare.count("<figure>") == page.count("<figure>")
