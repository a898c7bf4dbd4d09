"""Find a Chromium, or install one. Standard library only, so that set-up scripts can run it with nothing installed.

`python -m crawlers.browser.find [--install]` prints the path, or exits 2 with what to do.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from crawlers.errors import CannotGoOn

# The headless shell first, wherever there are both: it draws the same page for two thirds of the processor time.
COMMANDS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
EXECUTABLES = (  # below a `chromium-<revision>` or `chromium_headless_shell-<revision>` folder of Playwright's
    "chrome-linux/chrome",
    "chrome-linux64/chrome",
    "chrome-mac/Chromium.app/Contents/MacOS/Chromium",
    "chrome-mac-arm64/Chromium.app/Contents/MacOS/Chromium",
    "chrome-mac-x64/Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing",
    "chrome-mac-arm64/Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing",
    "chrome-linux/headless_shell",
    "chrome-headless-shell-linux64/chrome-headless-shell",
)
REMEDY = (
    "set GESSO_CHROMIUM to a Chromium's path, or run `python -m playwright install chromium`, "
    "or install your system's chromium package"
)
INSTALL_SECONDS = 900


class BrowserNotFound(CannotGoOn):
    """No Chromium where one was looked for."""


def find_chromium(environ: Mapping[str, str] = os.environ) -> Path | None:
    """The Chromium to use: $GESSO_CHROMIUM, else Playwright's own, else the system's, else None.

    Raises BrowserNotFound where $GESSO_CHROMIUM names something that cannot be run.
    """
    named = environ.get("GESSO_CHROMIUM")
    if named:
        path = Path(named).expanduser()
        if not (path.is_file() and os.access(path, os.X_OK)):
            raise BrowserNotFound(f"GESSO_CHROMIUM={named} is not a program: give the path of a Chromium, or unset it")
        return path
    managed = next(_managed(environ), None)
    if managed is not None:
        return managed
    for command in COMMANDS:
        found = shutil.which(command, path=environ.get("PATH"))
        if found:
            return Path(found)
    return None


def require_chromium() -> Path:
    """As `find_chromium`, but raises BrowserNotFound with the remedy where there is none."""
    path = find_chromium()
    if path is None:
        raise BrowserNotFound(f"no Chromium found: {REMEDY}")
    return path


def _managed(environ: Mapping[str, str]) -> Iterator[Path]:
    """Chromiums in Playwright's folder, newest revision first, the headless shell before the full browser."""
    given = environ.get("PLAYWRIGHT_BROWSERS_PATH")
    home = Path(environ.get("HOME") or Path.home())
    folders = (
        [Path(given)]
        if given and given != "0"
        else [home / ".cache/ms-playwright", home / "Library/Caches/ms-playwright"]
    )
    for folder in folders:
        for kind in ("chromium_headless_shell-", "chromium-"):
            revisions = [p for p in folder.glob(f"{kind}*") if p.name.removeprefix(kind).isdigit()]
            for revision in sorted(revisions, key=lambda p: -int(p.name.removeprefix(kind))):
                for executable in EXECUTABLES:
                    if os.access(revision / executable, os.X_OK):
                        yield revision / executable


def install_chromium() -> Path:
    """Find a Chromium or install one (Playwright's, else the system package when root). Raises BrowserNotFound."""
    found = find_chromium()
    if found is not None:
        return found
    attempts = [([sys.executable, "-m", "playwright", "install", "chromium"], "playwright install")]
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        install = [(["apt-get", "install", "-y", name], f"apt-get install {name}") for name in COMMANDS[:2]]
        attempts += [*install, (["apt-get", "update"], "apt-get update"), *install]
    said = []
    for command, name in attempts:
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            said.append(f"{name}: {type(error).__name__}")
            continue
        found = find_chromium()
        if found is not None:
            return found
        lines = (done.stderr or done.stdout).strip().splitlines()
        said.append(f"{name}: exit {done.returncode}{' (' + lines[-1].strip()[:120] + ')' if lines else ''}")
    raise BrowserNotFound(f"no Chromium found and none could be installed [{'; '.join(said)}]: {REMEDY}")


def main(arguments: list[str]) -> int:
    """Print the path of a Chromium; with --install, install one where there is none."""
    if arguments not in ([], ["--install"]):
        print("usage: python -m crawlers.browser.find [--install]", file=sys.stderr)
        return 2
    try:
        print(install_chromium() if arguments else require_chromium())
    except BrowserNotFound as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
