"""A loopback web server for folders of sites, one folder a host name, that also answers as an HTTP proxy.

`examples/sites/aurora.test/` is served as http://aurora.test/ to whoever uses this server as proxy, so that crawls of
the examples and of test corpora have stable URLs without touching DNS. Other hosts get a 404 at once: no request
ever leaves the machine. Standard library only.
"""

from __future__ import annotations

import argparse
import mimetypes
import posixpath
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pipelines.errors import GessoError

TYPES = {
    ".woff2": "font/woff2",
    ".woff": "font/woff",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".mjs": "text/javascript",
}


class ServeError(GessoError):
    """A folder to serve is missing, or the port is taken."""


def hosts_in(*folders: Path) -> dict[str, Path]:
    """Host name → root folder, for every sub-folder of the given folders. Raises ServeError where there are none."""
    hosts = {child.name: child for folder in folders for child in sorted(folder.glob("*/")) if child.is_dir()}
    if not hosts:
        raise ServeError(
            f"no site folders in {', '.join(map(str, folders))}: give a folder that holds one folder a site"
        )
    return hosts


def entry_of(root: Path) -> str | None:
    """Where a site's folder begins: its index.html, else its shallowest page; None where it has none."""
    pages = sorted(root.rglob("*.html"), key=lambda p: (len(p.parts), p.name != "index.html", str(p)))
    return pages[0].relative_to(root).as_posix() if pages else None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # a body that waits for its headers' acknowledgement comes 40 ms late
    server: SiteServer

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_CONNECT(self) -> None:
        self._send(HTTPStatus.BAD_GATEWAY, b"this server speaks plain HTTP only\n", "text/plain", with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        target = urlsplit(self.path)  # absolute when we are asked as a proxy
        host = (target.hostname or self.headers.get("Host", "").rsplit(":", 1)[0]).lower()
        root = self.server.hosts.get(host)
        if root is None:
            self._send(HTTPStatus.NOT_FOUND, b"no such host here\n", "text/plain", with_body=with_body)
            return
        path = _resolve(root, target.path)
        if path is None:
            missing = root / "404.html"
            body = (
                missing.read_bytes() if missing.is_file() else b"<!doctype html><title>404</title><h1>Not found</h1>\n"
            )
            self._send(HTTPStatus.NOT_FOUND, body, "text/html; charset=utf-8", with_body=with_body)
            return
        if path.is_dir():  # an index asked for without its slash: relative links need it
            self.send_response(HTTPStatus.MOVED_PERMANENTLY)
            self.send_header("Location", target.path + "/")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        kind = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        if kind.startswith("text/") or kind == "application/javascript":
            kind += "; charset=utf-8"
        self._send(HTTPStatus.OK, path.read_bytes(), kind, with_body=with_body)

    def _send(self, status: HTTPStatus, body: bytes, kind: str, *, with_body: bool) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: the crawl keeps its own log."""


def _resolve(root: Path, url_path: str) -> Path | None:
    clean = posixpath.normpath("/" + unquote(url_path)).lstrip("/")
    path = (root / clean).resolve()
    if not path.is_relative_to(root.resolve()):
        return None
    if path.is_dir():
        index = path / "index.html"
        if not index.is_file():
            return None
        return index if url_path.endswith("/") or not url_path else path
    return path if path.is_file() else None


class SiteServer(ThreadingHTTPServer):
    """Serves `hosts` (name → folder) on 127.0.0.1; port 0 picks a free one. `address` is what a proxy setting takes."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256  # a browser opens dozens of connections at once; those beyond are tried a second later

    def __init__(self, hosts: Mapping[str, Path], port: int = 0) -> None:
        self.hosts = {name.lower(): root for name, root in hosts.items()}
        try:
            super().__init__(("127.0.0.1", port), _Handler)
        except OSError as error:
            raise ServeError(f"cannot listen on 127.0.0.1:{port} ({error.strerror}): give another --port") from None
        self.address = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that hangs up mid-answer is everyday; nothing to print."""


@contextmanager
def serving(hosts: Mapping[str, Path], port: int = 0) -> Iterator[SiteServer]:
    """A running SiteServer for the length of a `with` block."""
    server = SiteServer(hosts, port)
    thread = threading.Thread(target=server.serve_forever, name="site-server", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def main() -> None:
    """`python -m pipelines.site_server FOLDER… [--port N]`: serve folders of sites until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.site_server", description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+", help="folders that hold one folder a site")
    parser.add_argument("--host", action="append", default=[], metavar="NAME=FOLDER", help="one more host")
    parser.add_argument("--port", type=int, default=8765)
    options = parser.parse_args()
    try:
        extra = dict(pair.partition("=")[::2] for pair in options.host)
        for name, folder in extra.items():
            if not Path(folder).is_dir():
                raise ServeError(f"--host {name}={folder}: no such folder")
        hosts = {**hosts_in(*options.folders), **{name: Path(folder) for name, folder in extra.items()}}
        with serving(hosts, options.port) as server:
            print(f"{len(server.hosts)} sites; give --proxy {server.address}", flush=True)
            for host in sorted(server.hosts):
                print(f"  http://{host}/", flush=True)
            threading.Event().wait()
    except ServeError as error:
        print(f"site server: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print("stopped")


if __name__ == "__main__":
    main()
