"""Questions out of chosen pictures: their keys, what the page shows, what the model would answer, who sees it."""

from __future__ import annotations

import hashlib
import math
import random
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, TypeAlias

import numpy as np

from annotations.configs import LabelTask
from annotations.configs.critique import NSFW, PAGE_TYPES
from annotations.configs.elements import KINDS
from annotations.configs.result import Answer, Box
from annotations.errors import GessoError
from annotations.items import Items
from annotations.ledger import Question
from annotations.selection import Chosen, order, preference
from crawlers.captures import CaptureStore, StoreError
from curation.exports.coco import scaled
from design.boxes import typed_boxes
from design.errors import GessoError as DesignProblem
from design.from_dom import load_snapshot

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "gesso:label-question/1")
BLIND_LEAST = 0.1
MOST_BOXES = 150
Address: TypeAlias = Callable[[int], str]
"""Number of a picture → where the labelling page finds it."""
Boxes: TypeAlias = Callable[[int], list[Answer]]
"""Number of a picture → the boxes of its design."""


class QuestionError(GessoError):
    """A cohort that is too small, or gold that fits no question."""


def task_key(items: Sequence[str], config_hash: str, caption: str = "") -> str:
    """UUID of a question: of its pictures whatever their order, its page, and the caption where that is asked about."""
    parts = [*sorted(items), config_hash, hashlib.sha256(caption.encode()).hexdigest() if caption else ""]
    return str(uuid.uuid5(NAMESPACE, "\n".join(parts)))


def make_questions(
    items: Items,
    task: LabelTask,
    chosen: Sequence[Chosen],
    address: Address,
    *,
    blind: float = BLIND_LEAST,
    gold: Mapping[tuple[str, ...], list[Answer]] | None = None,
    seed: int = 7,
) -> list[Question]:
    """The questions of a plan, in the order of serving. Of those without a known answer the share `blind` or more never
    shows what the model holds; a hash decides which ones, so nothing about a question tells. Raises QuestionError.

    `gold` maps sorted sha256s to what the page must say (of a pair: for the first of the sorted two on the left). These
    are put among the others at places drawn by `seed`.
    """
    if not BLIND_LEAST <= blind <= 1:
        raise QuestionError(
            f"a blind cohort of {blind:g} is too small to measure anchoring by: give {BLIND_LEAST:g} to 1"
        )
    captions = [str(row.get("caption") or "") for row in items.rows]
    boxes = design_boxes(items)
    made = []
    for one, score in zip(chosen, order([one.gain for one in chosen]), strict=True):
        made.append(_question(items, task, one.items, address, score, captions, boxes))
    hidden = math.ceil(blind * len(made) - 1e-9)
    by_hash = sorted(made, key=lambda question: hashlib.sha256(f"blind:{question.task_key}".encode()).digest())
    unseen = {question.task_key for question in by_hash[:hidden]}
    made = [replace(question, blind=question.task_key in unseen) for question in made]
    return _with_gold(made, items, task, address, gold or {}, captions, boxes, seed)


def opinion(items: Items, task: LabelTask, numbers: Sequence[int], boxes: Boxes) -> list[Answer]:
    """What the model would answer; empty where it holds nothing."""
    first = numbers[0]
    if task.name == "critique":
        return _critique(items, first)
    if task.name == "pairwise":
        p = float(preference(items, numbers[0], numbers[1]))
        return [] if math.isnan(p) else [Answer("preference", p, "left" if p >= 0.5 else "right")]
    if task.name == "best_of_n" and items.grades is not None:
        grades = np.nan_to_num(items.grades[list(numbers)], nan=0.0)
        places = np.argsort(np.argsort(-grades, kind="stable"), kind="stable")
        return [Answer("rank", float(place) + 1, item=number) for number, place in enumerate(places)]
    if task.name == "elements":
        return boxes(first)
    if task.name == "caption_check" and items.rows[first].get("caption"):
        return [Answer("caption", label=str(items.rows[first]["caption"])[:4000])]
    return []


def design_boxes(items: Items) -> Boxes:
    """The boxes of a picture's design, in document order, of kinds that a person can tell; none without a DOM."""
    store: list[CaptureStore] = []

    def boxes(number: int) -> list[Answer]:
        row = items.rows[number]
        if not row.get("dom_sha256"):
            return []
        try:
            if not store:
                store.append(CaptureStore(str(items.dataset.home / "captures")))
            snapshot = load_snapshot(store[0].read_blob(row["dom_sha256"], "dom"))
            found = scaled(typed_boxes(snapshot), snapshot, row["width"], row["height"])
        except (StoreError, OSError, DesignProblem):
            return []
        answers: list[Answer] = []
        for box in found:
            if box.type not in KINDS or len(answers) == MOST_BOXES:
                continue
            left, top, right, bottom = box.rect
            wide, high = float(row["width"]), float(row["height"])
            shape = Box(left / wide, top / high, (right - left) / wide, (bottom - top) / high)
            answers.append(Answer("element", None, box.type, 0, shape, f"d{len(answers)}"))
        return answers

    return boxes


def as_objects(answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """Answers as the ledger keeps them."""
    return [asdict(answer) for answer in answers]


def from_objects(objects: Sequence[Mapping[str, Any]]) -> list[Answer]:
    return [Answer(**{**one, "box": Box(**one["box"]) if one.get("box") else None}) for one in objects]


def _question(
    items: Items,
    task: LabelTask,
    numbers: Sequence[int],
    address: Address,
    score: float,
    captions: Sequence[str],
    boxes: Boxes,
) -> Question:
    caption = captions[numbers[0]] if task.name == "caption_check" else ""
    shas = tuple(items.sha256(number) for number in numbers)
    key = task_key(shas, task.config_hash, caption)
    data = {**task.data([address(number) for number in numbers], caption), "task_key": key}
    held = opinion(items, task, numbers, boxes)
    return Question(key, shas, items.dataset.name, data, as_objects(held), items.version, score)


def _critique(items: Items, number: int) -> list[Answer]:
    answers = []
    if items.grades is not None and not math.isnan(items.grades[number]):
        answers.append(Answer("overall", float(items.grades[number])))
    if items.page_types is not None and items.page_types[number] in PAGE_TYPES:
        answers.append(Answer("page_type", label=items.page_types[number]))
    if items.nsfw is not None and not math.isnan(items.nsfw[number]):
        p = float(items.nsfw[number])
        words = tuple(NSFW)
        answers.append(Answer("nsfw", label=words[0] if p < 1 / 3 else words[1] if p < 2 / 3 else words[2]))
    return answers


def _with_gold(
    made: list[Question],
    items: Items,
    task: LabelTask,
    address: Address,
    gold: Mapping[tuple[str, ...], list[Answer]],
    captions: Sequence[str],
    boxes: Boxes,
    seed: int,
) -> list[Question]:
    draw = random.Random(f"{seed}:gold")
    by_key = {question.task_key: number for number, question in enumerate(made)}
    result = list(made)
    for shas, expected in sorted(gold.items()):
        missing = [sha for sha in shas if sha not in items.place]
        if missing or len(shas) != task.shown:
            raise QuestionError(
                f"gold for {', '.join(sha[:12] for sha in shas)} fits no {task.name} question of {items.dataset.name}"
            )
        numbers = [items.place[sha] for sha in shas]
        question = _question(items, task, numbers, address, draw.random(), captions, boxes)
        question = replace(question, gold=True, expected=as_objects(expected), blind=True)
        if question.task_key in by_key:
            result[by_key[question.task_key]] = question
        else:
            result.append(question)
    return sorted(result, key=lambda one: (one.score, one.task_key))
