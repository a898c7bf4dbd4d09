"""The server of designs for the plugin: this machine, a token, and nothing to write."""

from __future__ import annotations

import json
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pipelines.design_server import ServerError, offered, serving

CARD = 'col Card 100 #ffffff\n t "Hi"\n'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "designs").mkdir()
    (tmp_path / "designs" / "card.gesso").write_text(CARD)
    (tmp_path / "designs" / "broken.gesso").write_text("nonsense")
    (tmp_path / "designs" / "page.html").write_text("<p>")
    return tmp_path


def ask(address: str, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = HTTPConnection("127.0.0.1", urlsplit(address).port or 80, timeout=10)
    connection.request(method, path, headers={"Host": "localhost:1", **headers})
    answer = connection.getresponse()
    return answer.status, dict(answer.headers), answer.read()


def test_designs_are_listed_and_given_with_the_token(home: Path) -> None:
    with serving(home) as (address, token):
        bearer = f"Bearer {token}"
        status, headers, body = ask(address, "/figma/designs", Authorization=bearer)
        assert status == 200
        assert {d["name"] for d in json.loads(body)} == {"card", "broken"}
        assert headers["Access-Control-Allow-Origin"] == "*"
        status, _, body = ask(address, "/figma/designs/card", Authorization=bearer)
        assert (status, json.loads(body)["format"]) == (200, "gesso-figma/1")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic eDp5", "Bearer \u00e9"])
def test_without_the_token_nothing_is_told(home: Path, header: str) -> None:
    with serving(home) as (address, _):
        status, _, body = ask(address, "/figma/designs", Authorization=header.encode("latin-1").decode("latin-1"))
        assert status == 401
        assert b"card" not in body


def test_a_strangers_name_for_this_machine_is_refused(home: Path) -> None:
    with serving(home) as (address, token):
        assert ask(address, "/figma/designs", Host="evil.test", Authorization=f"Bearer {token}")[0] == 403


@pytest.mark.parametrize("path", ["/", "/figma/designs/..%2Fcaptures", "/figma/designs/page", "/figma/designs/%00"])
def test_nothing_else_is_served(home: Path, path: str) -> None:
    with serving(home) as (address, token):
        assert ask(address, path, Authorization=f"Bearer {token}")[0] == 404


def test_a_broken_design_says_why(home: Path) -> None:
    with serving(home) as (address, token):
        status, _, body = ask(address, "/figma/designs/broken", Authorization=f"Bearer {token}")
        assert status == 422
        assert "line 1" in json.loads(body)["error"]


def test_writing_is_no_method_of_it(home: Path) -> None:
    with serving(home) as (address, token):
        assert ask(address, "/figma/designs/card", "POST", Authorization=f"Bearer {token}")[0] == 501


def test_an_exported_payload_goes_before_its_notation(home: Path) -> None:
    (home / "designs" / "card.figma.json").write_text("{}")
    assert offered(home)["card"].name == "card.figma.json"


def test_a_taken_port_is_said(home: Path) -> None:
    with (
        serving(home) as (address, _),
        pytest.raises(ServerError, match="cannot be used"),
        serving(home, urlsplit(address).port or 0),
    ):
        pass


def test_a_home_that_is_not_there_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pipelines.design_server", "--home", str(tmp_path / "nowhere"), "--port", "0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "no home at" in done.stderr, len(done.stderr.splitlines())) == (2, True, 1)
