"""The designs of a home for the Figma plugin, on this machine alone: `python -m pipelines.design_server --home DIR`.

Reads only. Everybody on this machine could ask, and every page in its browser: so every answer wants the token that the
server prints when it starts.
"""

from __future__ import annotations

import argparse
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import unquote, urlsplit

from design.errors import GessoError as DesignError
from pipelines import terminal
from pipelines.errors import GessoError
from pipelines.export import TARGETS, load

PORT = 8766  # the one that figma-plugin/manifest.json allows
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_PAYLOAD = ".figma.json"


class ServerError(GessoError):
    """The server cannot start: its port is taken, or there is no home."""


def offered(home: Path) -> dict[str, Path]:
    """The designs by name, newest first: payloads that were exported, and notation."""
    folder = home / "designs"
    files = [p for p in folder.iterdir() if p.is_file()] if folder.is_dir() else []
    found: dict[str, Path] = {}
    for path in sorted(files, key=lambda p: (-p.stat().st_mtime, p.name)):
        name = path.name.removesuffix(_PAYLOAD).removesuffix(".gesso")
        if name != path.name and (name not in found or path.name.endswith(_PAYLOAD)):
            found[name] = path
    return found


def payload(path: Path, home: Path) -> str:
    """A design as the plugin takes it. Raises the errors of the design room for notation that is none."""
    if path.name.endswith(_PAYLOAD):
        return path.read_text(encoding="utf-8")
    compiled = TARGETS["figma"][1](load(str(path), home)[1])
    assert isinstance(compiled, str)
    return compiled


class _Handler(BaseHTTPRequestHandler):
    home: Path
    token: str
    timeout = 20

    def do_OPTIONS(self) -> None:
        """A browser asks before it sends the token; that costs nothing."""
        self._answer(204, b"", "text/plain")

    def do_GET(self) -> None:
        host = self.headers.get("Host", "").rsplit(":", 1)[0]
        if host not in _LOOPBACK:  # a name of a stranger's that leads here
            return self._fail(403, "this server answers to localhost")
        if not secrets.compare_digest(self.headers.get("Authorization", "").encode(), f"Bearer {self.token}".encode()):
            return self._fail(401, "give the token that the server printed, as a bearer token")
        path = unquote(urlsplit(self.path).path)
        designs = offered(self.home)
        if path == "/figma/designs":
            listed = [{"name": name, "title": name} for name in designs]
            return self._answer(200, json.dumps(listed).encode(), "application/json")
        name = path.removeprefix("/figma/designs/")
        if name == path or name not in designs:
            return self._fail(404, "no such design")
        try:
            return self._answer(200, payload(designs[name], self.home).encode(), "application/json")
        except (DesignError, GessoError, OSError) as error:
            return self._fail(422, str(error))

    def _fail(self, status: int, why: str) -> None:
        self._answer(status, json.dumps({"error": why}).encode(), "application/json")

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        # The plugin's window has no origin; what guards the answers is the token.
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Allow-Headers", "Authorization")
        self.send_header("Access-Control-Allow-Private-Network", "true")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: addresses may hold names of designs."""


@contextmanager
def serving(home: Path, port: int = 0, token: str = "") -> Iterator[tuple[str, str]]:
    """Serve in the background; yields (address, token)."""
    if not home.is_dir():
        raise ServerError(f"no home at {home}: give the folder that gesso export wrote designs into, with --home")
    token = token or secrets.token_urlsafe(16)
    handler = type("Handler", (_Handler,), {"home": home, "token": token})
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        raise ServerError(f"port {port} of 127.0.0.1 cannot be used ({error.strerror}): give another --port") from None
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}", token
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--home", type=Path, default=Path("workspace"))
    parser.add_argument("--port", type=int, default=PORT)
    options = parser.parse_args()
    try:
        with serving(options.home, options.port) as (address, token):
            terminal.note(f"{len(offered(options.home))} designs of {options.home} at {address}, token {token}")
            terminal.note("Give both to the Figma plugin: Import, From this machine's Gesso server. Stop with Ctrl+C.")
            _wait()
    except GessoError as error:
        terminal.errors.print(f"gesso: {error}", markup=False, soft_wrap=True)
        raise SystemExit(2) from None


def _wait() -> None:
    try:
        Event().wait()
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
