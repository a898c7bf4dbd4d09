"""Projects that Label Studio accepts, drawn by seed, with ids that make a repeat known."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from annotations.project import ProjectError, export_images, label_config, tasks, write_project
from tests.models.shards import row, write_version


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_version(tmp_path_factory.mktemp("demo") / "demo" / "1", [row(number) for number in range(12)])


def _interface(task: str) -> Any:
    import label_studio_sdk.label_interface as interface

    return interface.LabelInterface(label_config(task))


@pytest.mark.parametrize("task", ["rating", "pairwise"])
def test_label_studio_accepts_config_and_tasks(version: Path, task: str) -> None:
    interface = _interface(task)
    interface.validate()
    for one in tasks(version, task, 5, seed=1):
        assert interface.validate_task(one)


@pytest.mark.parametrize(
    ("task", "result"),
    [
        ("rating", {"from_name": "rating", "to_name": "image", "type": "rating", "value": {"rating": 4}}),
        ("pairwise", {"from_name": "better", "to_name": "left", "type": "pairwise", "value": {"selected": "left"}}),
    ],
)
def test_the_controls_have_the_names_that_results_come_back_with(task: str, result: dict[str, Any]) -> None:
    control = _interface(task).get_control(result["from_name"])
    assert result["to_name"] in control.to_name
    assert control.tag.lower() == result["type"]


@pytest.mark.parametrize("task", ["rating", "pairwise"])
def test_a_seed_draws_the_same_tasks(version: Path, task: str) -> None:
    assert tasks(version, task, 6, seed=1) == tasks(version, task, 6, seed=1) != tasks(version, task, 6, seed=2)


def test_ids_are_of_what_is_asked(version: Path) -> None:
    one = {task["data"]["capture_id"]: task["data"]["task_id"] for task in tasks(version, "rating", 12, seed=1)}
    other = {task["data"]["capture_id"]: task["data"]["task_id"] for task in tasks(version, "rating", 12, seed=2)}
    assert one == other
    assert len(set(one.values())) == 12
    assert {uuid.UUID(value).version for value in one.values()} == {5}


@pytest.mark.parametrize("count", [3, 66, 500])
def test_pairs_are_unordered_and_of_two_captures(version: Path, count: int) -> None:
    drawn = [task["data"] for task in tasks(version, "pairwise", count, seed=3)]
    pairs = {frozenset((data["left_capture_id"], data["right_capture_id"])) for data in drawn}
    assert len(pairs) == len(drawn) == min(count, 66)
    assert all(len(pair) == 2 for pair in pairs)


def test_a_project_holds_the_pictures_its_tasks_name(version: Path, tmp_path: Path) -> None:
    project = write_project(version, "pairwise", 4, 7, tmp_path)
    assert project.name == "demo-1-pairwise"
    for task in json.loads((project / "tasks.json").read_text(encoding="utf-8")):
        for side in ("left", "right"):
            path = tmp_path / task["data"][side].removeprefix("/data/local-files/?d=")
            assert Image.open(path).size == (120, 90)


def test_pictures_are_exported_once(version: Path, tmp_path: Path) -> None:
    ids = [row(number)["capture_id"] for number in range(3)]
    assert export_images(version, ids, tmp_path) == 3
    assert export_images(version, ids, tmp_path) == 0


def test_an_unknown_task_is_named(version: Path) -> None:
    with pytest.raises(ProjectError, match="unknown task 'vote': give one of rating, pairwise"):
        tasks(version, "vote", 1, seed=1)


def test_too_few_screens_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="has 1 screens, too few for pairwise"):
        tasks(write_version(tmp_path, [row(1)], shards=1), "pairwise", 1, seed=1)
    with pytest.raises(ProjectError, match="has no shards"):
        tasks(tmp_path / "empty", "rating", 1, seed=1)


def test_a_capture_id_cannot_leave_the_folder(tmp_path: Path) -> None:
    version = write_version(tmp_path / "v", [row(1, capture_id="../../evil")], shards=1)
    with pytest.raises(ProjectError, match="none of ours"):
        write_project(version, "rating", 1, 1, tmp_path / "out")
