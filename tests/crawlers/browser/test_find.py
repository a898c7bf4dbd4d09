"""Finding a browser: the one named, then Playwright's, then the system's."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawlers.browser.find import BrowserNotFound, find_chromium


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_order(tmp_path: Path) -> None:
    system = program(tmp_path / "bin/chromium")
    environ = {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)}
    assert find_chromium(environ) == system
    program(tmp_path / ".cache/ms-playwright/chromium-999/chrome-linux/chrome")
    newer = program(tmp_path / ".cache/ms-playwright/chromium-1200/chrome-linux/chrome")
    assert find_chromium(environ) == newer
    assert find_chromium({**environ, "GESSO_CHROMIUM": str(system)}) == system


def test_the_headless_shell_is_preferred_to_the_whole_browser(tmp_path: Path) -> None:
    program(tmp_path / "bin/chromium")
    shell = program(tmp_path / "bin/chromium-headless-shell")
    environ = {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)}
    assert find_chromium(environ) == shell
    program(tmp_path / ".cache/ms-playwright/chromium-1200/chrome-linux/chrome")
    managed = program(tmp_path / ".cache/ms-playwright/chromium_headless_shell-1200/chrome-linux/headless_shell")
    assert find_chromium(environ) == managed


def test_none_and_a_wrong_name(tmp_path: Path) -> None:
    environ = {"PATH": str(tmp_path), "HOME": str(tmp_path)}
    assert find_chromium(environ) is None
    with pytest.raises(BrowserNotFound, match="GESSO_CHROMIUM=/nowhere"):
        find_chromium({**environ, "GESSO_CHROMIUM": "/nowhere"})
