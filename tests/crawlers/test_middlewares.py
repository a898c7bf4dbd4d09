"""Permission, patience and the guarded way out, in real small crawls of loopback servers."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers import run
from crawlers.middlewares.patience import parse_retry_after
from crawlers.middlewares.permission import HostCache, robots_fresh
from crawlers.policy.robots import RobotsRules

ROOT = Path(__file__).resolve().parents[2]
Answer = tuple[int, dict[str, str], bytes]
Route = Answer | Callable[[int], Answer]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Hosts

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        host = parts.netloc or self.headers["Host"]
        key = f"{host}{parts.path}"
        with self.server.lock:
            self.server.asked.append((key, time.monotonic()))
            number = sum(1 for asked, _ in self.server.asked if asked == key)
        route = self.server.routes.get(key) or self.server.routes.get(parts.path) or (404, {}, b"nothing here")
        status, headers, body = route(number) if callable(route) else route
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_CONNECT(self) -> None:
        self.send_error(502)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


class Hosts(ThreadingHTTPServer):
    """Answers by `host/path` or `/path`, as a proxy or as itself, and remembers what was asked for and when."""

    daemon_threads = True

    def __init__(self, routes: dict[str, Route]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.routes = routes
        self.asked: list[tuple[str, float]] = []
        self.lock = threading.Lock()
        self.port = self.server_address[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is everyday."""

    def times(self, key: str) -> list[float]:
        return [when for asked, when in self.asked if asked == key]


@contextlib.contextmanager
def hosts(routes: dict[str, Route]) -> Iterator[Hosts]:
    server = Hosts(routes)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def crawl(store: Path, urls: dict[str, dict[str, Any]], **settings: Any) -> dict[str, dict[str, Any]]:
    """URL → what came of it; the crawl's stats under `stats`, an error that kept it from starting under `error`."""
    job = {"urls": list(urls.items()), "settings": {"GESSO_STORE": str(store), **settings}}
    done = subprocess.run(
        [sys.executable, "-m", "tests.crawlers.small_crawl"],
        input=json.dumps(job),
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    found = {line["url"]: line for line in lines if "url" in line}
    assert len(found) == sum("url" in line for line in lines), "every request ends once"
    return found | {key: line for line in lines for key in ("stats", "error") if key in line}


OK: Answer = (200, {}, b"<title>ok</title>")
LISTED = {"listed": "an image"}


def rules(text: str | bytes) -> Answer:
    return (200, {"Content-Type": "text/plain"}, text if isinstance(text, bytes) else text.encode())


def test_permission(tmp_path: Path) -> None:
    no = "User-agent: *\nDisallow: /x\n"
    reserve = json.dumps([{"location": "/", "tdm-reservation": 0}, {"location": "/x*", "tdm-reservation": 1}]).encode()
    robots: dict[str, tuple[Route, str]] = {
        "missing.test": ((404, {}, b""), "200"),
        "gone.test": ((410, {}, no.encode()), "200"),
        "forbidden.test": ((403, {}, b""), "200"),
        "broken.test": ((500, {}, b""), "robots"),
        "busy.test": ((429, {"Retry-After": "9999"}, b""), "robots"),
        "no.test": (rules(no), "robots"),
        "bom.test": (rules(codecs.BOM_UTF8 + no.encode()), "robots"),
        "utf16.test": (rules(no.encode("utf-16")), "robots"),
        "crlf.test": (rules(no.replace("\n", "\r\n")), "robots"),
        "cr.test": (rules(no.replace("\n", "\r")), "robots"),
        "junk.test": (rules(bytes(range(256)) * 9), "200"),
        "long.test": (rules(b"#" * (600 << 10) + b"\n" + no.encode()), "200"),
        "moved.test": ((301, {"Location": "http://no.test/robots.txt"}, b""), "robots"),
        "circles.test": ((302, {"Location": "http://circles.test/robots.txt"}, b""), "unreachable"),
        "inward.test": ((302, {"Location": "http://127.0.0.1:1/robots.txt"}, b""), "egress"),
        "named.test": (rules("User-agent: GPTBot\nDisallow: /\n"), "opt_out"),
        "ours.test": (rules("User-agent: GPTBot\nDisallow: /\n\nUser-agent: gesso\nAllow: /\n"), "200"),
        "signal.test": (rules("User-agent: *\nContent-Signal: search=yes, ai-train=no\n"), "opt_out"),
        "usage.test": (rules("User-agent: *\nAllow: /\nContent-Usage: /x train-ai=n\n"), "opt_out"),
        "elsewhere.test": (rules("User-agent: *\nAllow: /\nContent-Usage: /y train-ai=n\n"), "200"),
        "rsl.test": (rules("License: https://rsl.test/license.xml\nUser-agent: *\nAllow: /\n"), "opt_out"),
        "tdm.test": ((404, {}, b""), "200"),
    }
    routes: dict[str, Route] = {f"{host}/robots.txt": route for host, (route, _) in robots.items()}
    routes |= {"/x": OK, "tdm.test/.well-known/tdmrep.json": (200, {}, reserve)}
    with hosts(routes) as server:
        urls = {f"http://{host}/x": LISTED for host in robots}
        found = crawl(tmp_path, {**urls, "http://named.test/plain": {}}, GESSO_PROXY=f"http://127.0.0.1:{server.port}")
        seen = {
            host: str(found[f"http://{host}/x"].get("status") or found[f"http://{host}/x"]["kind"]) for host in robots
        }
        assert seen == {host: expected for host, (_, expected) in robots.items()}
        assert found["http://named.test/plain"].get("kind") == "http_404", "what is no image is not held to opt-outs"
        assert len(server.times("no.test/robots.txt")) == 2, "once for itself, once for who points at it"
        tdm = found["http://tdm.test/x"]["signals"]
        assert [(s["source"], s["effect"]) for s in tdm] == [("robots.txt", "allow"), ("tdmrep.json", "disallow")]
        assert "GESSO_ALLOW" in found["http://inward.test/x"]["reason"]


def test_opt_out_record_takes_the_image_and_keeps_the_evidence_but_robots_still_holds(tmp_path: Path) -> None:
    routes: dict[str, Route] = {
        "signal.test/robots.txt": rules("User-agent: *\nContent-Signal: ai-train=no\nDisallow: /y\n"),
        "/x": OK,
    }
    with hosts(routes) as server:
        urls = {"http://signal.test/x": LISTED, "http://signal.test/y": LISTED}
        found = crawl(tmp_path, urls, GESSO_PROXY=f"http://127.0.0.1:{server.port}", OPT_OUT="record")
        signals = found["http://signal.test/x"]["signals"]
        assert ("robots.txt Content-Signal", "disallow") in {(s["source"], s["effect"]) for s in signals}
        assert found["http://signal.test/y"]["kind"] == "robots"


def test_the_way_out(tmp_path: Path) -> None:
    routes: dict[str, Route] = {
        "/x": OK,
        "/away": (302, {"Location": "http://169.254.169.254/latest/"}, b""),
        "/file": (302, {"Location": "file:///etc/passwd"}, b""),
        "/large": (200, {}, b"x" * 50_000),
        "/lie": (200, {"X-Gesso-Egress": "timeout; lie"}, b"mine"),
    }
    with hosts(routes) as server, hosts(routes) as other:
        here = f"http://127.0.0.1:{server.port}"
        paths = ("/x", "/away", "/file", "/large", "/lie")
        more = (f"http://127.0.0.1:{other.port}/x", "http://8.8.8.8/x", "data:,x", "file:///etc/passwd")
        urls: dict[str, dict[str, Any]] = {url: {} for url in (*(here + path for path in paths), *more)}
        found = crawl(tmp_path, urls, GESSO_ALLOW=f"127.0.0.1:{server.port}", GESSO_RESPONSE_BYTES=20_000)
        assert (found[f"{here}/x"]["status"], found[f"{here}/lie"]["status"]) == (200, 200)
        kinds = {url: found[url].get("kind") for url in (f"{here}/away", f"{here}/large", *more)}
        assert kinds.pop(f"{here}/large") == "too_large"
        assert set(kinds.values()) == {"egress"}
        assert "passwd" not in str(server.asked)
        assert found[f"{here}/file"].get("status") == 302 or found[f"{here}/file"].get("kind")
        assert f"set GESSO_ALLOW=127.0.0.1:{other.port}" in found[more[0]]["reason"]
        assert "GESSO_CONTACT" in found["http://8.8.8.8/x"]["reason"]
        assert not other.asked


def test_a_busy_host_is_waited_for_and_holds_nobody_up(tmp_path: Path) -> None:
    def busy(number: int) -> Answer:
        return (429, {"Retry-After": "2"}, b"") if number == 1 else OK

    routes: dict[str, Route] = {
        "busy.test/x": busy,
        "never.test/x": (503, {"Retry-After": "0"}, b""),
        "later.test/x": (503, {"Retry-After": "3600"}, b""),
        "later.test/y": OK,
        "other.test/x": OK,
        "slow.test/robots.txt": rules("User-agent: *\nCrawl-delay: 1\nSitemap: http://slow.test/map.xml\n"),
        **{f"/{number}": OK for number in range(3)},
    }
    urls: dict[str, dict[str, Any]] = {f"http://{key}": {} for key in routes if key.endswith(".test/x")}
    urls |= {f"http://slow.test/{number}": {} for number in range(3)}
    with hosts(routes) as server:
        found = crawl(tmp_path, urls, GESSO_PROXY=f"http://127.0.0.1:{server.port}", GESSO_MAX_WAIT=30)
        assert found["http://busy.test/x"]["status"] == 200
        first, second = server.times("busy.test/x")
        assert second - first >= 1.9
        assert found["http://other.test/x"]["seconds"] < found["http://busy.test/x"]["seconds"]
        assert found["http://never.test/x"]["kind"] == "http_503"
        assert len(server.times("never.test/x")) == 3
        assert found["http://later.test/x"]["kind"] == "http_503"
        assert len(server.times("later.test/x")) == 1
        asked = [when for key, when in server.asked if key.startswith("slow.test/")]
        # Three pages after it, two pauses between them. An arrival may lag behind its sending, never lead.
        assert max(asked) - server.times("slow.test/robots.txt")[0] >= 2
        assert found["stats"]["stats"]["gesso/crawl_delay/longest"] == 1


def test_autothrottle_makes_no_host_faster_than_its_stated_pace(tmp_path: Path) -> None:
    slots = {"paced.test": {"concurrency": 1, "delay": 1, "jitter": 0}}
    urls: dict[str, dict[str, Any]] = {f"http://paced.test/{number}": {} for number in range(4)}
    routes: dict[str, Route] = {f"/{number}": OK for number in range(4)}
    with hosts(routes) as server:
        more: dict[str, Any] = {"AUTOTHROTTLE_ENABLED": True, "DOWNLOAD_SLOTS": slots}
        found = crawl(tmp_path, urls, GESSO_PROXY=f"http://127.0.0.1:{server.port}", **more)
        assert {found[url]["status"] for url in urls} == {200}
        asked = [when for _, when in server.asked]
        assert max(asked) - min(asked) >= 3.5  # robots.txt, then a page a second; without the floor about 2


def test_a_host_is_asked_once_a_day_and_sooner_where_it_could_not_be_asked() -> None:
    asked: list[str] = []

    async def ask(host: str) -> RobotsRules:
        asked.append(host)
        return RobotsRules(host, 200 if host == "well" else 503)

    async def test() -> None:
        now = [0.0]
        cache = HostCache(ask, robots_fresh)
        cache.clock = lambda: now[0]
        for now[0], host, times in (
            (0, "well", 1),
            (86_399, "well", 1),
            (86_400, "well", 2),
            (0, "ill", 1),
            (1800, "ill", 2),
        ):
            await asyncio.gather(*(cache.get(host) for _ in range(5)))
            assert asked.count(host) == times

    asyncio.run(test())


def test_many_requests_of_a_busy_host_leave_room_for_others(tmp_path: Path) -> None:
    """The busy host has time for nobody until the other one has answered everything; who waits holds no slot."""
    routes: dict[str, Route] = {f"other.test/{number}": OK for number in range(40)}
    waiting = set(routes)

    def other(key: str) -> Callable[[int], Answer]:
        return lambda number: (waiting.discard(key), OK)[1]

    def busy(number: int) -> Answer:
        return (429, {"Retry-After": "2"}, b"") if waiting else OK

    routes = {key: other(key) for key in routes} | {f"busy.test/{number}": busy for number in range(40)}
    urls: dict[str, dict[str, Any]] = {f"http://{key}": {} for key in sorted(routes)}
    with hosts(routes) as server:
        found = crawl(tmp_path, urls, GESSO_PROXY=f"http://127.0.0.1:{server.port}", RETRY_TIMES=15)
        assert {found[url]["status"] for url in urls} == {200}


@pytest.mark.browser
def test_a_page_of_a_busy_host_is_asked_again_when_it_says_so_in_plain_text_or_not_at_all(tmp_path: Path) -> None:
    page: Answer = (200, {"Content-Type": "text/html"}, b"<title>there</title><h1>There</h1>")

    def busy_once(answer: Answer) -> Callable[[int], Answer]:
        return lambda number: answer if number == 1 else page

    routes: dict[str, Route] = {
        "plain.test/": busy_once((429, {"Retry-After": "1", "Content-Type": "text/plain"}, b"Retry later")),
        "mute.test/": busy_once((503, {"Retry-After": "1"}, b"")),
    }
    with hosts(routes) as server:
        settings = {"GESSO_PROXY": f"http://127.0.0.1:{server.port}", "GESSO_PROBE": False, "GESSO_VIEWS": "phone"}
        urls: dict[str, dict[str, Any]] = {f"http://{key}": {"page": True} for key in routes}
        found = crawl(tmp_path, urls, **settings)
    assert [found[f"http://{key}"]["status"] for key in routes] == [200, 200]
    assert all(found[f"http://{key}"]["seconds"] >= 1 for key in routes)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Tue, 24 Nov 2026 12:01:00 GMT", 60.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0.0),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("9" * 400, 999_999_999.0),
        ("Tue, 99 Nov 2026 12:01:00 GMT", None),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert parse_retry_after(value, datetime(2026, 11, 24, 12, tzinfo=UTC)) == seconds


@given(st.text())
def test_any_text_is_a_retry_after(value: str) -> None:
    seconds = parse_retry_after(value, datetime(2026, 11, 24, 12, tzinfo=UTC))
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({}, "IdentityError", "GESSO_CONTACT is empty"),
        ({"GESSO_CONTACT": "me"}, "IdentityError", "GESSO_CONTACT='me'"),
        ({"GESSO_ALLOW": "localhost"}, "AllowError", "GESSO_ALLOW"),
        ({"GESSO_ALLOW": "localhost:1", "OPT_OUT": "never"}, "OptOutError", "OPT_OUT='never'"),
        ({"GESSO_PROXY": "socks5://127.0.0.1:1"}, "AllowError", "GESSO_PROXY="),
    ],
)
def test_a_wrong_setting_ends_the_crawl_before_it_starts(
    settings: dict[str, str], error: str, words: str, tmp_path: Path
) -> None:
    found = crawl(tmp_path, {"http://127.0.0.1:1/": {}}, **settings)
    assert found["error"]["error"] == error
    assert words in found["error"]["message"]
    assert "\n" not in found["error"]["message"]


def test_scrapy_crawl_says_it_in_one_line_and_exits_with_2(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "scrapy",
            "crawl",
            "fdroid",
            "-a",
            "repo=http://store.test",
            "-s",
            f"GESSO_STORE={tmp_path}",
        ],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].startswith("GESSO_CONTACT is empty")
    assert "Traceback" not in done.stderr


@pytest.mark.browser
def test_a_seed_on_loopback_is_refused_until_it_is_allowed(tmp_path: Path) -> None:
    with hosts({"/": (200, {"Content-Type": "text/html"}, b"<title>mine</title><h1>Mine</h1>")}) as server:
        settings = {"GESSO_CONTACT": "me@lab.example", "GESSO_VIEWS": "desktop", "GESSO_THEMES": "light"}
        seeds = {"seeds": f"http://127.0.0.1:{server.port}/", "depth": "0"}
        refused = run.crawl("web", seeds, store=str(tmp_path / "refused"), settings=settings)
        assert [(seed.kind, seed.url) for seed in refused.unreachable] == [("egress", seeds["seeds"])]
        assert f"set GESSO_ALLOW=127.0.0.1:{server.port}" in refused.unreachable[0].reason
        assert not server.asked
        allowed = {**settings, "GESSO_ALLOW": f"127.0.0.1:{server.port}"}
        assert run.crawl("web", seeds, store=str(tmp_path / "allowed"), settings=allowed).captures > 0
