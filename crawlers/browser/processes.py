"""Know which browsers are ours, so that those whose owner was killed are ended by whoever starts a browser next.

One small file a browser in a private folder below the temporary directory: {pid, born, owner, owner_born}. A process is
the one we mean only when both its id and its birth agree. Without /proc (not Linux) nothing is recorded or killed:
Chromium then ends by itself when the pipe to its driver breaks.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import tempfile
from pathlib import Path

PROFILE_FLAG = "--user-data-dir="


def records_folder() -> Path:
    """Where the records lie: owned by this user alone."""
    folder = Path(tempfile.gettempdir()) / f"gesso-browsers-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        folder = Path(tempfile.mkdtemp(prefix="gesso-browsers-"))
    return folder


def born(pid: int) -> str | None:
    """When a process started, in the kernel's ticks; None where there is no such process (or no /proc)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rsplit(")", 1)[1].split()
    return None if fields[0] == "Z" else fields[19]


def remember(pid: int) -> Path | None:
    """Record a browser of this process. Returns the record, to be handed to `forget`."""
    birth = born(pid)
    if birth is None:
        return None
    path = records_folder() / f"{pid}-{birth}.json"
    owner = {"owner": os.getpid(), "owner_born": born(os.getpid()), "profile": _profile(pid)}
    path.write_text(json.dumps({"pid": pid, "born": birth, **owner}))
    return path


def forget(record: Path | None) -> None:
    """Drop a record once its browser has ended."""
    if record is not None:
        record.unlink(missing_ok=True)


def kill(pid: int) -> None:
    """End a browser at once; its helpers follow when their pipe breaks."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def end_orphans() -> int:
    """Kill the browsers whose owner is gone, and remove their profiles. Returns how many were still running."""
    ended = 0
    for path in records_folder().glob("*.json"):
        try:
            record = json.loads(path.read_text())
            owner_lives = born(int(record["owner"])) == record["owner_born"]
            pid = int(record["pid"])
        except (OSError, ValueError, KeyError, TypeError):
            path.unlink(missing_ok=True)
            continue
        if owner_lives:
            continue
        if born(pid) == record["born"]:
            kill(pid)
            ended += 1
        profile = str(record.get("profile") or "")
        if Path(profile).name.startswith("playwright_") and Path(profile).parent == Path(tempfile.gettempdir()):
            shutil.rmtree(profile, ignore_errors=True)
        path.unlink(missing_ok=True)
    return ended


def _profile(pid: int) -> str | None:
    with contextlib.suppress(OSError):
        for argument in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
            if argument.startswith(PROFILE_FLAG.encode()):
                return os.fsdecode(argument).removeprefix(PROFILE_FLAG)
    return None
