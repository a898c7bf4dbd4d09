"""Ends what outlives the driver of a Ray cluster of one machine: `python reaper.py`, its stdin a pipe of the driver's.

Ray's head and raylet end with their driver, but the raylet's agents first tell the head of its end, and wait for
minutes where there is no head. Started with nothing but the standard library, so that it is there before Ray is.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

WATCH_SECONDS = 20.0  # after the driver's end, at most
CALM_SECONDS = 4.0  # without an orphan, after which there will be none: what was being started has come into sight
PAUSE = 0.25
OF_RAY = (b"ray::", b"/ray/dashboard/", b"/ray/_private/", b"/ray/core/")


def start() -> subprocess.Popen[bytes] | None:
    """A reaper for this process, to be ended by closing its stdin; None where there is no /proc to look at."""
    if not Path("/proc/self/stat").exists():
        return None
    quiet = subprocess.DEVNULL
    words = [sys.executable, "-S", "-E", str(Path(__file__).resolve()), str(os.getpgrp())]
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, start_new_session=True)


def orphans(group: int) -> list[int]:
    """Ray's processes of a process group whose parent is gone: nobody's, whichever driver had started them.

    Those of a driver that lives have it, or its raylet, for a parent, and that is of the same group.
    """
    seen: dict[int, tuple[int, int]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError):  # it may just have ended
                fields = Path(entry.path, "stat").read_text().rsplit(")", 1)[1].split()
                if fields[0] != "Z":
                    seen[int(entry.name)] = int(fields[1]), int(fields[2])
    groups = {pid: its for pid, (_, its) in seen.items()}
    alone = [pid for pid, (parent, its) in seen.items() if its == group and groups.get(parent) != group]
    return [pid for pid in alone if pid != group and _of_ray(pid)]


def _of_ray(pid: int) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return any(mark in words for mark in OF_RAY)


def main() -> None:
    group = int(sys.argv[1])
    sys.stdin.buffer.read()  # until the driver lets go of it, however it ends
    now = time.monotonic()
    until, calm = now + WATCH_SECONDS, now + CALM_SECONDS
    while time.monotonic() < min(until, calm):
        for pid in orphans(group):
            calm = time.monotonic() + CALM_SECONDS
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(PAUSE)


if __name__ == "__main__":
    main()
