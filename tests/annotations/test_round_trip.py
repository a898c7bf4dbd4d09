"""Push and pull against a real Label Studio: repeats, edits, deletions, lost answers, cut requests, others' tasks."""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest

from annotations import push as pushing
from annotations.backend import known_backend, register
from annotations.backend_server import running
from annotations.client import Client, ServerError
from annotations.configs import Pairwise
from annotations.configs.result import Answer
from annotations.events import read_current, read_events
from annotations.ledger import Ledger, LedgerError, Project, alone
from annotations.pictures import LOCAL_FILES
from annotations.pull import pull
from annotations.push import Pushed, push
from annotations.server.access import AccessError, Session, invite
from annotations.server.process import StartError, start
from tests.annotations.conftest import LabelServer

pytestmark = pytest.mark.labelstudio
TASK = Pairwise()


@pytest.fixture
def home(label_server: LabelServer, tmp_path: Path) -> Path:
    """A home of its own on the shared server, so that one test's answers are not another's."""
    (tmp_path / "labels" / "server").mkdir(parents=True)
    for name in ("connection.json", "credentials.json"):
        shutil.copy(label_server.home / "labels" / "server" / name, tmp_path / "labels" / "server" / name)
    (tmp_path / "datasets").symlink_to(label_server.home / "datasets")
    return tmp_path


@pytest.fixture
def pushed(label_server: LabelServer, home: Path) -> Pushed:
    _forget_projects(label_server)
    return _push(label_server, home, 12)


def _push(label_server: LabelServer, home: Path, count: int, **more: Any) -> Pushed:
    return push(
        home, label_server.client, label_server.name, label_server.items, TASK, count, label_server.pictures, **more
    )


def _forget_projects(label_server: LabelServer) -> None:
    for project in list(label_server.client.projects()):
        if f" {TASK.name} " in str(project.get("description")):
            label_server.client.delete_project(int(project["id"]))


def _tasks(label_server: LabelServer, pushed: Pushed) -> list[dict[str, Any]]:
    return list(label_server.client.tasks(pushed.project_id, {"ordering": ["tasks:id"]}, 1, 500))


def _prefer(label_server: LabelServer, task: dict[str, Any], verdict: str) -> int:
    result = TASK.write([Answer("preference", None, verdict)])
    return int(label_server.client.create_annotation(int(task["id"]), result=result)["id"])


def _current(home: Path) -> list[dict[str, Any]]:
    return read_current(home).to_pylist()


def test_a_second_push_asks_nothing_and_more_asks_others(label_server: LabelServer, home: Path, pushed: Pushed) -> None:
    assert (pushed.new, pushed.blind) == (12, 2)
    assert _push(label_server, home, 12).new == 0
    assert _push(label_server, home, 5, more=True).new == 5
    keys = [task["data"]["task_key"] for task in _tasks(label_server, pushed)]
    assert len(keys) == len(set(keys)) == 17


def test_blind_questions_show_nothing_and_the_others_the_models_opinion(
    label_server: LabelServer, home: Path, pushed: Pushed
) -> None:
    with Ledger(home) as ledger:
        blind = {one.task_id: one.blind for one in ledger.questions(ledger.projects()[0])}
    for task in _tasks(label_server, pushed):
        assert [bool(one["result"]) for one in task["predictions"]] == [not blind[task["id"]]]


def test_a_preference_is_said_of_the_smaller_hash_whatever_side_it_stood_on(
    label_server: LabelServer, home: Path, pushed: Pushed
) -> None:
    for task in _tasks(label_server, pushed)[:8]:
        _prefer(label_server, task, "left")
    assert pull(home, label_server.client, label_server.name).annotations == 8
    with Ledger(home) as ledger:
        shown = {one.task_key: one.items for one in ledger.questions(ledger.projects()[0])}
    rows = _current(home)
    assert {row["side"] for row in rows} == {0, 1}
    for row in rows:
        left, right = shown[row["task_key"]]
        assert (row["item_sha256"], row["pair_sha256"]) == (min(left, right), max(left, right))
        assert row["value"] == (1.0 if row["item_sha256"] == left else 0.0)
        assert row["label"] == "left"


def test_edits_and_deletions_are_pulled_and_nothing_twice(
    label_server: LabelServer, home: Path, pushed: Pushed
) -> None:
    client, name = label_server.client, label_server.name
    first, second = (_prefer(label_server, task, "left") for task in _tasks(label_server, pushed)[:2])
    pull(home, client, name)
    client.update_annotation(first, result=TASK.write([Answer("preference", None, "tie")]))
    client.delete_annotation(second)
    done = pull(home, client, name)
    assert (done.annotations, done.deleted) == (1, 1)
    assert pull(home, client, name).events == 0
    assert pull(home, client, name, full=True).events == 0
    assert [(row["annotation_id"], row["value"], row["op"]) for row in _current(home)] == [(first, 0.5, "update")]
    assert sorted(row["op"] for row in read_events(home).to_pylist()) == ["create", "create", "delete", "update"]


def test_a_deleted_task_takes_its_answers_along_and_is_not_asked_again(
    label_server: LabelServer, home: Path, pushed: Pushed
) -> None:
    task = _tasks(label_server, pushed)[0]
    _prefer(label_server, task, "right")
    pull(home, label_server.client, label_server.name)
    label_server.client.delete_task(int(task["id"]))
    done = pull(home, label_server.client, label_server.name)
    assert (done.gone, done.deleted) == (1, 1)
    assert not _current(home)
    assert _push(label_server, home, 12).new == 0


def test_what_no_page_could_give_is_listed_and_no_event(label_server: LabelServer, home: Path, pushed: Pushed) -> None:
    task = _tasks(label_server, pushed)[0]
    kept = _prefer(label_server, task, "left")
    wrong = label_server.client.create_annotation(int(task["id"]), result=[])
    done = pull(home, label_server.client, label_server.name)
    assert [(one.annotation_id, one.kind) for one in done.problems] == [(wrong["id"], "missing")]
    assert [row["annotation_id"] for row in _current(home)] == [kept]
    assert not pull(home, label_server.client, label_server.name, full=True).problems


def test_an_answer_that_is_skipped_says_so(label_server: LabelServer, home: Path, pushed: Pushed) -> None:
    task = int(_tasks(label_server, pushed)[0]["id"])
    label_server.client.create_annotation(task, result=[], was_cancelled=True)
    pull(home, label_server.client, label_server.name)
    assert [(row["aspect"], row["value"]) for row in _current(home)] == [("skip", None)]


def test_a_request_whose_answer_was_lost_is_not_sent_again(
    label_server: LabelServer, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a kill between the server's work and our note of it."""
    _forget_projects(label_server)
    real = Client.import_tasks

    def lost(self: Client, project: int, tasks: Any) -> list[int]:
        real(self, project, tasks)
        raise KeyboardInterrupt

    monkeypatch.setattr(Client, "import_tasks", lost)
    with pytest.raises(KeyboardInterrupt):
        _push(label_server, home, 12)
    monkeypatch.undo()
    again = _push(label_server, home, 12)
    assert (again.new, again.doubled) == (0, 0)
    assert len(_tasks(label_server, again)) == 12


def test_a_request_that_never_arrived_is_sent_again(
    label_server: LabelServer, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _forget_projects(label_server)

    def cut(self: Client, project: int, tasks: Any) -> list[int]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Client, "import_tasks", cut)
        with pytest.raises(KeyboardInterrupt):
            _push(label_server, home, 12)
    monkeypatch.setattr(pushing, "SETTLE_SECONDS", 0.5)
    assert _push(label_server, home, 12).new == 12


def test_a_request_that_arrives_late_is_found_and_its_double_removed(
    label_server: LabelServer, home: Path, pushed: Pushed
) -> None:
    task = _tasks(label_server, pushed)[3]
    label_server.client.import_tasks(pushed.project_id, [{"data": task["data"]}])
    done = _push(label_server, home, 3, more=True)
    assert (done.new, done.doubled) == (3, 1)
    assert len(_tasks(label_server, pushed)) == 15


def test_a_ledger_that_was_lost_finds_its_project_again(label_server: LabelServer, home: Path, pushed: Pushed) -> None:
    (home / "labels" / "ledger.sqlite3").unlink()
    again = _push(label_server, home, 12)
    assert (again.project_id, again.new) == (pushed.project_id, 0)


def test_a_project_that_was_deleted_is_made_again(label_server: LabelServer, home: Path, pushed: Pushed) -> None:
    _prefer(label_server, _tasks(label_server, pushed)[0], "left")
    pull(home, label_server.client, label_server.name)
    label_server.client.delete_project(pushed.project_id)
    assert pull(home, label_server.client, label_server.name).deleted == 1
    assert _push(label_server, home, 12).new == 12


def test_a_pull_that_was_killed_before_its_cursor_moved_doubles_nothing(
    label_server: LabelServer, home: Path, pushed: Pushed
) -> None:
    for task in _tasks(label_server, pushed)[:5]:
        _prefer(label_server, task, "right")
    pull(home, label_server.client, label_server.name)
    with sqlite3.connect(home / "labels" / "ledger.sqlite3") as database:
        database.execute("UPDATE projects SET cursor = ''")
    database.close()
    assert pull(home, label_server.client, label_server.name).events == 0
    assert len(read_events(home)) == 5


def test_what_was_read_just_before_is_not_read_again(label_server: LabelServer, home: Path, pushed: Pushed) -> None:
    tasks = _tasks(label_server, pushed)
    for task in tasks[:5]:
        _prefer(label_server, task, "right")
    assert pull(home, label_server.client, label_server.name).annotations == 5
    assert pull(home, label_server.client, label_server.name).tasks == 0
    _prefer(label_server, tasks[6], "left")
    done = pull(home, label_server.client, label_server.name)
    assert (done.tasks, done.annotations) == (1, 1)


def test_a_state_that_came_late_is_read_though_the_cursor_has_passed_it(
    label_server: LabelServer, home: Path, pushed: Pushed
) -> None:
    tasks = _tasks(label_server, pushed)
    for task in tasks[:3]:
        _prefer(label_server, task, "right")
    pull(home, label_server.client, label_server.name)
    with Ledger(home) as ledger:
        project = ledger.projects()[0]
        late = min(ledger.read(project), key=ledger.read(project).__getitem__)
    with sqlite3.connect(home / "labels" / "ledger.sqlite3") as database:
        database.execute("DELETE FROM read WHERE task_id = ?", (late,))  # as if it had not been there to see
    database.close()
    done = pull(home, label_server.client, label_server.name)
    assert done.tasks >= 1
    assert not done.events


def test_two_pulls_at_once_are_one(label_server: LabelServer, home: Path) -> None:
    with alone(home, "pull"), pytest.raises(LedgerError, match="another pull"):
        pull(home, label_server.client, label_server.name)


def test_a_task_of_somebody_else_is_no_answer_of_ours(label_server: LabelServer, home: Path, pushed: Pushed) -> None:
    task = label_server.client.import_tasks(pushed.project_id, [{"data": {"left": "/a", "right": "/b"}}])[0]
    label_server.client.create_annotation(task, result=TASK.write([Answer("preference", None, "left")]))
    done = pull(home, label_server.client, label_server.name)
    assert [one.kind for one in done.problems] == ["not_ours"]
    assert not done.events


def test_pictures_are_shown_to_who_is_logged_in_and_to_nobody_else(
    label_server: LabelServer, home: Path, pushed: Pushed
) -> None:
    address = _tasks(label_server, pushed)[0]["data"]["left"]
    assert address.startswith(LOCAL_FILES)
    assert httpx2.get(f"{label_server.server.url}{address}", trust_env=False).status_code in (302, 401)
    headers = {"Authorization": f"Token {label_server.ada.token}"}
    shown = httpx2.get(f"{label_server.server.url}{address}", headers=headers, trust_env=False)
    assert shown.content.startswith(b"\x89PNG")


def test_a_webhook_has_the_answer_pulled(label_server: LabelServer, home: Path, pushed: Pushed) -> None:
    done = threading.Event()

    def take_in() -> None:
        if pull(home, label_server.client, label_server.name).annotations:
            done.set()

    with running(home, "s3cret" * 8, 0, take_in) as backend:
        assert known_backend(home) == backend
        hooks = label_server.client.webhooks(pushed.project_id)
        assert [hook["url"] for hook in hooks] == [f"{backend.url}/webhooks/label-studio"]
        _prefer(label_server, _tasks(label_server, pushed)[0], "left")
        assert done.wait(60)
        with Ledger(home) as ledger:
            register(label_server.client, ledger.projects()[0], backend, predict=True)
        assert [one["url"] for one in label_server.client.backends(pushed.project_id)] == [backend.url]
    assert len(_current(home)) == 1
    assert known_backend(home) is None


def test_a_personal_token_works_and_is_given_once(label_server: LabelServer) -> None:
    bo = invite(label_server.client, f"bo{time.time_ns()}@localhost.local")
    with Session(label_server.server.url) as session:
        session.log_in(bo.email, bo.password)
        token = session.personal_token()
        with pytest.raises(AccessError, match="revoke it"):
            session.personal_token()
    with Client(label_server.server.url, token) as client:
        assert client.whoami()["email"] == bo.email


def test_who_knows_no_password_is_not_let_in(label_server: LabelServer) -> None:
    with Session(label_server.server.url) as session, pytest.raises(AccessError, match="password right"):
        session.log_in(label_server.ada.email, "guess")


def test_an_unknown_token_says_so(label_server: LabelServer) -> None:
    with Client(label_server.server.url, "0" * 40) as client, pytest.raises(ServerError, match="401"):
        client.whoami()


def test_a_second_server_of_one_home_is_refused(label_server: LabelServer) -> None:
    with pytest.raises(StartError, match="already running"):
        start(label_server.home)


def test_a_port_that_is_taken_is_named(label_server: LabelServer, tmp_path: Path) -> None:
    port = int(label_server.server.url.rsplit(":", 1)[1])
    with pytest.raises(StartError, match=f"port {port}"):
        start(tmp_path, port)


def test_the_projects_name_says_what_is_asked(label_server: LabelServer, home: Path, pushed: Pushed) -> None:
    found = label_server.client.project(pushed.project_id)
    assert found["title"].startswith("screens: Which screen")
    with Ledger(home) as ledger:
        project: Project = ledger.projects()[0]
    assert found["label_config"].strip() == TASK.xml().strip()
    assert project.config_hash == TASK.config_hash
