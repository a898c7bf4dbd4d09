"""Label Studio in an environment of its own, and a migrated database to start from. Standard library and uv only.

Both lie in a cache that all checkouts share, named for what is in it: the pinned requirements and the Python.
`python -m annotations.server.install` makes what is missing and prints the place; set-up scripts call it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import venv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from annotations.errors import GessoError

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
DATABASE = "label_studio.sqlite3"
INSTALL_SECONDS = 1800
MIGRATE_SECONDS = 900
Say = Callable[[str], None]


class InstallError(GessoError):
    """Label Studio could not be installed or its database not prepared."""


@dataclass(frozen=True)
class Installation:
    """A Label Studio that can be started. `seed` is an empty database with all migrations done."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "env" / "bin" / "python"

    @property
    def command(self) -> Path:
        return self.folder / "env" / "bin" / "label-studio"

    @property
    def seed(self) -> Path:
        return self.folder / "seed.sqlite3"

    @property
    def ready(self) -> bool:
        return (self.folder / ".installed").is_file() and self.command.is_file() and self.seed.is_file()


def version() -> str:
    """The pinned version of Label Studio."""
    pins = dict(line.split("==") for line in REQUIREMENTS.read_text().split() if "==" in line)
    return pins["label-studio"]


def installation(environ: Mapping[str, str] = os.environ) -> Installation:
    """Where Label Studio lies or will lie: below $GESSO_LABEL_STUDIO, else below the user's cache."""
    cache = Path(environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME") or Path.home()) / ".cache")
    named = environ.get("GESSO_LABEL_STUDIO")
    base = Path(named).expanduser() if named else cache / "gesso" / "label-studio"
    what = hashlib.sha256(REQUIREMENTS.read_bytes() + f"{sys.version_info[:2]}".encode()).hexdigest()[:8]
    return Installation(base.absolute() / f"{version()}-{what}")


def require_installation() -> Installation:
    """As `installation`. Raises InstallError with the remedy where it is not there."""
    found = installation()
    if not found.ready:
        raise InstallError(f"Label Studio is not in {found.folder}: run gesso label install")
    return found


def install(say: Say = lambda text: None) -> Installation:
    """Install Label Studio and prepare its database where that has not been done. Two at once: the second waits."""
    wanted = installation()
    if wanted.ready:
        return wanted
    wanted.folder.mkdir(parents=True, exist_ok=True)
    with (wanted.folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (wanted.folder / ".installed").is_file() or not wanted.command.is_file():
            say(f"installing Label Studio {version()} into {wanted.folder} (once; 800 MB) …")
            _install_packages(wanted)
            (wanted.folder / ".installed").touch()
        if not wanted.seed.is_file():
            say("preparing Label Studio's database (once) …")
            _make_seed(wanted)
    return wanted


def _install_packages(wanted: Installation) -> None:
    """With uv where there is one, else or where that fails with pip, which knows the machine's own settings."""
    environment = wanted.folder / "env"
    shutil.rmtree(environment, ignore_errors=True)
    venv.create(environment, with_pip=True)
    pip = [str(wanted.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    uv = _uv()
    ways = [[*pip, "-r", str(REQUIREMENTS)]]
    if uv:
        ways.insert(0, [uv, "pip", "install", "--quiet", "--python", str(wanted.python), "-r", str(REQUIREMENTS)])
    words = ""
    for way in ways:
        try:
            done = subprocess.run(way, capture_output=True, text=True, timeout=INSTALL_SECONDS, cwd=wanted.folder)
        except (OSError, subprocess.TimeoutExpired) as error:
            words = str(error)
            continue
        if not done.returncode:
            return
        words = done.stderr.strip()[-400:]
    raise InstallError(f"Label Studio could not be installed: {words}: mend that and run the same command again")


def _uv() -> str | None:
    try:
        from uv import find_uv_bin
    except ImportError:
        return shutil.which("uv")
    try:
        return str(find_uv_bin())
    except FileNotFoundError:
        return shutil.which("uv")


def _make_seed(wanted: Installation) -> None:
    work = wanted.folder / "seeding"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    package = next((wanted.folder / "env" / "lib").glob("python*/site-packages/label_studio"))
    command = [str(wanted.python), str(package / "manage.py"), "migrate", "--no-color", "-v", "0"]
    environment = base_environment(work)
    try:
        done = subprocess.run(
            command, env=environment, cwd=work, capture_output=True, text=True, timeout=MIGRATE_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise InstallError(
            f"Label Studio's migrations took over {MIGRATE_SECONDS} s: run the same command again"
        ) from None
    made = work / DATABASE
    if done.returncode or not made.is_file():
        raise InstallError(f"Label Studio's migrations failed: {done.stderr.strip()[-400:]}")
    aside = wanted.folder / ".seed.part"
    aside.unlink(missing_ok=True)
    with sqlite3.connect(made) as database:
        database.execute("VACUUM INTO ?", (str(aside),))
    database.close()
    aside.replace(wanted.seed)
    shutil.rmtree(work, ignore_errors=True)


def base_environment(data: Path) -> dict[str, str]:
    """What every Label Studio process gets: its own home, SQLite, and nothing that calls home.

    Of our own environment only what a program needs to run, so that no secret of the shell goes along.
    """
    kept = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "SYSTEMROOT")
    return {
        **{name: os.environ[name] for name in kept if name in os.environ},
        "HOME": str(data),
        "LABEL_STUDIO_BASE_DATA_DIR": str(data),
        "DJANGO_DB": "sqlite",
        "COLLECT_ANALYTICS": "false",
        "LATEST_VERSION_CHECK": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
        "PYTHONUNBUFFERED": "1",
        "LOG_LEVEL": "WARNING",
    }


def main() -> None:
    try:
        done = install(lambda text: print(f"set-up: {text}", flush=True))
    except GessoError as error:
        print(f"set-up: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    print(done.folder)


if __name__ == "__main__":
    main()
