"""Open a page that a command has made, where there is a browser to open it; quietly, for the command's work is done."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from pipelines import terminal


def open_page(path: Path) -> bool:
    """Open a file in the browser of the desktop; where there is none, say its address. Whether it was opened."""
    address = path.resolve().as_uri()
    words = _opener()
    if words is not None:
        try:
            subprocess.Popen(
                [*words, address],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            return True
        except OSError:
            pass
    terminal.note(f"no browser to open it here: {address}")
    return False


def _opener() -> list[str] | None:
    """The system's own command for opening a file, where there is a desktop."""
    if sys.platform == "darwin":
        return ["open"]
    if sys.platform == "win32":
        return ["cmd", "/c", "start", ""]
    desktop = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    found = shutil.which("xdg-open") if desktop else None
    return [found] if found else None
