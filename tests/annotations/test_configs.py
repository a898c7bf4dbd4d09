"""The labelling pages: Label Studio takes them and what we write for them, and what no page could give is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.configs import LABEL_TASKS, LabelTask, UnknownTask, label_task
from annotations.configs.critique import ASPECTS, NSFW, PAGE_TYPES
from annotations.configs.elements import KINDS
from annotations.configs.result import Answer, Box, ResultError
from annotations.errors import GessoError
from annotations.events import TASKS
from benchmarks.invalid_results import INVALID, NOT_JSON

EXAMPLES = {
    "critique": [
        Answer("overall", 4.0),
        *(Answer(name, 3.0) for name in ASPECTS),
        Answer("page_type", label="pricing"),
        Answer("nsfw", label="safe"),
        Answer("comment", label="Calm, but the button hides"),
    ],
    "pairwise": [Answer("preference", 0.5, "both_bad")],
    "best_of_n": [Answer("rank", float(place), item=item) for place, item in ((1, 2), (2, 0), (3, 3), (4, 1))],
    "elements": [
        Answer("element", None, "button", 0, Box(0.1, 0.2, 0.25, 0.05), "b0"),
        Answer("element", None, "nav", 0, Box(0.0, 0.0, 1.0, 0.1), "b1"),
    ],
    "caption_check": [Answer("verdict", None, "edit"), Answer("caption", None, "A sign-in form\nwith two fields")],
}


@pytest.mark.parametrize("name", LABEL_TASKS)
def test_what_a_task_writes_it_reads_back(name: str) -> None:
    task = label_task(name)
    assert sorted(map(_plain, task.read(task.write(EXAMPLES[name])))) == sorted(map(_plain, EXAMPLES[name]))


@pytest.mark.parametrize("name", LABEL_TASKS)
def test_label_studio_takes_the_page_and_our_predictions(name: str) -> None:
    """Its own rules, from its SDK, on the page and on what a push attaches."""
    from label_studio_sdk.label_interface import LabelInterface

    task = label_task(name)
    interface = LabelInterface(task.xml())
    interface.validate()
    result = [{"id": f"p{number}", **region} for number, region in enumerate(task.write(EXAMPLES[name]))]
    problems = interface.validate_prediction({"model_version": "m", "score": 0.5, "result": result}, return_errors=True)
    assert not problems


@pytest.mark.parametrize(
    ("name", "what", "result"),
    [*INVALID, *NOT_JSON],
    ids=[f"{task}: {what}" for task, what, _ in (*INVALID, *NOT_JSON)],
)
def test_what_no_page_could_give_is_refused(name: str, what: str, result: Any) -> None:
    with pytest.raises(ResultError) as caught:
        label_task(name).read(result)
    assert caught.value.kind
    assert str(caught.value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
regions = st.fixed_dictionaries(
    {
        "from_name": st.sampled_from(
            ["overall", "layout", "nsfw", "comment", "preference", "rank", "element", "verdict"]
        ),
        "to_name": st.sampled_from(["image", "left", "items"]),
        "type": st.sampled_from(["choices", "rating", "textarea", "ranker", "rectanglelabels"]),
        "value": st.dictionaries(
            st.sampled_from(["choices", "rating", "text", "ranker", "x", "y", "width", "height", "rectanglelabels"]),
            json_values,
            max_size=5,
        )
        | json_values,
    },
    optional={"id": json_values, "origin": json_values},
)


@pytest.mark.parametrize("name", LABEL_TASKS)
@given(result=st.lists(regions, max_size=3) | json_values)
def test_whatever_a_server_holds_is_answers_or_a_result_error(name: str, result: Any) -> None:
    task = label_task(name)
    try:
        answers = task.read(result)
    except ResultError:
        return
    assert task.read(task.write([one for one in answers if one.region_id is None or one.region_id])) is not None


def test_a_box_at_the_rim_is_cut_to_the_picture() -> None:
    task = label_task("elements")
    value = {"x": 79.9999999, "y": -0.0000001, "width": 20.0000004, "height": 50, "rectanglelabels": ["nav"]}
    region = {"from_name": "element", "to_name": "image", "type": "rectanglelabels", "value": value, "id": "a"}
    box = task.read([region])[0].box
    assert box is not None
    assert box.y == 0
    assert box.x + box.width <= 1


def test_the_page_decides_its_hash() -> None:
    hashes = {label_task(name).config_hash for name in LABEL_TASKS}
    assert len(hashes) == len(LABEL_TASKS)
    assert label_task("best_of_n", 5).config_hash != label_task("best_of_n", 4).config_hash


def test_tasks_are_those_that_events_know() -> None:
    assert set(LABEL_TASKS) < set(TASKS)


def test_no_two_keys_of_a_page_are_the_same() -> None:
    keys = [key for _, key in ASPECTS.values()] + list(NSFW.values()) + ["1", "2", "3", "4", "5"]
    assert len(keys) == len(set(keys))
    assert len({key for key, _ in KINDS.values()}) == len(KINDS)


def test_an_unknown_task_names_those_there_are() -> None:
    with pytest.raises(UnknownTask, match="pairwise"):
        label_task("guess")


def test_a_list_that_nobody_keeps_in_mind_is_refused() -> None:
    with pytest.raises(GessoError, match="3 to 9"):
        label_task("best_of_n", 12)


def test_page_types_are_those_that_tags_predict() -> None:
    from curation.encoder.prompts import read_prompts
    from curation.features.tags import DEFAULT

    assert set(read_prompts(DEFAULT).groups["page_type"]) <= set(PAGE_TYPES)


def test_pictures_of_a_list_cannot_break_out_of_their_html() -> None:
    task: LabelTask = label_task("best_of_n", 3)
    items = task.data(['/x?d="><script>alert(1)</script>', "/b", "/c"])["items"]
    assert "<script" not in items[0]["html"]


def _plain(answer: Answer) -> tuple[Any, ...]:
    box = answer.box and tuple(round(getattr(answer.box, side), 9) for side in ("x", "y", "width", "height"))
    return (answer.aspect, answer.item, answer.value or 0.0, answer.label or "", box or (), answer.region_id or "")
