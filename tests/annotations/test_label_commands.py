"""`gesso label …` as a user runs it: from serve to pull, a clean stop, and what is said where something is missing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from annotations.server.install import install
from annotations.server.process import server_folder
from benchmarks import label_set
from tests.conftest import ROOT, run_gesso


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """`gesso label serve` of a home with a few screens; ended whatever happens."""
    install()
    label_set.write(tmp_path, 12, scale=0.2)
    command = [sys.executable, "-m", "pipelines.cli", "label", "serve", "--port", "0", "--backend-port", "0"]
    process = subprocess.Popen(
        [*command, "--home", str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip
    yield process
    if process.poll() is None:
        process.kill()
        process.communicate()


@pytest.mark.labelstudio
def test_from_serve_to_pull_and_a_clean_stop(serving: subprocess.Popen[str], tmp_path: Path) -> None:
    assert serving.stdout is not None
    said = []
    for line in serving.stdout:
        said.append(line)
        if "http://127.0.0.1:" in line:
            break
    assert any("credentials.json" in line for line in said)
    account = json.loads((server_folder(tmp_path) / "credentials.json").read_text())
    assert account["password"] not in "".join(said)

    pushed = run_gesso("label", "push", "screens", "--count", "5", "--home", str(tmp_path), "--json")
    assert pushed.returncode == 0, pushed.stderr
    assert json.loads(pushed.stdout)["new"] == 5
    pulled = run_gesso("label", "pull", "--home", str(tmp_path), "--json")
    assert pulled.returncode == 0, pulled.stderr
    assert json.loads(pulled.stdout)["events"] == 0

    pid = json.loads((server_folder(tmp_path) / "connection.json").read_text())["pid"]
    serving.send_signal(signal.SIGTERM)
    serving.communicate(timeout=60)
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
