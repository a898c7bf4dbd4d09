"""Starts Label Studio on loopback and stops it: a checked port, a checked answer, nothing left behind.

Everything of one server lies in `<home>/labels/server/`: its database, its log, the pictures it may show, and
`credentials.json`, which only the user can read.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from annotations.client import Client, ServerError
from annotations.errors import GessoError
from annotations.server.install import DATABASE, Installation, base_environment, require_installation

START_SECONDS = 300.0
STOP_SECONDS = 15.0
DEFAULT_PORT = 8080
USERNAME = "gesso@localhost.local"
# Linux ends the child when its parent is gone, however that came about; elsewhere `serve` finds it by its pid.
_TETHER = """
import ctypes, os, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 15)
os.execv(sys.argv[1], sys.argv[1:])
"""


class StartError(GessoError):
    """The server could not be started or reached."""


@dataclass(frozen=True)
class Credentials:
    """Of the account that owns the projects. `token` is a legacy API token."""

    username: str
    password: str
    token: str


@dataclass(frozen=True)
class Connection:
    """How to reach a server: one of our own (`own`) or one that was there already."""

    url: str
    token: str
    own: bool
    pid: int = 0


def server_folder(home: Path) -> Path:
    return Path(home) / "labels" / "server"


def pictures_folder(home: Path) -> Path:
    """The root of what our own server may show."""
    return server_folder(home) / "files"


def credentials(home: Path) -> Credentials:
    """The account's name, password and token, made at the first call and kept in a file that only the user can read."""
    path = server_folder(home) / "credentials.json"
    try:
        return Credentials(**json.loads(path.read_text()))
    except FileNotFoundError:
        made = Credentials(USERNAME, secrets.token_urlsafe(18), secrets.token_hex(20))
        write_private(path, asdict(made))
        return made
    except (OSError, ValueError, TypeError) as error:
        raise StartError(
            f"{path} cannot be read ({error}): remove {path.parent} to start with an empty server"
        ) from None


def connection(home: Path) -> Connection:
    """What `serve` wrote down last. Raises StartError where there is no server to talk to."""
    path = server_folder(home) / "connection.json"
    try:
        found = Connection(**json.loads(path.read_text()))
    except FileNotFoundError:
        raise StartError(
            f"no labelling server in {home}: run gesso label serve, or give --external URL --token"
        ) from None
    except (OSError, ValueError, TypeError) as error:
        raise StartError(f"{path} cannot be read ({error}): run gesso label serve again") from None
    return found


def connect(home: Path) -> Client:
    """A client for the home's server. Raises StartError or ServerError where it is not running."""
    found = connection(home)
    client = Client(found.url, found.token)
    try:
        client.whoami()
    except GessoError:
        client.close()
        raise
    return client


def use_external(home: Path, url: str, token: str) -> str:
    """Check a server that is there already and write down how to reach it. Returns who we are on it."""
    with Client(url, token) as client:
        name = str(client.whoami().get("email") or "?")
        found = Connection(client.url, token, own=False)
    write_private(server_folder(home) / "connection.json", asdict(found))
    return name


class Server:
    """A running Label Studio. Use it in a `with`, or call `stop`."""

    def __init__(self, home: Path, url: str, account: Credentials, process: subprocess.Popen[bytes]) -> None:
        self.home, self.url, self.account, self.process = Path(home), url, account, process

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def client(self) -> Client:
        return Client(self.url, self.account.token)

    def wait(self) -> int:
        """Until the server ends of itself. Returns its exit code."""
        return self.process.wait()

    def stop(self) -> None:
        """Ask, then insist. The connection file goes, so that nobody looks for a server that is gone."""
        if self.process.poll() is None:
            _signal(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                _signal(self.process.pid, signal.SIGKILL)
                self.process.wait()
        (server_folder(self.home) / "connection.json").unlink(missing_ok=True)


def start(
    home: Path,
    port: int = 0,
    *,
    installed: Installation | None = None,
    progress: Callable[[str, int, int], None] = lambda task, done, total: None,
) -> Server:
    """Start a server for a home and wait until it answers as ours. `port` 0 takes a free one.

    Raises StartError where the port is taken, another server of this home runs, or it does not come up in time.
    """
    home = Path(home).absolute()
    folder = server_folder(home)
    _refuse_second(home)
    installed = installed or require_installation()
    account = credentials(home)
    port = free_port(port)
    url = f"http://127.0.0.1:{port}"
    _place_database(folder, installed)
    pictures_folder(home).mkdir(parents=True, exist_ok=True)
    command = [str(installed.python), str(installed.command), "start", "--no-browser", "--internal-host", "127.0.0.1"]
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", _TETHER, *command, "--port", str(port)],
            cwd=folder, env=_environment(folder, url, account), stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    server = Server(home, url, account, process)
    try:
        _wait(server, log, progress)
        write_private(folder / "connection.json", asdict(Connection(url, account.token, own=True, pid=process.pid)))
    except BaseException:
        server.stop()
        raise
    return server


def _environment(folder: Path, url: str, account: Credentials) -> dict[str, str]:
    return {
        **base_environment(folder),
        "LABEL_STUDIO_HOST": url,
        "LABEL_STUDIO_USERNAME": account.username,
        "LABEL_STUDIO_PASSWORD": account.password,
        "LABEL_STUDIO_USER_TOKEN": account.token,
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED": "true",
        "LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT": str(folder / "files"),
        "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
        # Our own webhook receiver and model backend are on loopback, which Label Studio would refuse to call.
        "SSRF_PROTECTION_ENABLED": "false",
        "ML_BLOCK_LOCAL_IP": "false",
    }


def _wait(server: Server, log: Path, progress: Callable[[str, int, int], None]) -> None:
    begun = time.monotonic()
    with Client(server.url, server.account.token, timeout=10) as client:
        while True:
            spent = time.monotonic() - begun
            if server.process.poll() is not None:
                raise StartError(f"Label Studio ended with {server.process.returncode}: {_last_words(log)} (see {log})")
            if spent > START_SECONDS:
                raise StartError(f"Label Studio did not answer within {START_SECONDS:.0f} s: see {log}")
            progress("Label Studio", min(int(spent), 29), 30)
            if _answers(server.url):
                break
            time.sleep(0.25)
        try:
            name = client.whoami().get("email")
        except ServerError as error:
            raise StartError(
                f"{server.url} answers, but not as ours ({error}): remove {log.parent} or give --port"
            ) from None
    if name != server.account.username:
        raise StartError(f"{server.url} belongs to {name!r}: another server took the port, give --port")
    progress("Label Studio", 30, 30)


def _answers(url: str) -> bool:
    import httpx2

    try:
        return bool(httpx2.get(f"{url}/health", timeout=5, trust_env=False).status_code == 200)
    except httpx2.TransportError:
        return False


def _place_database(folder: Path, installed: Installation) -> None:
    """The seed, where the home has no database yet. The write-ahead log lets people label while a push writes."""
    path = folder / DATABASE
    folder.mkdir(parents=True, exist_ok=True)
    if path.exists():
        return
    aside = folder / f".{DATABASE}.part"
    shutil.copyfile(installed.seed, aside)
    with sqlite3.connect(aside) as database:
        database.execute("PRAGMA journal_mode=WAL")
    database.close()
    aside.replace(path)


def _refuse_second(home: Path) -> None:
    """Two servers on one database would corrupt neither, but their ports and tokens would contradict each other."""
    try:
        found = connection(home)
    except StartError:
        return
    if found.own and _alive(found.pid) and _answers(found.url):
        raise StartError(f"the labelling server of {home} is already running at {found.url}")


def free_port(wanted: int) -> int:
    """The port, checked: Label Studio itself would silently take the next one. Raises StartError where it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except (OSError, OverflowError) as error:
            raise StartError(
                f"port {wanted} cannot be used ({error}): give another --port, or 0 for a free one"
            ) from None
        return int(probe.getsockname()[1])


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return pid > 0


def _signal(pid: int, what: signal.Signals) -> None:
    try:
        os.killpg(pid, what)
    except (ProcessLookupError, PermissionError):
        return


def _last_words(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1][:200] if lines else "without a word"


def write_private(path: Path, content: dict[str, Any]) -> None:
    """JSON that only the user can read, written aside and renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
