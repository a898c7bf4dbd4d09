"""Generated sites on a loopback server that is used as a proxy; among them sites without an end, a trap each."""

from __future__ import annotations

import datetime
import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

Links = list[str]
Answer = tuple[int, dict[str, str], bytes]


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


def endless(host: str, path: str, query: str) -> Answer | None:
    """What the endless sites answer."""
    links = HOSTS.get(host)
    if links is None or path in ("/robots.txt", "/favicon.ico"):
        return None
    anchors = "".join(f'<li><a href="{u}">{u[:40]}</a></li>' for u in links(path, parse_qs(query, True)))
    return page(f"<h1>{path}?{query}</h1><ul>{anchors}</ul>", path)


def page(body: str, title: str = "A page") -> Answer:
    """200 and a small HTML document."""
    return 200, {"Content-Type": "text/html; charset=utf-8"}, f"<!doctype html><title>{title}</title>{body}".encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: GeneratedSites

    def do_GET(self) -> None:
        target = urlsplit(self.path)
        host = target.hostname or ""
        status, headers, body = self.server.answer(host, target.path, target.query) or (404, {}, b"nothing here")
        self.server.asked.append(f"{host}{target.path}")
        self.send_response(status)
        for name, value in {"Content-Type": "text/plain", **headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


class GeneratedSites(ThreadingHTTPServer):
    """`address` is what a proxy setting takes; `asked` has the host and path of every request."""

    daemon_threads = True

    def __init__(self, answer: Callable[[str, str, str], Answer | None]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.asked: list[str] = []
        self.address = f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def generated(answer: Callable[[str, str, str], Answer | None]) -> Iterator[GeneratedSites]:
    server = GeneratedSites(answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
