"""A small store on loopback, used as a proxy: addresses of any host are answered from a table, and remembered."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass
class Store:
    """`answers` by `host/path?query`, or by `host/path` for any query: bytes, or a status of none; `asked` in order.

    `times` says when each was asked, in seconds of the monotonic clock; robots.txt and tdmrep.json are in it too.
    """

    answers: Mapping[str, bytes | int]
    address: str = ""
    headers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    times: list[tuple[str, float]] = field(default_factory=list)


@contextmanager
def answering(
    answers: Mapping[str, bytes | int], headers: Mapping[str, Mapping[str, str]] | None = None
) -> Iterator[Store]:
    """A running store for a `with` block; robots.txt and tdmrep.json are missing unless in the table."""
    store = Store(answers, headers=headers or {})

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            place = f"{parts.hostname or self.headers.get('Host', '')}{parts.path}"
            full = f"{place}?{parts.query}" if parts.query else place
            store.times.append((full, time.monotonic()))
            if parts.path not in ("/robots.txt", "/.well-known/tdmrep.json"):
                store.asked.append(full)
            found = store.answers.get(full, store.answers.get(place, 404))
            status, body = (found, b"") if isinstance(found, int) else (200, found)
            self.send_response(status)
            for name, value in store.headers.get(place, {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    store.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
