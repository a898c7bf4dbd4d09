"""Set-up: a second call does nothing, a change of what is wanted installs again, and an old Python is told so."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines import bootstrap

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A venv folder that says everything is installed."""
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    (venv / ".gesso-installed").write_text(bootstrap.wanted("all,dev"))
    monkeypatch.delenv("GESSO_CHROMIUM", raising=False)
    (venv / ".gesso-browser").write_text(f"\n{sys.executable}")
    (venv / ".gesso-autoconsent").write_text(bootstrap.AUTOCONSENT)
    return venv


def test_a_second_call_does_nothing(ready: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap.subprocess, "run", lambda *_, **__: pytest.fail("something was run"))
    started = time.monotonic()
    bootstrap.set_up(ready, "all,dev", with_browser=True)
    assert time.monotonic() - started < 2


def test_without_consent_rules_the_set_up_goes_on(
    ready: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (ready / ".gesso-autoconsent").unlink()
    failing = subprocess.CompletedProcess([], 1, stdout="", stderr="npm error: no such registry\n")
    monkeypatch.setattr(bootstrap.shutil, "which", lambda _: "/usr/bin/npm")
    monkeypatch.setattr(bootstrap.subprocess, "run", lambda *_, **__: failing)
    bootstrap.set_up(ready, "all,dev", with_browser=True)
    assert "no consent rules (npm ended with 1: npm error: no such registry)" in capsys.readouterr().out
    assert not (ready / ".gesso-autoconsent").exists()


def test_other_extras_install_again(ready: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[object]] = []

    def record(command: list[object], **_: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(bootstrap.subprocess, "run", record)
    bootstrap.set_up(ready, "crawl", with_browser=False)
    assert any("[crawl]" in str(part) for part in commands[0])
    bootstrap.set_up(ready, "crawl", with_browser=False)
    assert len(commands) == 1


def test_a_failed_installation_is_tried_again(ready: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap.subprocess, "run", lambda c, **_: subprocess.CompletedProcess(c, 1))
    with pytest.raises(SystemExit) as stopped:
        bootstrap.set_up(ready, "crawl", with_browser=False)
    assert stopped.value.code == 2
    assert (ready / ".gesso-installed").read_text() != bootstrap.wanted("crawl")


def test_a_browser_that_was_removed_is_looked_for_again(ready: Path) -> None:
    (ready / ".gesso-browser").write_text("\n/nowhere/chromium")
    bootstrap.set_up(ready, "all,dev", with_browser=True)
    found = (ready / ".gesso-browser").read_text().strip()
    assert Path(found).exists()


def test_an_old_python_is_told_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(bootstrap, "MIN_PYTHON", (99, 0))
    monkeypatch.setattr(sys, "argv", ["bootstrap.py"])
    with pytest.raises(SystemExit):
        bootstrap.main()
    assert "too old" in capsys.readouterr().err


def test_the_script_needs_nothing_but_the_standard_library() -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-I", ROOT / "pipelines" / "bootstrap.py", "--help"], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
