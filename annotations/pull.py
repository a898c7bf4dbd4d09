"""Answers from a Label Studio server into label events: what changed since the cursor, and what was deleted.

Tasks are read in the order of `updated_at`, which every change of an annotation moves. Events are on the disk before
the cursor moves, and an event that is there already is not written again: a pull may be killed at any moment.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from annotations.client import PAGE, Client, ServerError, Tasks
from annotations.configs import LabelTask, label_task
from annotations.configs.result import ResultError
from annotations.errors import GessoError
from annotations.events import append_events, current, events_table, read_events
from annotations.ledger import Ledger, Problem, Project, alone
from annotations.statements import NotOurs, Statement, rows_of

OVERLAP = timedelta(seconds=2)
"""Look again this far before the cursor: a slow transaction may become visible after a quick later one."""
LISTED = 500
"""Tasks a page where only their ids and times are asked for."""
RAW_LIMIT = 4000
_KEPT = (
    *("annotation_key", "revision", "source", "dataset", "task", "task_key", "config_hash", "item_sha256"),
    *("annotator", "created_at", "updated_at", "server", "project_id", "task_id", "annotation_id"),
)
"""What a delete says of the annotation that it ends."""
Progress = Callable[[str, int, int], None]


class PullError(GessoError):
    """An answer of the server that makes no sense."""


@dataclass
class Pulled:
    """What a pull did. `events` are new rows, `annotations` created or changed ones, `problems` what was no label."""

    events: int = 0
    annotations: int = 0
    deleted: int = 0
    tasks: int = 0
    gone: int = 0
    problems: list[Problem] = field(default_factory=list)


def pull(
    home: Path,
    client: Client,
    server: str,
    *,
    full: bool = False,
    progress: Progress = lambda task, done, total: None,
) -> Pulled:
    """Read what is new in every project that was pushed to this server. `full` starts over, and changes nothing for it.

    Raises PullError, ServerError, LedgerError.
    """
    done = Pulled()
    with alone(home, "pull"), Ledger(home) as ledger:
        projects = ledger.projects(server)
        users = client.users() if projects else {}
        known = _Known(read_events(home), server)
        for project in projects:
            try:
                asked = client.project(project.project_id)
            except ServerError as error:
                if error.status != 404:
                    raise
                _all_gone(home, ledger, project, known, done)
                continue
            _Reader(home, client, ledger, project, users, known, done, progress).read(full)
            if full or int(asked.get("task_number") or 0) != ledger.counts(project).get("there", 0):
                _reconcile(home, client, ledger, project, known, done)
    return done


class _Known:
    """What the events say already: revisions that were read, and which annotations hold."""

    def __init__(self, events: pa.Table, server: str) -> None:
        own = events.filter(pc.fill_null(pc.equal(events["server"], server), False))
        self.revisions: set[tuple[str, str]] = set(
            zip(own["annotation_key"].to_pylist(), own["revision"].to_pylist(), strict=True)
        )
        self.holds: dict[tuple[int, int], dict[str, dict[str, Any]]] = defaultdict(dict)
        for row in current(own).select(_KEPT).to_pylist():
            self.holds[row["project_id"], row["task_id"]].setdefault(row["annotation_key"], row)

    def delete(self, project: Project, task_id: int, key: str, moment: datetime) -> dict[str, Any]:
        """The event that says that an annotation no longer holds; it does not from now on."""
        row = self.holds[project.project_id, task_id].pop(key)
        revision = f"deleted:{row['revision']}"
        self.revisions.add((key, revision))
        later = max(moment, row["updated_at"])
        return {**row, "op": "delete", "revision": revision, "aspect": "", "updated_at": later}

    def deletes(self, project: Project, task_id: int, live: Iterable[str], moment: datetime) -> list[dict[str, Any]]:
        held = self.holds.get((project.project_id, task_id), {})
        return [self.delete(project, task_id, key, moment) for key in sorted(set(held) - set(live))]

    def add(self, statement: Statement, rows: list[dict[str, Any]]) -> None:
        self.revisions.add((statement.key, statement.revision))
        self.holds[statement.project.project_id, statement.task_id][statement.key] = {
            name: rows[0].get(name) for name in _KEPT
        }


@dataclass
class _Reader:
    home: Path
    client: Client
    ledger: Ledger
    project: Project
    users: Mapping[int, str]
    known: _Known
    done: Pulled
    progress: Progress

    def read(self, full: bool) -> None:
        """Page by page from the first task that was not read in its present state."""
        label = label_task(self.project.task, self.project.shown)
        start: str | None = ""
        if self.project.cursor and not full:
            start = self._first_unread(_before(self.project.cursor))
        if start is None:
            return
        seen: set[tuple[int, str]] = set()
        total = 0
        for page in self._pages(start, PAGE, whole=True):
            total = total or page.total
            states = {int(one["id"]): _server_time(one.get("updated_at")) for one in page}
            self._write(label, [one for one in page if (int(one["id"]), states[int(one["id"])]) not in seen])
            seen.update(states.items())
            if states:
                last = max(self.project.cursor, *states.values())
                self.project = self.ledger.move_cursor(self.project, last, states, _before(last))
            self.progress(f"{self.project.dataset} {self.project.task}", min(len(seen), total), total)

    def _first_unread(self, start: str) -> str | None:
        """When the first task since `start` changed whose state was not read; None where all were."""
        read = self.ledger.read(self.project)
        for page in self._pages(start, LISTED, whole=False):
            for one in page:
                moment = _server_time(one.get("updated_at"))
                if read.get(int(one["id"])) != moment:
                    return moment
        return None

    def _pages(self, start: str, size: int, *, whole: bool) -> Iterator[Tasks]:
        """The tasks since `start`. The next page starts at the last one's end and not at a number: what changes
        meanwhile moves to the end, and numbers would skip what slides into its place."""
        number = 1
        while True:
            page = self.client.tasks(self.project.project_id, _since(start), number, size, whole=whole)
            yield page
            if len(page) < size:
                return
            last = max(_server_time(one.get("updated_at")) for one in page)
            start, number = (last, 1) if last > start else (start, number + 1)

    def _write(self, label: LabelTask, tasks: list[dict[str, Any]]) -> None:
        rows: list[dict[str, Any]] = []
        for task in tasks:
            live = []
            for annotation in task.get("annotations") or []:
                statement = Statement.of(self.project, task, annotation)
                try:
                    made = self._rows(label, statement, task, annotation)
                except ResultError as error:
                    self._problem(statement, annotation, error)
                    continue
                live.append(statement.key)
                rows += made
            moment = datetime.fromisoformat(_server_time(task.get("updated_at")))
            deleted = self.known.deletes(self.project, int(task["id"]), live, moment)
            self.done.deleted += len(deleted)
            rows += deleted
        self.done.tasks += len(tasks)
        if rows:
            self.done.events += append_events(self.home, events_table(rows))

    def _rows(
        self, label: LabelTask, statement: Statement, task: dict[str, Any], annotation: dict[str, Any]
    ) -> list[dict[str, Any]]:
        if (statement.key, statement.revision) in self.known.revisions:
            return []
        key = (task.get("data") or {}).get("task_key")
        question = self.ledger.question(self.project, key) if isinstance(key, str) else None
        if question is None:
            raise NotOurs("not_ours", f"task {task['id']} was not asked by this home: push it, or pull where it was")
        before = statement.key in self.known.holds.get((self.project.project_id, statement.task_id), {})
        rows = rows_of(statement, label, question, task, annotation, self.users, "update" if before else "create")
        self.known.add(statement, rows)
        self.done.annotations += 1
        return rows

    def _problem(self, statement: Statement, annotation: dict[str, Any], error: ResultError) -> None:
        raw = json.dumps(annotation.get("result"), ensure_ascii=False, default=str)[:RAW_LIMIT]
        problem = Problem(
            statement.project.server, statement.annotation_id, statement.revision, statement.task_id, error.kind,
            str(error), raw,
        )  # fmt: skip
        if self.ledger.add_problem(problem):
            self.done.problems.append(problem)


def _reconcile(home: Path, client: Client, ledger: Ledger, project: Project, known: _Known, done: Pulled) -> None:
    """Find the tasks that somebody deleted: their annotations hold no more, and they are not asked again."""
    there = {one.task_id: one.task_key for one in ledger.questions(project, "there") if one.task_id is not None}
    on_server = set(_ids(client, project))
    now = datetime.now(UTC)
    missing = sorted(set(there) - on_server)
    rows = [row for task_id in missing for row in known.deletes(project, task_id, (), now)]
    if rows:
        done.events += append_events(home, events_table(rows))
    ledger.mark_gone(project, [there[task_id] for task_id in missing])
    done.deleted += len(rows)
    done.gone += len(missing)


def _all_gone(home: Path, ledger: Ledger, project: Project, known: _Known, done: Pulled) -> None:
    now = datetime.now(UTC)
    tasks = sorted(task_id for project_id, task_id in known.holds if project_id == project.project_id)
    rows = [row for task_id in tasks for row in known.deletes(project, task_id, (), now)]
    if rows:
        done.events += append_events(home, events_table(rows))
    done.deleted += len(rows)
    done.gone += ledger.counts(project).get("there", 0)
    ledger.forget_project(project)


def _ids(client: Client, project: Project) -> Iterable[int]:
    floor = 0
    while True:
        only_newer = {"filter": "filter:tasks:id", "operator": "greater", "type": "Number", "value": floor}
        query = {"filters": {"conjunction": "and", "items": [only_newer]}, "ordering": ["tasks:id"]}
        page = client.tasks(project.project_id, query, 1, 500, whole=False)
        for task in page:
            floor = max(floor, int(task["id"]))
            yield int(task["id"])
        if len(page) < 500:
            return


def _since(moment: str) -> dict[str, Any]:
    query: dict[str, Any] = {"ordering": ["tasks:updated_at"]}
    if moment:
        item = {
            "filter": "filter:tasks:updated_at", "operator": "greater_or_equal", "type": "Datetime", "value": moment,
        }  # fmt: skip
        query["filters"] = {"conjunction": "and", "items": [item]}
    return query


def _server_time(value: Any) -> str:
    """The moment in the one form that the server's filter takes, which also sorts as text."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise PullError(f"the server gives {str(value)[:40]!r} as a time: is this a Label Studio server?") from None
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _before(cursor: str) -> str:
    return (datetime.fromisoformat(cursor) - OVERLAP).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
