"""Sites without an end, generated: each host of this loopback server, used as a proxy, is one kind of trap."""

from __future__ import annotations

import datetime
import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

Links = list[str]


def calendar(path: str, query: dict[str, list[str]]) -> Links:
    """Every month leads to the next and the last one; the front page also has an article."""
    if path == "/":
        return ["/calendar/2024/01", "/about"]
    if not path.startswith("/calendar/"):
        return []
    year, month = map(int, path.split("/")[2:4])
    day = datetime.date(year, month, 15)
    months = [day + datetime.timedelta(days=30), day - datetime.timedelta(days=30)]
    return [f"/calendar/{d:%Y/%m}" for d in months]


def facets(path: str, query: dict[str, list[str]]) -> Links:
    """Filters that combine: each page adds each of six."""
    chosen = dict.fromkeys(query)
    return [f"/shop?{'&'.join(f'{n}=1' for n in (*chosen, new))}" for new in "abcdef" if new not in chosen]


def sessions(path: str, query: dict[str, list[str]], serial: Iterator[int] = itertools.count()) -> Links:  # noqa: B008
    """A new session in every link, in the query and in the path."""
    token = f"{next(serial):08d}abcdef0123456789"
    return [f"/page-{n}.html;jsessionid={token}?PHPSESSID={token}" for n in (1, 2)] + [f"/s/{token}/index.html"]


def paging(path: str, query: dict[str, list[str]]) -> Links:
    """A list whose last page is never reached."""
    page = int(query.get("page", ["1"])[0])
    return [f"/list?page={page + 1}"]


def deep(path: str, query: dict[str, list[str]]) -> Links:
    """A relative link that goes one folder deeper each time, and a path that grows sideways."""
    return ["again/", f"{path}1/"] if path.count("1") < 2 else ["again/"]


HOSTS: dict[str, Callable[[str, dict[str, list[str]]], Links]] = {
    "calendar.test": calendar,
    "facets.test": facets,
    "sessions.test": sessions,
    "paging.test": paging,
    "deep.test": deep,
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: EndlessServer

    def do_GET(self) -> None:
        target = urlsplit(self.path)
        host = target.hostname or ""
        links = HOSTS.get(host)
        if links is None or target.path == "/robots.txt" or target.path == "/favicon.ico":
            self._send(404, b"nothing here")
            return
        self.server.asked[host] += 1
        anchors = "".join(
            f'<li><a href="{u}">{u[:40]}</a></li>' for u in links(target.path, parse_qs(target.query, True))
        )
        html = f"<!doctype html><title>{target.path}</title><h1>{target.path}?{target.query}</h1><ul>{anchors}</ul>"
        self._send(200, html.encode())

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


class EndlessServer(ThreadingHTTPServer):
    """`address` is what a proxy setting takes; `asked` counts the pages served, by host."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: Counter[str] = Counter()
        self.address = f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def endless() -> Iterator[EndlessServer]:
    server = EndlessServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
