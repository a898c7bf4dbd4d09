"""What outlives the driver of a Ray cluster is ended; what has a living parent, or is none of Ray's, is left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from curation.engine import reaper

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc to look at")

# A driver that starts what passes for an agent of Ray's and something else, says their ids, and stays.
DRIVER = """
import subprocess, sys, time
sys.path.insert(0, sys.argv[1])
from curation.engine import reaper
sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
children = [subprocess.Popen([*sleep, name]) for name in ("ray::DashboardAgent", "another")]
watch = reaper.start()
print(*[child.pid for child in children], flush=True)
time.sleep(60)
"""


@contextmanager
def driver() -> Iterator[tuple[subprocess.Popen[bytes], int, int]]:
    root = str(Path(__file__).resolve().parents[2])
    running = subprocess.Popen([sys.executable, "-c", DRIVER, root], stdout=subprocess.PIPE, start_new_session=True)
    assert running.stdout is not None
    agent, other = map(int, running.stdout.readline().split())
    try:
        yield running, agent, other
    finally:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        running.stdout.close()


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_a_killed_drivers_agents_are_ended_and_nothing_else() -> None:
    with driver() as (running, agent, other):
        assert reaper.orphans(running.pid) == []  # its driver lives
        running.kill()
        running.wait()
        deadline = time.monotonic() + 30
        while runs(agent) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not runs(agent)
        assert runs(other)
