"""What several rooms' tests share: the repository, the demo run once a session, and the command as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from filelock import FileLock

# How long one example takes says more of the machine than of the code; pytest's own limit ends what hangs.
hypothesis.settings.register_profile("gesso", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("gesso")
ROOT = Path(__file__).resolve().parents[1]
DEMO_SECONDS = 900  # a limit for a busy machine; the demo says its own time in summary.json


def run_gesso(
    *arguments: str, cwd: Path = ROOT, timeout: float = 300, **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run `gesso …` in a process of its own, as a user would; the exit code is for the test to judge."""
    command = [sys.executable, "-m", "pipelines.cli", *arguments]
    environment = {**os.environ, **environ}
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=timeout, check=False
    )


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a whole `gesso demo`, run once for all testing processes. Treat it as read-only, or copy it."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    home, whole = folder / "demo", folder / "demo.whole"
    with FileLock(folder / "demo.lock"):
        if not whole.exists():
            done = run_gesso("demo", "--home", str(home), timeout=DEMO_SECONDS)
            assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
            whole.touch()
    return home


@pytest.fixture(scope="session")
def demo_summary(demo_home: Path) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads((demo_home / "summary.json").read_text())
    return summary
