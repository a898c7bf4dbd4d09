"""`gesso label …` as a user runs it: from serve to pull, a clean stop, and what is said where something is missing."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from annotations.server.install import install
from annotations.server.process import server_folder
from benchmarks import label_set
from tests.annotations.conftest import serving
from tests.conftest import run_gesso


@pytest.mark.labelstudio
def test_from_serve_to_pull_and_a_clean_stop(tmp_path: Path) -> None:
    install()
    label_set.write(tmp_path, 12, scale=0.2)
    with serving(tmp_path, "http://127.0.0.1:", "--port", "0") as (process, said):
        assert "credentials.json" in said
        account = json.loads((server_folder(tmp_path) / "credentials.json").read_text())
        assert account["password"] not in said

        pushed = run_gesso("label", "push", "screens", "--count", "5", "--home", str(tmp_path), "--json")
        assert pushed.returncode == 0, pushed.stderr
        assert json.loads(pushed.stdout)["new"] == 5
        pulled = run_gesso("label", "pull", "--home", str(tmp_path), "--json")
        assert pulled.returncode == 0, pulled.stderr
        assert json.loads(pulled.stdout)["events"] == 0

        pid = json.loads((server_folder(tmp_path) / "connection.json").read_text())["pid"]
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert not (server_folder(tmp_path) / "connection.json").exists()
    assert not Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("push", "screens", "--task", "guess"), "critique, pairwise"),
        (("push", "screens"), "gesso label serve"),
        (("push", "nowhere"), "no dataset"),
        (("pull",), "gesso label serve"),
    ],
)
def test_what_is_missing_is_said_with_its_remedy(tmp_path: Path, arguments: tuple[str, ...], word: str) -> None:
    label_set.write(tmp_path, 4, scale=0.1)
    done = run_gesso("label", *arguments, "--home", str(tmp_path))
    assert done.returncode == 2
    assert word in done.stderr
    assert done.stderr.count("\n") == 1
