"""`gesso doctor`: what it finds on this machine, and what it says of a machine that lacks something."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines import doctor


def test_this_machine_is_ready(tmp_path: Path) -> None:
    checks = {check.name: check for check in doctor.diagnose(tmp_path)}
    assert [name for name, check in checks.items() if check.state == "missing"] == []
    assert "torch 2." in checks["torch"].found
    assert "Chrom" in checks["browser"].found


def test_a_mismatched_torch_pair_gives_the_command_that_mends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "version_of", {"torch": "2.9.1+cpu", "torchvision": "0.29.1"}.get)
    check = doctor.torch_pair()
    assert check.state == "missing"
    assert "torchvision==0.24.*" in check.remedy


def test_a_browser_named_wrongly_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GESSO_CHROMIUM", "/nowhere/chromium")
    check = doctor.browser()
    assert check.state == "missing"
    assert "/nowhere/chromium" in check.found


def test_a_full_disk_is_missing_space(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor, "LOW_DISK_GB", 10**9)
    assert doctor.disk(tmp_path / "not" / "yet" / "there").state == "missing"


def test_the_command_exits_with_1_where_something_is_missing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pipelines.cli", "doctor", "--json", "--home", str(tmp_path)]
    environment = {"PATH": "/usr/bin:/bin", "GESSO_CHROMIUM": "/nowhere/chromium"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    states = {check["name"]: check["state"] for check in json.loads(done.stdout)}
    assert states["browser"] == "missing"
    assert states["python"] == "ok"
