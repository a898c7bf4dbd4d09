"""The whole loop with a person in a browser: log in, rate, submit; pull; a new head; its predictions; the next task."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from annotations.client import Client
from annotations.configs import Critique
from annotations.configs.result import Answer
from annotations.consensus import write_consensus
from annotations.events import read_current
from annotations.items import read_items, trained_head
from annotations.ledger import Ledger, Question
from annotations.pull import pull
from annotations.push import predict, push
from annotations.training import train
from benchmarks import label_set
from crawlers.browser.find import require_chromium
from curation.dataset import open_dataset
from tests.annotations.conftest import SCREENS, LabelServer

pytestmark = [pytest.mark.labelstudio, pytest.mark.browser]
ASKED, OPEN = 66, 6
WAIT_MS = 90_000
TASK = Critique()


@dataclass(frozen=True)
class Labelling:
    """A page with one question on it."""

    page: Page
    project_url: str

    def open(self) -> int:
        """The next question, as Label Studio serves it; the id of its task."""
        with self.page.expect_response(lambda answer: "/next" in answer.url or "next_task" in answer.url) as served:
            self.page.goto(f"{self.project_url}?labeling=1")
        expect(self.page.get_by_role("heading", name=TASK.title)).to_be_visible()
        return int(served.value.json()["id"])

    def grade(self, key: str) -> int:
        """Grade and submit by keys; the id of the task that is served then."""
        self.page.keyboard.press(key)
        expect(self.page.locator(".g-grade .ant-checkbox-wrapper-checked")).to_contain_text("★" * int(key))
        with self.page.expect_response(lambda answer: "/next" in answer.url or "next_task" in answer.url) as served:
            self.page.keyboard.press("Control+Enter")
        return int(served.value.json()["id"])


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(require_chromium()), args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.set_default_timeout(WAIT_MS)
        expect.set_options(timeout=WAIT_MS)
        yield context.new_page()
        browser.close()


def test_a_grade_given_in_the_browser_changes_what_is_asked_next(label_server: LabelServer, page: Page) -> None:
    home, client, name = label_server.home, label_server.client, label_server.name
    pushed = push(home, client, name, label_server.items, TASK, ASKED, label_server.pictures, raters=1)
    grades = _grades(label_server)
    with Ledger(home) as ledger:
        project = next(one for one in ledger.projects(name) if one.project_id == pushed.project_id)
        questions = sorted(ledger.questions(project, "there"), key=lambda one: one.score)
    _label_by_program(label_server, questions[OPEN:], grades)

    _log_in(label_server, page)
    labelling = Labelling(page, pushed.url)
    first = labelling.open()
    assert first == questions[0].task_id, "the most doubtful question is served first"
    expect(page.locator(".g-picture img").first).to_be_visible()
    assert page.locator(".g-picture img").first.evaluate("image => image.naturalWidth") > 0
    shown = "" if questions[0].blind else str(round(questions[0].prediction[0]["value"]))
    assert labelling.grade("2") == questions[1].task_id

    pulled = pull(home, client, name)
    assert not pulled.problems
    assert pulled.annotations == ASKED - OPEN + 1
    rows = read_current(home).to_pylist()
    mine = [row for row in rows if row["task_id"] == first and row["aspect"] == "overall"]
    assert [(row["value"], row["annotator"], row["item_sha256"]) for row in mine] == [
        (2.0, label_server.ada.email, questions[0].items[0])
    ]
    assert mine[0]["lead_seconds"] > 0
    assert mine[0]["blind"] == questions[0].blind
    assert (mine[0]["prediction_version"] is None) == (shown == "")

    consensus, _ = write_consensus(home, seed=7)
    made = train("aesthetic", consensus, open_dataset("screens", home), home, seed=7)
    assert made.in_force, made.why
    found = trained_head("screens", home)
    assert found is not None
    items = read_items("screens", home, head=found[0], version=found[1])
    assert predict(home, client, name, items, TASK) == ASKED
    with Ledger(home) as ledger:
        again = sorted(ledger.questions(project, "there"), key=lambda one: one.score)
    waiting = {one.task_id for one in questions[1:OPEN]}
    expected = next(one.task_id for one in again if one.task_id in waiting)
    assert expected != questions[1].task_id, "the head changed nothing about the order: the test shows nothing"
    assert labelling.open() == expected
    assert _correlation(items, label_server) > _correlation(label_server.items, label_server) + 0.2


def _label_by_program(label_server: LabelServer, questions: list[Question], grades: dict[str, int]) -> None:
    """As Ada, alone: among several people Label Studio serves one of the first few by lot."""
    with Client(label_server.server.url, label_server.ada.token) as ada:
        for question in questions:
            assert question.task_id is not None
            grade = float(grades[question.items[0]])
            ada.create_annotation(question.task_id, result=TASK.write([Answer("overall", grade)]))


def _grades(label_server: LabelServer) -> dict[str, int]:
    """What a careful person would give each screen."""
    return {sha: 1 + round(4 * quality) for sha, quality in _qualities(label_server).items()}


def _qualities(label_server: LabelServer) -> dict[str, float]:
    drawn = label_set.qualities(SCREENS)
    ids = {label_set.capture_id(number): float(drawn[number]) for number in range(SCREENS)}
    return {row["image_sha256"]: ids[row["capture_id"]] for row in label_server.items.rows}


def _correlation(items: object, label_server: LabelServer) -> float:
    truth = _qualities(label_server)
    grades = items.grades  # type: ignore[attr-defined]
    known = [truth[row["image_sha256"]] for row in label_server.items.rows]
    return float(np.corrcoef(grades, known)[0, 1])


def _log_in(label_server: LabelServer, page: Page) -> None:
    page.goto(f"{label_server.server.url}/user/login/")
    page.fill("input[name=email]", label_server.ada.email)
    page.fill("input[name=password]", label_server.ada.password)
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: "login" not in url)
