"""kill -9 in the middle of features, shards and tables; the same command again ends with the same bytes."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from curation.run import curate
from tests.curation.conftest import fill, small_recipe

ROOT = Path(__file__).resolve().parents[2]

# Dies at its n-th fsync: a temporary file is then written and not yet renamed. Small parts give many such moments.
DYING = """
import os, signal, sys
from pathlib import Path
from curation.engine import local
from curation.engine.step import Step
from curation.run import curate
from tests.curation.conftest import small_recipe
local.LIMITS = local.Limits(part_rows=5)
Step.batch = 5
left, sync = int(sys.argv[2]), os.fsync
def fsync(handle):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    sync(handle)
os.fsync = fsync
curate(small_recipe(), Path(sys.argv[1]), report=False)
"""


def contents(version: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(version.iterdir())}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    """A home with captures only, and what an undisturbed run makes of it."""
    bare, home = tmp_path_factory.mktemp("bare"), tmp_path_factory.mktemp("whole")
    fill(bare)
    shutil.copytree(bare / "captures", home / "captures")
    return bare, contents(curate(small_recipe(), home, report=False).path)


def start(home: Path, after: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", DYING, str(home), str(after)], cwd=ROOT, stderr=subprocess.PIPE)


@pytest.mark.parametrize("after", [11, 22, 26])
def test_a_run_killed_between_writing_and_renaming(
    whole: tuple[Path, dict[str, bytes]], tmp_path: Path, after: int
) -> None:
    bare, expected = whole
    shutil.copytree(bare / "captures", tmp_path / "captures")
    killed = start(tmp_path, after)
    killed.communicate(timeout=120)
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "datasets" / "small" / "1").exists()
    survivors = list((tmp_path / "features").rglob("*.parquet"))
    again = curate(small_recipe(), tmp_path, report=False)
    assert contents(again.path) == expected
    assert again.version == 1
    assert all(part.is_file() for part in survivors)
    assert not [p for p in (tmp_path / "datasets" / "small").iterdir() if p.name.startswith(".build")]


def test_a_run_killed_from_outside(whole: tuple[Path, dict[str, bytes]], tmp_path: Path) -> None:
    bare, expected = whole
    shutil.copytree(bare / "captures", tmp_path / "captures")
    running = start(tmp_path, 10_000)
    deadline = time.monotonic() + 60
    while running.poll() is None and time.monotonic() < deadline:
        if any((tmp_path / "features").rglob("*.parquet")):
            break
    running.kill()
    running.communicate(timeout=60)
    assert contents(curate(small_recipe(), tmp_path, report=False).path) == expected
