"""Which questions are chosen, who sees the model's opinion, and that a repeat asks the same."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from annotations.configs import label_task
from annotations.configs.result import Answer
from annotations.events import events_table
from annotations.items import Items, read_items
from annotations.questions import QuestionError, make_questions, task_key
from annotations.selection import Chosen, SelectionError, answer_spread, choose, order, uncertainty
from benchmarks import label_set

COUNT = 60


@pytest.fixture(scope="module")
def items(tmp_path_factory: pytest.TempPathFactory) -> Items:
    home = tmp_path_factory.mktemp("screens")
    label_set.write(home, COUNT, scale=0.15)
    return read_items("screens", home)


def address(number: int) -> str:
    return f"/pictures/{number}"


def test_a_column_becomes_grades_by_rank(items: Items) -> None:
    assert items.grades is not None
    scores = np.array([row["aesthetic"] for row in items.rows])
    assert np.array_equal(np.argsort(items.grades, kind="stable"), np.argsort(scores, kind="stable"))
    assert 1.0 <= items.grades.min() < items.grades.max() <= 5.0
    assert len(set(items.grades[scores == scores.max()])) == 1


def test_the_first_question_is_a_most_uncertain_one(items: Items) -> None:
    first = choose(items, 1, 1)[0]
    assert uncertainty(items)[first.items[0]] == pytest.approx(uncertainty(items).max())


def test_no_screen_is_asked_about_twice_and_what_was_asked_is_left_out(items: Items) -> None:
    asked = frozenset((items.sha256(number),) for number in range(20))
    chosen = choose(items, 1, COUNT, asked=asked)
    assert sorted(one.items[0] for one in chosen) == list(range(20, COUNT))


def test_diversity_reaches_further_than_uncertainty_alone_would(items: Items) -> None:
    assert items.vectors is not None
    diverse = [one.items[0] for one in choose(items, 1, 10, by="diversity")]
    sure = np.argsort(-uncertainty(items), kind="stable")[:10]

    def nearest(numbers: list[int]) -> float:
        assert items.vectors is not None
        near = items.vectors[numbers] @ items.vectors[numbers].T - 2 * np.eye(len(numbers))
        return float(near.max(axis=1).mean())

    assert nearest(diverse) < nearest([int(one) for one in sure])


def test_where_people_differed_is_asked_first(items: Items) -> None:
    spread = {items.sha256(number): 0.0 for number in range(COUNT)} | {items.sha256(17): 1.0}
    plain = choose(items, 1, COUNT, by="disagreement", spread={})
    told = choose(items, 1, COUNT, by="disagreement", spread=spread)
    place = {one.items[0]: number for number, one in enumerate(told)}
    assert place[17] < [one.items[0] for one in plain].index(17) or place[17] == 0


def test_the_spread_of_answers_is_that_of_people_on_one_screen() -> None:
    def grade(who: str, sha: str, value: float) -> dict[str, object]:
        return {
            "annotation_key": f"{who}{sha}", "revision": "1", "source": "t", "task": "critique", "annotator": who,
            "item_sha256": sha * 64, "aspect": "overall", "value": value, "updated_at": 0,
        }  # fmt: skip

    table = events_table(
        [grade("a", "1", 1), grade("b", "1", 5), grade("a", "2", 3), grade("b", "2", 3), grade("a", "3", 2)]
    )
    assert answer_spread(table) == {"1" * 64: 1.0, "2" * 64: 0.0}


def test_pairs_are_of_one_form_factor_and_of_two_sites_and_spread(items: Items) -> None:
    chosen = choose(items, 2, 40)
    for one in chosen:
        left, right = (items.rows[number] for number in one.items)
        assert left["form_factor"] == right["form_factor"]
        assert left["site"] != right["site"]
    assert len({tuple(sorted(one.items)) for one in chosen}) == 40
    assert max(Counter(number for one in chosen for number in one.items).values()) <= 6


def test_a_dataset_without_opinions_still_gives_questions(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    folder = label_set.write(tmp_path, 12, scale=0.1)
    shard = next(folder.glob("train-*.parquet"))
    pq.write_table(pq.read_table(shard).drop_columns(["aesthetic", "nsfw", "tag_page_type_score", "embedding"]), shard)
    bare = read_items("screens", tmp_path)
    assert bare.grades is None
    assert len(choose(bare, 1, 12)) == 12
    assert len(choose(bare, 2, 5)) == 5


@pytest.mark.parametrize("by", ["uncertainty", "diversity", "disagreement", "random"])
@pytest.mark.parametrize("shown", [1, 2, 4])
def test_the_same_call_chooses_the_same(items: Items, by: str, shown: int) -> None:
    assert choose(items, shown, 9, by=by) == choose(items, shown, 9, by=by)


def test_an_unknown_way_to_choose_is_named(items: Items) -> None:
    with pytest.raises(SelectionError, match="uncertainty, diversity"):
        choose(items, 1, 3, by="taste")


def test_a_tenth_or_more_is_blind_whatever_the_number(items: Items) -> None:
    task = label_task("critique")
    for count in (1, 7, 10, 55):
        questions = make_questions(items, task, choose(items, 1, count), address)
        assert sum(one.blind for one in questions) >= 0.1 * count
    again = make_questions(items, task, choose(items, 1, 55), address)
    assert again == questions


def test_a_smaller_blind_cohort_is_refused(items: Items) -> None:
    with pytest.raises(QuestionError, match="too small"):
        make_questions(items, label_task("critique"), choose(items, 1, 5), address, blind=0.05)


def test_gold_is_mixed_in_and_what_is_expected_stays_here(items: Items) -> None:
    task = label_task("critique")
    gold: dict[tuple[str, ...], list[Answer]] = {
        (items.sha256(3),): [Answer("overall", 5.0)],
        (items.sha256(59),): [Answer("overall", 1.0)],
    }
    questions = make_questions(items, task, choose(items, 1, 30), address, gold=gold)
    golden = [one for one in questions if one.gold]
    assert len(golden) == 2
    assert all(one.expected and one.blind for one in golden)
    assert not any(
        "gold" in str(one.data) or "expected" in str(one.data) or "blind" in str(one.data) for one in questions
    )


def test_gold_of_a_screen_that_is_not_there_is_refused(items: Items) -> None:
    with pytest.raises(QuestionError, match="fits no critique"):
        make_questions(items, label_task("critique"), [], address, gold={("f" * 64,): [Answer("overall", 5.0)]})


def test_a_question_is_known_by_its_pictures_and_page_whatever_their_order() -> None:
    assert task_key(["a", "b"], "page") == task_key(["b", "a"], "page")
    assert task_key(["a", "b"], "page") != task_key(["a", "b"], "other page")
    assert task_key(["a"], "page", "A caption") != task_key(["a"], "page", "Another")


def test_the_highest_gain_is_served_first() -> None:
    assert order([0.1, 0.9, 0.5]) == [pytest.approx(2 / 3), 0.0, pytest.approx(1 / 3)]


def test_best_of_n_predictions_rank_by_grade(items: Items) -> None:
    assert items.grades is not None
    task = label_task("best_of_n", 3)
    question = make_questions(items, task, [Chosen((5, 6, 7), 1.0)], address, blind=0.1)[0]
    ranks = {one["item"]: one["value"] for one in question.prediction}
    grades = items.grades
    assert sorted(ranks, key=lambda item: ranks[item]) == sorted(range(3), key=lambda item: -grades[5 + item])
