"""Questions onto a Label Studio server, each once: whoever is killed and pushes again asks nothing twice.

Label Studio makes duplicates of what it is sent twice, so a question is written down before it is sent, and what was
open is looked for on the server before anything else goes out.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from annotations.client import Client, ServerError
from annotations.configs import LabelTask
from annotations.configs.result import Answer
from annotations.errors import GessoError
from annotations.events import read_current
from annotations.items import Items, write_pictures
from annotations.ledger import Ledger, Project, Question, alone
from annotations.pictures import Pictures
from annotations.questions import BLIND_LEAST, as_objects, design_boxes, from_objects, make_questions, opinion
from annotations.selection import answer_spread, choose, order, uncertainty

BATCH = 100
SETTLE_SECONDS = 20.0
RATERS = 3
Progress = Callable[[str, int, int], None]


class PushError(GessoError):
    """Nothing to ask, or a server that does not keep what it was sent."""


@dataclass(frozen=True)
class Pushed:
    """What a push did: `new` questions are on the server now, `there` were before; `url` is the project's page."""

    project_id: int
    url: str
    new: int
    there: int
    blind: int
    gold: int
    doubled: int


def push(
    home: Path,
    client: Client,
    server: str,
    items: Items,
    task: LabelTask,
    count: int,
    pictures: Pictures,
    *,
    by: str = "uncertainty",
    blind: float = BLIND_LEAST,
    gold: Mapping[tuple[str, ...], list[Answer]] | None = None,
    seed: int = 7,
    more: bool = False,
    raters: int = RATERS,
    progress: Progress = lambda task, done, total: None,
) -> Pushed:
    """Ask `count` questions of a dataset version. The same call again asks nothing new, unless `more` is set.

    Raises PushError, ServerError, and what choosing and questions raise.
    """
    with alone(home, "push"), Ledger(home) as ledger:
        project = ensure_project(client, ledger, server, items, task, raters)
        settle(client, ledger, project)
        before = ledger.counts(project).get("there", 0)
        plan = _plan(items, task, count, by, blind, seed, gold)
        if more or not ledger.has_plan(project, plan):
            if more:
                plan = f"{plan}+{before}"
            fresh = not ledger.counts(project)
            _write_plan(home, ledger, project, plan, items, task, count, pictures, by, blind, gold, seed)
            if fresh:  # the project may be older than this ledger
                adopt(client, ledger, project)
        pictures.prepare(client, project.project_id)
        _write_pictures(ledger, project, items, pictures, progress)
        new = _send(client, ledger, project, task, progress)
        doubled = remove_doubles(client, ledger, project) if new else 0
        _serve_by(client, ledger, project)
        there = ledger.questions(project, "there")
    return Pushed(
        project.project_id,
        f"{client.url}/projects/{project.project_id}/data",
        new,
        before,
        sum(question.blind and not question.gold for question in there),
        sum(question.gold for question in there),
        doubled,
    )


def ensure_project(
    client: Client, ledger: Ledger, server: str, items: Items, task: LabelTask, raters: int = RATERS
) -> Project:
    """The project of (dataset, task, page): the one that is written down, else one on the server, else a new one."""
    name = items.dataset.name.split("@")[0]
    known = ledger.project(server, name, task.name, task.config_hash)
    if known:
        try:
            client.project(known.project_id)
        except ServerError as error:
            if error.status != 404:
                raise
            ledger.forget_project(known)
        else:
            return known
    mark = f"gesso {name} {task.name} {task.config_hash}"
    for found in client.projects():
        if str(found.get("description") or "").startswith(mark):
            project_id = int(found["id"])
            break
    else:
        made = client.create_project(
            title=f"{name}: {task.title}"[:50],
            description=mark,
            label_config=task.xml(),
            maximum_annotations=raters,
            sampling="Uncertainty sampling",
            show_collab_predictions=True,
            expert_instruction="",
            show_instruction=False,
        )
        project_id = int(made["id"])
    client.serve_in_order(project_id, "tasks:predictions_score", "Most doubtful first")
    return ledger.add_project(Project(0, server, project_id, name, task.name, task.config_hash, task.shown))


def settle(client: Client, ledger: Ledger, project: Project) -> None:
    """Find out what became of questions that were sent and never acknowledged. A request that a killed push left behind
    may still be at work on the server, so they are waited for until they have had time enough."""
    waiting = {question.task_key: question for question in ledger.questions(project, "sent")}
    while waiting:
        there = _keys_on_server(client, ledger, project)
        found = {key: tasks[0][0] for key, tasks in there.items() if key in waiting}
        ledger.mark_there(project, sorted(found.items()))
        for key in found:
            del waiting[key]
        late = [key for key, question in waiting.items() if time.time() - (question.sent_at or 0) > SETTLE_SECONDS]
        if found:
            continue  # the request was received: the rest of it follows
        ledger.mark_planned(project, late)
        for key in late:
            del waiting[key]
        if waiting:
            time.sleep(0.5)


def adopt(client: Client, ledger: Ledger, project: Project) -> None:
    """Mark what the server has already as there."""
    planned = {question.task_key for question in ledger.questions(project, "planned")}
    there = _keys_on_server(client, ledger, project, everything=True)
    ledger.mark_there(project, [(key, tasks[0][0]) for key, tasks in there.items() if key in planned])


def remove_doubles(client: Client, ledger: Ledger, project: Project) -> int:
    """Delete tasks that ask what another one asks, unless they have answers. Returns how many there were."""
    removed = 0
    for key, tasks in _keys_on_server(client, ledger, project, everything=True).items():
        if len(tasks) == 1:
            continue
        keep = max(tasks, key=lambda one: (one[1], -one[0]))[0]  # the answered one, else the first
        for task_id, answered in tasks:
            if task_id != keep and not answered:
                client.delete_task(task_id)
                removed += 1
        ledger.mark_there(project, [(key, keep)])
    return removed


def predict(
    home: Path,
    client: Client,
    server: str,
    items: Items,
    task: LabelTask,
    progress: Progress = lambda task, done, total: None,
) -> int:
    """Give the questions that are there what a newer model holds, and serve them in its order. Returns how many.

    Blind ones keep showing nothing. Safe to kill and to repeat: what has this version already is left alone.
    """
    with alone(home, "push"), Ledger(home) as ledger:
        project = ledger.project(server, items.dataset.name.split("@")[0], task.name, task.config_hash)
        if project is None:
            raise PushError(f"{items.dataset.name} has no {task.name} project on this server: run gesso label push")
        settle(client, ledger, project)
        questions = [one for one in ledger.questions(project, "there") if all(sha in items.place for sha in one.items)]
        numbers = [[items.place[sha] for sha in one.items] for one in questions]
        boxes = design_boxes(items)
        held = [opinion(items, task, places, boxes) for places in numbers]
        scores = order(_gains(items, numbers))
        newer = [
            replace(one, prediction=as_objects(answers), model_version=items.version, score=score)
            for one, answers, score in zip(questions, held, scores, strict=True)
        ]
        before = _predictions(client, project)
        todo = [one for one in newer if not _is_done(before.get(one.task_id or 0), one)]
        for start in range(0, len(todo), BATCH):
            batch = todo[start : start + BATCH]
            _replace(client, project, task, batch, before)
            ledger.set_predictions(project, batch)
            progress("predictions", start + len(batch), len(todo))
        ledger.set_predictions(project, newer)
        client.update_project(project.project_id, model_version=items.version)
    return len(todo)


def _gains(items: Items, numbers: Sequence[Sequence[int]]) -> list[float]:
    """How doubtful each question is: the u of annotations.selection."""
    alone_ = uncertainty(items)
    gains = []
    for places in numbers:
        if len(places) == 1 or items.grades is None:
            gains.append(float(alone_[list(places)].mean()))
            continue
        grades = items.grades[list(places)]
        doubts = [1 / (1 + abs(float(a - b))) for i, a in enumerate(grades) for b in grades[i + 1 :]]
        gains.append(sum(doubts) / len(doubts))
    return gains


def _plan(
    items: Items,
    task: LabelTask,
    count: int,
    by: str,
    blind: float,
    seed: int,
    gold: Mapping[tuple[str, ...], list[Answer]] | None,
) -> str:
    """What makes a selection: the same again is the same plan."""
    golden = sorted((list(shas), as_objects(answers)) for shas, answers in (gold or {}).items())
    parts = [items.dataset.fingerprint, items.version, task.config_hash, count, by, blind, seed, golden]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def _write_plan(
    home: Path,
    ledger: Ledger,
    project: Project,
    plan: str,
    items: Items,
    task: LabelTask,
    count: int,
    pictures: Pictures,
    by: str,
    blind: float,
    gold: Mapping[tuple[str, ...], list[Answer]] | None,
    seed: int,
) -> None:
    asked = frozenset(tuple(sorted(one.items)) for one in ledger.questions(project))
    spread = answer_spread(read_current(home)) if by in ("uncertainty", "disagreement") else {}
    chosen = choose(items, task.shown, count, by=by, seed=seed, asked=asked, spread=spread)
    address = pictures.address(items)
    questions = make_questions(items, task, chosen, address, blind=blind, gold=gold, seed=seed)
    if not questions and not asked:
        raise PushError(f"{items.dataset.name} has nothing to ask about for {task.name}")
    ledger.add_plan(project, plan, questions)


def _write_pictures(ledger: Ledger, project: Project, items: Items, pictures: Pictures, progress: Progress) -> None:
    wanted = {sha for question in ledger.questions(project, "planned") for sha in question.items}
    numbers = [items.place[sha] for sha in sorted(wanted) if sha in items.place]
    for start in range(0, len(numbers), BATCH):
        write_pictures(items, numbers[start : start + BATCH], pictures.folder(items))
        progress("pictures", min(start + BATCH, len(numbers)), len(numbers))


def _send(client: Client, ledger: Ledger, project: Project, task: LabelTask, progress: Progress) -> int:
    planned = ledger.questions(project, "planned")
    for start in range(0, len(planned), BATCH):
        batch = planned[start : start + BATCH]
        tasks = [{"data": one.data, "predictions": [_prediction(one, task)]} for one in batch]
        keys = [one.task_key for one in batch]
        ledger.mark_sent(project, keys)
        ids = client.import_tasks(project.project_id, tasks)
        ledger.mark_there(project, list(zip(keys, ids, strict=True)))
        progress("questions", start + len(batch), len(planned))
    return len(planned)


def _prediction(question: Question, task: LabelTask) -> dict[str, Any]:
    """With the score that orders the questions; of a blind one without a word of what the model holds."""
    shown = [] if question.blind else _shown(task, from_objects(question.prediction))
    return {"model_version": question.model_version, "score": question.score, "result": shown}


def live_prediction(question: Question, task: LabelTask) -> dict[str, Any]:
    """What the model backend answers for a question."""
    return _prediction(question, task)


def _shown(task: LabelTask, answers: Sequence[Answer]) -> list[dict[str, Any]]:
    result = task.write(answers)
    for number, region in enumerate(result):
        region.setdefault("id", f"p{number}")
    return result


def _serve_by(client: Client, ledger: Ledger, project: Project) -> None:
    """Label Studio orders by the predictions of one model version: of the questions that were asked last."""
    there = ledger.questions(project, "there")
    if there and client.project(project.project_id).get("model_version") != there[-1].model_version:
        client.update_project(project.project_id, model_version=there[-1].model_version)


def _keys_on_server(
    client: Client, ledger: Ledger, project: Project, *, everything: bool = False
) -> dict[str, list[tuple[int, bool]]]:
    """task_key → (id, whether answered) of its tasks, ascending; without `everything` only of the tasks that are newer
    than what is acknowledged."""
    floor = 0 if everything else max((one.task_id or 0 for one in ledger.questions(project, "there")), default=0)
    found: dict[str, list[tuple[int, bool]]] = defaultdict(list)
    while True:
        query = {
            "filters": {
                "conjunction": "and",
                "items": [{"filter": "filter:tasks:id", "operator": "greater", "type": "Number", "value": floor}],
            },
            "ordering": ["tasks:id"],
        }
        page = client.tasks(project.project_id, query, 1, 500, whole=False)
        for task in page:
            key = task.get("data", {}).get("task_key")
            if isinstance(key, str):
                found[key].append((int(task["id"]), bool(task.get("total_annotations"))))
            floor = max(floor, int(task["id"]))
        if len(page) < 500:
            return found


@dataclass(frozen=True)
class _Held:
    """What the server has for a task: (id, model version, score) of its predictions, and whether it was answered."""

    predictions: tuple[tuple[int, str, float], ...]
    answered: bool


def _is_done(held: _Held | None, question: Question) -> bool:
    """Whether the prediction is there, and no older one's score stands in its way."""
    if held is None:
        return False
    versions = {version for _, version, _ in held.predictions}
    return question.model_version in versions and all(
        abs(score - question.score) < 1e-9 for _, _, score in held.predictions
    )


def _replace(
    client: Client, project: Project, task: LabelTask, batch: Sequence[Question], before: Mapping[int, _Held]
) -> None:
    """Label Studio orders by the scores of all predictions that a task has. So older ones go; where answers began from
    them they stay, since the answers name them, and take the new score."""
    held = {one.task_id or 0: before.get(one.task_id or 0, _Held((), False)) for one in batch}
    fresh = [number for number, one in held.items() if one.predictions and not one.answered]
    if fresh:
        client.delete_predictions(project.project_id, fresh)
    for one in batch:
        there = held[one.task_id or 0]
        for number, _, score in there.predictions if there.answered else ():
            if score != one.score:
                client.update_prediction(number, score=one.score)
    has = {
        number
        for number, there in held.items()
        if there.answered and any(v == batch[0].model_version for _, v, _ in there.predictions)
    }
    sent = [{"task": one.task_id, **_prediction(one, task)} for one in batch if one.task_id not in has]
    if sent:
        client.import_predictions(project.project_id, sent)


def _predictions(client: Client, project: Project) -> dict[int, _Held]:
    """Of every task on the server."""
    found: dict[int, _Held] = {}
    page_number = 1
    while True:
        page = client.tasks(project.project_id, {"ordering": ["tasks:id"]}, page_number, 500)
        for one in page:
            there = tuple(
                (int(held["id"]), str(held.get("model_version") or ""), float(held.get("score") or 0.0))
                for held in one.get("predictions") or []
            )
            found[int(one["id"])] = _Held(there, bool(one.get("total_annotations")))
        if len(page) < 500:
            return found
        page_number += 1
