"""Our side of Label Studio: who may call it, what it believes, and gold files. Without a server."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from annotations.backend import SECRET_HEADER, Puller, backend_secret, make_app
from annotations.configs import label_task
from annotations.configs.result import Answer
from annotations.gold import GoldError, read_gold
from annotations.ledger import Ledger, Project, Question
from annotations.pictures import sign
from annotations.questions import as_objects
from annotations.server.process import StartError, connection, credentials, pictures_folder

SECRET = "5ecret" * 6
NAME = f"{'a' * 64}.png"


@pytest.fixture
def asked() -> list[int]:
    return []


@pytest.fixture
def backend(tmp_path: Path, asked: list[int]) -> Iterator[TestClient]:
    puller = Puller(lambda: asked.append(1))
    puller.start()
    with TestClient(make_app(tmp_path, puller, SECRET)) as client:
        yield client
    puller.stop()


@pytest.mark.parametrize("path", ["/webhooks/label-studio", "/predict", "/setup", "/webhook"])
def test_nobody_gets_in_without_the_secret(backend: TestClient, asked: list[int], path: str) -> None:
    assert backend.post(path, json={}).status_code == 401
    assert backend.post(path, json={}, headers={SECRET_HEADER: "guess"}).status_code == 401
    assert backend.post(path, json={}, headers={"Authorization": "Basic !!!"}).status_code == 401
    assert not asked


def test_the_secret_is_taken_as_a_header_and_as_a_password(backend: TestClient) -> None:
    word = base64.b64encode(f"gesso:{SECRET}".encode()).decode()
    assert backend.post("/setup", json={}, headers={SECRET_HEADER: SECRET}).status_code == 200
    assert backend.post("/setup", json={}, headers={"Authorization": f"Basic {word}"}).status_code == 200


def test_many_webhooks_are_few_pulls() -> None:
    begun, go_on = threading.Event(), threading.Event()
    pulls: list[int] = []

    def slow() -> None:
        pulls.append(1)
        begun.set()
        assert go_on.wait(30)

    puller = Puller(slow)
    puller.start()
    puller.ask()
    assert begun.wait(30)
    for _ in range(50):
        puller.ask()
    go_on.set()
    begun.clear()
    assert begun.wait(30)
    puller.stop()
    assert len(pulls) == 2


def test_a_body_that_is_too_large_is_not_read(backend: TestClient) -> None:
    headers = {SECRET_HEADER: SECRET, "Content-Length": str(1 << 30)}
    assert backend.post("/webhooks/label-studio", content=b"{}", headers=headers).status_code == 413


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"tasks": 3}', b'{"tasks": ' + b"[" * 5000, b"\xff"])
def test_what_is_no_request_for_predictions_is_refused(backend: TestClient, body: bytes) -> None:
    assert backend.post("/predict", content=body, headers={SECRET_HEADER: SECRET}).status_code == 422


def test_predictions_are_those_of_the_ledger_and_blind_ones_are_empty(backend: TestClient, tmp_path: Path) -> None:
    task = label_task("critique")
    opinion = as_objects([Answer("overall", 4.2)])
    shared = {"items": ("a" * 64,), "dataset": "d@1", "data": {}, "prediction": opinion, "model_version": "m1"}
    with Ledger(tmp_path) as ledger:
        project = ledger.add_project(Project(0, "local", 7, "d", "critique", task.config_hash, 1))
        ledger.add_plan(project, "p", [Question("open", **shared), Question("hidden", **shared, blind=True)])
    tasks = [{"project": 7, "data": {"task_key": key}} for key in ("open", "hidden", "unknown")] + [17]
    found = backend.post("/predict", json={"tasks": tasks}, headers={SECRET_HEADER: SECRET}).json()["results"]
    assert [one["result"][0]["value"] if one["result"] else None for one in found] == [
        {"choices": ["4"]},
        None,
        None,
        None,
    ]


def test_a_picture_is_shown_by_its_signature_only(backend: TestClient, tmp_path: Path) -> None:
    folder = pictures_folder(tmp_path) / "pictures"
    folder.mkdir(parents=True)
    (folder / NAME).write_bytes(b"\x89PNG")
    (folder / "secret.png").write_bytes(b"no")
    signature = sign(NAME, SECRET.encode())
    assert backend.get(f"/pictures/{NAME}", params={"sig": signature}).content == b"\x89PNG"
    assert backend.get(f"/pictures/{NAME}").status_code == 404
    assert backend.get(f"/pictures/{NAME}", params={"sig": sign("b" * 64 + ".png", SECRET.encode())}).status_code == 404
    outside = sign("secret.png", SECRET.encode())
    assert backend.get("/pictures/secret.png", params={"sig": outside}).status_code == 404


def test_secrets_are_for_the_user_alone_and_stay(tmp_path: Path) -> None:
    first, secret = credentials(tmp_path), backend_secret(tmp_path)
    assert (credentials(tmp_path), backend_secret(tmp_path)) == (first, secret)
    for name in ("credentials.json", "backend.json"):
        assert (tmp_path / "labels" / "server" / name).stat().st_mode & 0o077 == 0


def test_without_a_server_the_remedy_is_named(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="gesso label serve"):
        connection(tmp_path)


def test_gold_of_a_pair_is_said_of_the_smaller_hash(tmp_path: Path) -> None:
    file = tmp_path / "gold.jsonl"
    row = {"items": ["b" * 64, "a" * 64], "answers": [{"aspect": "preference", "label": "left"}]}
    file.write_text(json.dumps(row))
    assert read_gold(file, label_task("pairwise")) == {("a" * 64, "b" * 64): [Answer("preference", 0.0, "right")]}


@pytest.mark.parametrize(
    "line",
    [
        *("", "[]", "{", '{"items": []}', '{"items": 3, "answers": 4}'),
        '{"items": ["x"], "answers": [{"aspect": "overall", "value": 5}]}',
        json.dumps({"items": ["a" * 64], "answers": []}),
        json.dumps({"items": ["a" * 64], "answers": [{"value": 3}]}),
    ],
)
def test_a_line_that_is_no_gold_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "gold.jsonl"
    file.write_text(line)
    with pytest.raises(GoldError, match=r"gold\.jsonl"):
        read_gold(file, label_task("critique"))
