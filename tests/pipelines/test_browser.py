"""A page is opened where there is a desktop, and its address said where there is none; nothing else is printed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pipelines import browser


def without_desktop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)


def test_without_a_desktop_the_address_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    without_desktop(monkeypatch)
    assert not browser.open_page(tmp_path / "a page.html")
    said = capfd.readouterr()
    assert said.out.split() == f"no browser to open it here: {(tmp_path / 'a page.html').as_uri()}".split()
    assert said.err == ""


def test_what_a_noisy_opener_prints_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    without_desktop(monkeypatch)
    opened, noisy = tmp_path / "opened", tmp_path / "xdg-open"
    noisy.write_text(
        f'#!/bin/sh\necho "no method available" >&2\necho "$1" > {opened}.part\nmv {opened}.part {opened}\n'
    )
    noisy.chmod(0o755)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *a, **k: started.append(popen(*a, **k)) or started[-1])
    assert browser.open_page(tmp_path / "page.html")
    assert started[0].wait(30) == 0
    assert opened.read_text().strip() == (tmp_path / "page.html").as_uri()
    assert capfd.readouterr() == ("", "")
