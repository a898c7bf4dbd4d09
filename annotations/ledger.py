"""What was asked: every question that was ever planned, whether the server has it, and how far the answers were read.

One SQLite file, `<home>/labels/ledger.sqlite3`. A question is written down before it is sent, so that after a kill in
between one knows what to look for. The answers themselves are not here but in the label events.
"""

from __future__ import annotations

import fcntl
import json
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from annotations.errors import GessoError

State = Literal["planned", "sent", "there", "gone"]
_SCHEMA = """
CREATE TABLE IF NOT EXISTS projects (
    id INTEGER PRIMARY KEY, server TEXT NOT NULL, project_id INTEGER NOT NULL, dataset TEXT NOT NULL,
    task TEXT NOT NULL, config_hash TEXT NOT NULL, shown INTEGER NOT NULL, cursor TEXT NOT NULL DEFAULT '',
    UNIQUE (server, project_id), UNIQUE (server, dataset, task, config_hash));
CREATE TABLE IF NOT EXISTS plans (
    id TEXT NOT NULL, project INTEGER NOT NULL REFERENCES projects(id), PRIMARY KEY (project, id));
CREATE TABLE IF NOT EXISTS questions (
    project INTEGER NOT NULL REFERENCES projects(id), task_key TEXT NOT NULL, plan TEXT NOT NULL,
    rank INTEGER NOT NULL, dataset TEXT NOT NULL, items TEXT NOT NULL, data TEXT NOT NULL, prediction TEXT NOT NULL,
    model_version TEXT NOT NULL, score REAL NOT NULL, blind INTEGER NOT NULL, gold INTEGER NOT NULL,
    expected TEXT NOT NULL, state TEXT NOT NULL, sent_at REAL, task_id INTEGER, PRIMARY KEY (project, task_key));
CREATE INDEX IF NOT EXISTS by_state ON questions (project, state, rank);
CREATE INDEX IF NOT EXISTS by_task ON questions (project, task_id);
CREATE TABLE IF NOT EXISTS read (
    project INTEGER NOT NULL REFERENCES projects(id), task_id INTEGER NOT NULL, updated_at TEXT NOT NULL,
    PRIMARY KEY (project, task_id));
CREATE TABLE IF NOT EXISTS problems (
    server TEXT NOT NULL, annotation_id INTEGER NOT NULL, revision TEXT NOT NULL, task_id INTEGER, kind TEXT NOT NULL,
    reason TEXT NOT NULL, raw TEXT NOT NULL, PRIMARY KEY (server, annotation_id, revision));
"""


class LedgerError(GessoError):
    """The ledger cannot be read, or somebody else is at work in this home."""


@dataclass(frozen=True)
class Project:
    """A Label Studio project and what it asks. `cursor` is the newest `updated_at` of the server that was read."""

    id: int
    server: str
    project_id: int
    dataset: str
    task: str
    config_hash: str
    shown: int
    cursor: str = ""


@dataclass(frozen=True)
class Question:
    """One question: the pictures in the order shown, what the model holds of them, and how it is asked.

    `prediction` and `expected` are lists of answers as JSON objects; `score` orders the questions, lowest first.
    """

    task_key: str
    items: tuple[str, ...]
    dataset: str
    data: dict[str, Any]
    prediction: list[dict[str, Any]] = field(default_factory=list)
    model_version: str = ""
    score: float = 0.0
    blind: bool = False
    gold: bool = False
    expected: list[dict[str, Any]] = field(default_factory=list)
    state: State = "planned"
    sent_at: float | None = None
    task_id: int | None = None


@dataclass(frozen=True)
class Problem:
    """An annotation that its page could not have given; `kind` is to count by, `raw` its result as JSON."""

    server: str
    annotation_id: int
    revision: str
    task_id: int
    kind: str
    reason: str
    raw: str


class Ledger:
    """Use it in a `with`. Every method is one transaction and is on the disk when it returns."""

    def __init__(self, home: Path) -> None:
        path = Path(home) / "labels" / "ledger.sqlite3"
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = sqlite3.connect(path, timeout=60)
            self._db.row_factory = sqlite3.Row
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise LedgerError(f"{path} cannot be read ({error}): move it away and push again") from None

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def projects(self, server: str | None = None) -> list[Project]:
        where, values = ("", ()) if server is None else (" WHERE server = ?", (server,))
        return [Project(**row) for row in self._db.execute(f"SELECT * FROM projects{where} ORDER BY id", values)]

    def project(self, server: str, dataset: str, task: str, config_hash: str) -> Project | None:
        query = "SELECT * FROM projects WHERE server = ? AND dataset = ? AND task = ? AND config_hash = ?"
        row = self._db.execute(query, (server, dataset, task, config_hash)).fetchone()
        return Project(**row) if row else None

    def add_project(self, project: Project) -> Project:
        """Write a project down; the one that is there where it is known already."""
        values = (project.server, project.project_id, project.dataset, project.task, project.config_hash, project.shown)
        with self._db:
            self._db.execute(
                "INSERT OR IGNORE INTO projects (server, project_id, dataset, task, config_hash, shown)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                values,
            )
        found = self.project(project.server, project.dataset, project.task, project.config_hash)
        assert found is not None
        return found

    def forget_project(self, project: Project) -> None:
        """Of a project that the server has no more: its questions may be asked anew."""
        with self._db:
            for table in ("questions", "plans", "read"):
                self._db.execute(f"DELETE FROM {table} WHERE project = ?", (project.id,))
            self._db.execute("DELETE FROM projects WHERE id = ?", (project.id,))

    def move_cursor(self, project: Project, cursor: str, read: Mapping[int, str], since: str) -> Project:
        """Note that tasks were read, by id in the state of `updated_at`; states of before `since` are forgotten."""
        with self._db:
            self._db.execute("UPDATE projects SET cursor = ? WHERE id = ?", (cursor, project.id))
            rows = [(project.id, task_id, moment) for task_id, moment in read.items() if moment >= since]
            self._db.executemany("INSERT OR REPLACE INTO read VALUES (?, ?, ?)", rows)
            self._db.execute("DELETE FROM read WHERE project = ? AND updated_at < ?", (project.id, since))
        return replace(project, cursor=cursor)

    def read(self, project: Project) -> dict[int, str]:
        """The tasks that were read last, and the `updated_at` of the state that was."""
        found = self._db.execute("SELECT task_id, updated_at FROM read WHERE project = ?", (project.id,))
        return {int(row["task_id"]): str(row["updated_at"]) for row in found}

    def has_plan(self, project: Project, plan: str) -> bool:
        query = "SELECT 1 FROM plans WHERE project = ? AND id = ?"
        return self._db.execute(query, (project.id, plan)).fetchone() is not None

    def add_plan(self, project: Project, plan: str, questions: Sequence[Question]) -> int:
        """Write down what is to be asked, all or nothing. Questions that are known stay as they are. Returns how many
        are new."""
        rows = [
            (
                project.id, one.task_key, plan, rank, one.dataset, json.dumps(one.items), json.dumps(one.data),
                json.dumps(one.prediction), one.model_version, one.score, one.blind, one.gold, json.dumps(one.expected),
            )
            for rank, one in enumerate(questions)
        ]  # fmt: skip
        with self._db:
            before = self._db.total_changes
            self._db.executemany(
                "INSERT OR IGNORE INTO questions (project, task_key, plan, rank, dataset, items, data, prediction,"
                " model_version, score, blind, gold, expected, state) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,'planned')",
                rows,
            )
            added = self._db.total_changes - before
            self._db.execute("INSERT OR IGNORE INTO plans (project, id) VALUES (?, ?)", (project.id, plan))
        return added

    def questions(self, project: Project, *states: State) -> list[Question]:
        """In the order of planning."""
        marks = ",".join("?" * len(states))
        where = f" AND state IN ({marks})" if states else ""
        query = f"SELECT * FROM questions WHERE project = ?{where} ORDER BY rowid"
        return [_question(row) for row in self._db.execute(query, (project.id, *states))]

    def question(self, project: Project, task_key: str) -> Question | None:
        query = "SELECT * FROM questions WHERE project = ? AND task_key = ?"
        row = self._db.execute(query, (project.id, task_key)).fetchone()
        return _question(row) if row else None

    def known_keys(self, project: Project) -> set[str]:
        query = "SELECT task_key FROM questions WHERE project = ?"
        return {row[0] for row in self._db.execute(query, (project.id,))}

    def counts(self, project: Project) -> dict[str, int]:
        query = "SELECT state, count(*) FROM questions WHERE project = ? GROUP BY state"
        return {str(row[0]): int(row[1]) for row in self._db.execute(query, (project.id,))}

    def mark_sent(self, project: Project, keys: Sequence[str]) -> None:
        """They are about to be sent: from here on the server may have them."""
        self._mark(project, [("sent", time.time(), None, key) for key in keys])

    def mark_there(self, project: Project, ids: Sequence[tuple[str, int]]) -> None:
        """(task_key, task id) of what the server has."""
        self._mark(project, [("there", None, task_id, key) for key, task_id in ids])

    def mark_planned(self, project: Project, keys: Sequence[str]) -> None:
        """The server has them not, after all."""
        self._mark(project, [("planned", None, None, key) for key in keys])

    def mark_gone(self, project: Project, keys: Sequence[str]) -> None:
        """Somebody deleted them on the server."""
        self._mark(project, [("gone", None, None, key) for key in keys])

    def add_problem(self, problem: Problem) -> bool:
        """Write down an annotation that is no label. Returns whether it is new."""
        with self._db:
            before = self._db.total_changes
            self._db.execute("INSERT OR IGNORE INTO problems VALUES (?, ?, ?, ?, ?, ?, ?)", astuple(problem))
            return self._db.total_changes > before

    def problems(self) -> list[Problem]:
        return [Problem(**row) for row in self._db.execute("SELECT * FROM problems ORDER BY rowid")]

    def _mark(self, project: Project, values: Sequence[tuple[str, float | None, int | None, str]]) -> None:
        query = "UPDATE questions SET state = ?, sent_at = ?, task_id = ? WHERE project = ? AND task_key = ?"
        with self._db:
            self._db.executemany(query, [(state, at, task, project.id, key) for state, at, task, key in values])

    def set_predictions(self, project: Project, questions: Sequence[Question]) -> None:
        """Write down newer predictions of questions that are known."""
        query = "UPDATE questions SET prediction = ?, model_version = ?, score = ? WHERE project = ? AND task_key = ?"
        rows = [
            (json.dumps(one.prediction), one.model_version, one.score, project.id, one.task_key) for one in questions
        ]
        with self._db:
            self._db.executemany(query, rows)


@contextmanager
def alone(home: Path, what: str, *, wait: bool = False) -> Iterator[None]:
    """Hold the home's lock of that name. Raises LedgerError where another process has it; a killed one has it not."""
    folder = Path(home) / "labels"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f".{what}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise LedgerError(f"another {what} is at work in {home}: wait for it, or end it") from None
        yield


def _question(row: sqlite3.Row) -> Question:
    return Question(
        task_key=row["task_key"],
        items=tuple(json.loads(row["items"])),
        dataset=row["dataset"],
        data=json.loads(row["data"]),
        prediction=json.loads(row["prediction"]),
        model_version=row["model_version"],
        score=row["score"],
        blind=bool(row["blind"]),
        gold=bool(row["gold"]),
        expected=json.loads(row["expected"]),
        state=row["state"],
        sent_at=row["sent_at"],
        task_id=row["task_id"],
    )
