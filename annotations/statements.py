"""One annotation of a Label Studio task as rows of label events. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from annotations.configs import LabelTask
from annotations.configs.result import Answer, ResultError
from annotations.events import LEFT, RIGHT, SKIP
from annotations.ledger import Project, Question
from annotations.questions import from_objects

SOURCE = "label_studio"
MAX_LEAD_SECONDS = 1e7


class NotOurs(ResultError):
    """An annotation of a task that this home never asked."""


@dataclass(frozen=True)
class Statement:
    """Which annotation it is, and which revision of it."""

    project: Project
    task_id: int
    annotation_id: int
    key: str
    revision: str

    @classmethod
    def of(cls, project: Project, task: Mapping[str, Any], annotation: Mapping[str, Any]) -> Statement:
        said = [annotation.get(name) for name in ("result", "was_cancelled", "completed_by", "updated_at")]
        revision = hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()[:16]
        number = int(annotation["id"])
        return cls(project, int(task["id"]), number, f"{project.server}/{number}", revision)


def rows_of(
    statement: Statement,
    label: LabelTask,
    question: Question,
    task: Mapping[str, Any],
    annotation: Mapping[str, Any],
    users: Mapping[int, str],
    op: str,
) -> list[dict[str, Any]]:
    """The rows of an annotation, in the order of its answers. Raises ResultError where it is no label."""
    shared = {
        "op": op,
        "annotation_key": statement.key,
        "revision": statement.revision,
        "source": SOURCE,
        "dataset": question.dataset,
        "task": label.name,
        "task_key": question.task_key,
        "config_hash": statement.project.config_hash,
        "annotator": _annotator(annotation.get("completed_by"), users),
        "blind": question.blind,
        "gold": question.gold,
        "prediction_version": _shown_version(task, annotation, question),
        "lead_seconds": _seconds(annotation.get("lead_time")),
        "created_at": _time(annotation.get("created_at"), "created_at"),
        "updated_at": _time(annotation.get("updated_at"), "updated_at"),
        "server": statement.project.server,
        "project_id": statement.project.project_id,
        "task_id": statement.task_id,
        "annotation_id": statement.annotation_id,
    }
    if annotation.get("was_cancelled"):
        return [{**shared, **_place(question, 0, label.name), "aspect": SKIP}]
    held = {(one.aspect, one.item, one.region_id): one for one in from_objects(question.prediction)}
    expected = {(one.aspect, one.item): one for one in from_objects(question.expected)}
    rows = []
    for answer in label.read(annotation.get("result")):
        row = {**shared, **_place(question, answer.item, label.name), "aspect": answer.aspect, "label": answer.label}
        row |= {"value": answer.value, "origin": answer.origin, "region_id": answer.region_id}
        if answer.box is not None:
            row["box"] = {name: getattr(answer.box, name) for name in ("x", "y", "width", "height")}
        model = held.get((answer.aspect, answer.item, answer.region_id))
        truth = expected.get((answer.aspect, answer.item))
        row |= {"prediction_value": model.value if model else None, "prediction_label": model.label if model else None}
        row |= {"expected_value": truth.value if truth else None, "expected_label": truth.label if truth else None}
        rows.append(_of_the_first(row, truth) if label.name == "pairwise" else row)
    if not rows:  # an empty page of boxes says that there are none
        rows.append({**shared, **_place(question, 0, label.name), "aspect": "none"})
    return rows


def _place(question: Question, item: int, task: str) -> dict[str, Any]:
    """Which picture, and where it stood. Of a pair the one whose sha256 is the smaller is the item."""
    if task == "pairwise":
        left, right = question.items
        swapped = right < left
        first, second = (right, left) if swapped else (left, right)
        return {"item_sha256": first, "pair_sha256": second, "side": RIGHT if swapped else LEFT}
    alone = len(question.items) == 1
    return {"item_sha256": question.items[item], "pair_sha256": None, "side": None if alone else item}


def _of_the_first(row: dict[str, Any], truth: Answer | None) -> dict[str, Any]:
    """A preference for the left picture as one for the item; what is expected is said of the item already."""
    if row["side"] == LEFT:
        return row
    flipped = {name: None if row[name] is None else 1 - row[name] for name in ("value", "prediction_value")}
    swap = {"left": "right", "right": "left"}
    if truth and truth.label:
        flipped["expected_label"] = swap.get(truth.label, truth.label)
    return {**row, **flipped}


def _shown_version(task: Mapping[str, Any], annotation: Mapping[str, Any], question: Question) -> str | None:
    """The model version of the prediction that the annotation began from; of a blind question none."""
    parent = annotation.get("parent_prediction")
    if question.blind or parent is None:
        return None
    for one in task.get("predictions") or []:
        if one.get("id") == parent and one.get("result"):
            return str(one.get("model_version") or "")[:200]
    return None


def _annotator(value: Any, users: Mapping[int, str]) -> str:
    if isinstance(value, Mapping):
        value = value.get("id")
    if not isinstance(value, int) or isinstance(value, bool):
        raise ResultError("no_annotator", "nobody is named as its author")
    return users.get(value, f"user {value}")[:200]


def _time(value: Any, name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise ResultError("no_time", f"{name} is {str(value)[:40]!r}: it must be an ISO 8601 time") from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _seconds(value: Any) -> float | None:
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < MAX_LEAD_SECONDS
    return float(value) if good else None
