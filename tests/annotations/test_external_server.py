"""`gesso label serve --external`: another's Label Studio, our pictures at signed addresses, live predictions, gold."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import expect, sync_playwright

from annotations.client import Client
from annotations.configs import Critique
from annotations.configs.result import Answer
from annotations.events import read_current
from annotations.server.access import Annotator, Session, invite
from benchmarks import label_set
from crawlers.browser.find import require_chromium
from tests.annotations.conftest import LabelServer, serving
from tests.conftest import run_gesso

pytestmark = [pytest.mark.labelstudio, pytest.mark.browser]
TASK = Critique()
ASKED, WAIT_S = 12, 60


@dataclass(frozen=True)
class External:
    """A home that labels on a server which another home started, and the person whose personal token it was given."""

    home: Path
    person: Annotator
    client: Client
    process: subprocess.Popen[str]


@pytest.fixture
def external(label_server: LabelServer, tmp_path: Path) -> Iterator[External]:
    label_set.write(tmp_path, 24, scale=0.5, name="elsewhere")  # a server has one project of a dataset's name
    person = invite(label_server.client, f"eve{time.time_ns()}@localhost.local")
    with Session(label_server.server.url) as session:
        session.log_in(person.email, person.password)
        token = session.personal_token()
    url = label_server.server.url
    with (
        serving(tmp_path, "listening for labels", "--external", url, GESSO_LABEL_TOKEN=token) as (process, said),
        Client(url, token) as client,
    ):
        assert token not in said
        yield External(tmp_path, person, client, process)


def test_a_server_that_was_there_gets_questions_shows_signed_pictures_and_gives_labels_back(
    label_server: LabelServer, external: External
) -> None:
    home, client = external.home, external.client
    known = pq.read_table(home / "datasets/elsewhere/1/train-00000-of-00001.parquet")["image_sha256"].to_pylist()[:3]
    gold = home / "gold.jsonl"
    gold.write_text(
        "".join(json.dumps({"items": [sha], "answers": [{"aspect": "overall", "value": 5}]}) + "\n" for sha in known)
    )
    done = run_gesso(
        "label", "push", "elsewhere", "--count", str(ASKED), "--raters", "1", "--gold", str(gold), "--ml",
        "--home", str(home), "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    pushed = json.loads(done.stdout)
    assert pushed["new"] == ASKED
    assert pushed["gold"] == len(known)
    tasks = client.tasks(pushed["project_id"], {}, 1)
    assert not any("gold" in json.dumps(task["data"]) for task in tasks), "what is expected never reaches the server"

    _only_signed_pictures_are_shown(tasks[0]["data"]["image"])
    _rate_in_the_browser(label_server, external, pushed["project_id"])
    _label_studio_asks_our_backend(client, pushed["project_id"])

    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline and not (rows := read_current(home).to_pylist()):
        time.sleep(0.5)
    assert {(row["annotator"], row["value"]) for row in rows if row["aspect"] == "overall"} == {
        (external.person.email, 4.0)
    }, "the webhook has the answer pulled while serve runs"

    gold_task = next(task for task in tasks if any(sha in task["data"]["image"] for sha in known))
    client.create_annotation(gold_task["id"], result=TASK.write([Answer("overall", 5.0)]))
    pulled = run_gesso("label", "pull", "--home", str(home), "--json")
    assert pulled.returncode == 0, pulled.stderr
    assert any(row["gold"] and row["value"] == 5.0 for row in read_current(home).to_pylist())

    external.process.send_signal(signal.SIGTERM)
    external.process.wait(WAIT_S)
    assert client.whoami()["email"] == external.person.email, "a server that we did not start goes on"


def _only_signed_pictures_are_shown(address: str) -> None:
    assert httpx2.get(address, trust_env=False).content.startswith(b"\x89PNG")
    assert httpx2.get(address.split("?")[0], trust_env=False).status_code == 404
    forged = address[:-1] + ("0" if address[-1] != "0" else "1")
    assert httpx2.get(forged, trust_env=False).status_code == 404


def _rate_in_the_browser(label_server: LabelServer, external: External, project: int) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(require_chromium()), args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        page.set_default_timeout(WAIT_S * 1000)
        page.goto(f"{label_server.server.url}/user/login/")
        page.fill("input[name=email]", external.person.email)
        page.fill("input[name=password]", external.person.password)
        page.click("button[type=submit]")
        page.wait_for_url(lambda url: "login" not in url)
        with page.expect_response(lambda answer: "/pictures/" in answer.url and "sig=" in answer.url) as shown:
            page.goto(f"{label_server.server.url}/projects/{project}/data?labeling=1")
        assert shown.value.ok
        picture = page.locator(".g-picture img").first
        expect(picture).to_be_visible(timeout=WAIT_S * 1000)
        assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
        page.keyboard.press("4")
        expect(page.locator(".g-grade .ant-checkbox-wrapper-checked")).to_contain_text("★★★★")
        with page.expect_response(lambda answer: "/annotations" in answer.url and answer.request.method == "POST"):
            page.keyboard.press("Control+Enter")
        browser.close()


def _label_studio_asks_our_backend(client: Client, project: int) -> None:
    """Label Studio itself calls /predict for every task, and keeps what it is told under our version's name."""
    assert len(list(client.backends(project))) == 1
    client.call(
        "POST", "/api/dm/actions/", {"selectedItems": {"all": True, "excluded": []}},
        {"id": "retrieve_tasks_predictions", "project": project},
    )  # fmt: skip
    found = client.call("GET", "/api/predictions/", params={"project": project})
    versions = {one["model_version"] for one in found if one["result"]}
    assert versions, found
