"""Every example in the README runs as it is written, in the order it is written, in a folder like a clone."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MAKE_TARGETS = {"make demo", "make test"}  # CI runs the second; the first is `gesso demo`, which the fixture runs


@pytest.fixture
def clone(tmp_path: Path, demo_home: Path) -> Path:
    """A folder that looks like a clone after `make demo`, with a copy of what that made."""
    for name in ("examples", "recipes", "scrapy.cfg", "crawlers"):
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copytree(demo_home, tmp_path / "workspace" / "demo")
    return tmp_path


def run(language: str, code: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = ["bash", "-euo", "pipefail", "-c", code] if language == "sh" else [sys.executable, "-c", code]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "HF_HOME": str(cwd / ".hf"), "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=600, check=False)


def without_make(code: str) -> str:
    lines = [line for line in code.splitlines() if line.split("#")[0].strip() not in MAKE_TARGETS]
    return "\n".join(lines)


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.timeout(1200)
def test_every_example_runs(clone: Path) -> None:
    server: subprocess.Popen[bytes] | None = None
    ran = 0
    try:
        for language, code in BLOCK.findall(README.read_text()):
            started = re.search(r"^(.*site_server.*) &$", code, re.MULTILINE)
            if started:  # kept running for the blocks that follow, as a reader's shell would
                path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
                server = subprocess.Popen(
                    ["bash", "-c", f"exec {started[1]}"],
                    cwd=clone,
                    env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)},
                    stdout=subprocess.PIPE,
                )
                assert server.stdout is not None
                assert b"sites" in server.stdout.readline()
                code = code.replace(started[0], "")
            code = without_make(code)
            if code.strip():
                done = run(language, code, clone)
                assert done.returncode == 0, f"{code}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
                ran += 1
    finally:
        if server is not None:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=10)
    assert ran >= 6


def test_every_link_and_picture_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README.read_text()):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target
