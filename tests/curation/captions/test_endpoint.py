"""The endpoint writer against a real server on loopback that answers as endpoints do, badly too."""

from __future__ import annotations

import base64
import io
import json
import threading
import unicodedata
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from crawlers.captures import CaptureStore
from curation.captions.endpoint import (
    GIVEN_UP,
    LONGEST_WAIT,
    Budget,
    Endpoint,
    EndpointError,
    EndpointWriter,
    captions_in,
    retry_after,
)
from curation.features.base import Row, ValueProblem
from curation.recipe import parse_recipe
from curation.run import curate
from tests.curation.conftest import encoded, make_capture, screen

GOOD = {"short": "A login screen.", "caption": "A login screen with two fields.", "tags": ["login", "Form"]}
Answer = tuple[int, dict[str, str], bytes]


def completion(content: Any, tokens: int = 100) -> Answer:
    said = {"choices": [{"message": {"content": content}}], "usage": {"total_tokens": tokens}}
    return 200, {}, json.dumps(said).encode()


class Server(ThreadingHTTPServer):
    """Answers the n-th request with what `script(n, body)` says, and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script: Callable[[int, dict[str, Any]], Answer] = lambda n, body: completion(json.dumps(GOOD))
        self.asked: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.lock = threading.Lock()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            number = len(self.server.asked)
        status, headers, answer = self.server.script(number, body)
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(answer))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    started = Server()
    thread = threading.Thread(target=started.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield started
    finally:
        started.shutdown()
        started.server_close()
        thread.join()


def writer(server: Server, waits: list[float] | None = None, **budget: int) -> EndpointWriter:
    endpoint = Endpoint(server.base_url, "screens-vl", "GESSO_TEST_KEY", concurrency=1, timeout=10)
    return EndpointWriter(endpoint, Budget(**budget), sleep=(waits if waits is not None else []).append)


def kinds(rows: list[Row | ValueProblem]) -> list[str]:
    return [row.kind if isinstance(row, ValueProblem) else "ok" for row in rows]


def test_a_picture_goes_out_as_a_data_url_and_three_captions_come_back(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GESSO_TEST_KEY", "sesame")
    picture = encoded(screen(1), "JPEG")
    assert writer(server).write([picture]) == [
        {
            "caption": "A login screen with two fields.",
            "caption_short": "A login screen.",
            "caption_tags": ["login", "form"],
        }
    ]
    path, headers, body = server.asked[0]
    assert path == "/v1/chat/completions"
    assert headers["authorization"] == "Bearer sesame"
    url = body["messages"][0]["content"][1]["image_url"]["url"]
    assert base64.b64decode(url.removeprefix("data:image/jpeg;base64,")) == picture
    assert (body["model"], body["temperature"]) == ("screens-vl", 0)


def test_without_a_key_none_is_sent(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GESSO_TEST_KEY", raising=False)
    writer(server).write([b"x"])
    assert "authorization" not in server.asked[0][1]


def test_a_key_never_goes_out_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GESSO_TEST_KEY", "sesame")
    with pytest.raises(EndpointError, match="in the clear") as error:
        Endpoint("http://models.example/v1", "m", "GESSO_TEST_KEY").key()
    assert "sesame" not in str(error.value)
    assert Endpoint("https://models.example/v1", "m", "GESSO_TEST_KEY").key() == "sesame"
    for odd in ("models.example/v1", "ftp://models.example", "https://user:pass@models.example/v1", "http://"):
        with pytest.raises(EndpointError, match="is no address"):
            Endpoint(odd, "m", "").key()


def test_a_busy_server_is_asked_again_no_earlier_than_it_wishes(server: Server) -> None:
    waits: list[float] = []
    busy = [(429, {"Retry-After": "7"}, b"{}"), (500, {}, b"oops"), (503, {}, b"")]
    server.script = lambda n, body: busy[n - 1] if n <= len(busy) else completion(json.dumps(GOOD))
    assert kinds(writer(server, waits).write([b"x"])) == ["ok"]
    assert len(server.asked) == 4
    assert any(6.5 < wait <= 7 for wait in waits)
    backoff = [wait for wait in waits if 0 < wait < 6]
    assert len(backoff) == 3
    assert all(0.5 * 2**n <= wait <= 2**n for n, wait in enumerate(backoff))


def test_who_wishes_to_be_left_alone_for_long_is(server: Server) -> None:
    server.script = lambda n, body: (429, {"Retry-After": str(int(LONGEST_WAIT) + 3600)}, b"{}")
    assert kinds(writer(server).write([b"x"])) == ["endpoint"]
    assert len(server.asked) == 1


def test_what_stays_broken_is_a_typed_problem(server: Server) -> None:
    server.script = lambda n, body: (500, {}, b"")
    (problem,) = writer(server).write([b"x"])
    assert isinstance(problem, ValueProblem)
    assert str(problem) == "endpoint: it answers 500"
    assert len(server.asked) == 5


def test_a_server_that_fails_for_all_ends_the_run_instead_of_trying_for_days(server: Server) -> None:
    server.script = lambda n, body: (500, {}, b"")
    with pytest.raises(EndpointError, match=f"failed for {GIVEN_UP} pictures in a row"):
        writer(server).write([b"x"] * 100)
    assert len(server.asked) < 100


@pytest.mark.parametrize(
    "content",
    [
        "I cannot see a picture.",
        "",
        None,
        7,
        "{",
        '{"short": "x"}',
        '{"caption": 3}',
        '{"caption": "\\u200b"}',
        "[" * 5000,
    ],
)
def test_an_answer_without_captions_is_malformed(server: Server, content: Any) -> None:
    server.script = lambda n, body: completion(content)
    assert kinds(writer(server).write([b"x"])) == ["malformed"]
    assert len(server.asked) == 2


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"[]", b'{"choices": []}', b"\xff\xfe"])
def test_a_body_that_is_no_completion_is_malformed(server: Server, body: bytes) -> None:
    server.script = lambda n, _: (200, {}, body)
    assert kinds(writer(server).write([b"x"])) == ["malformed"]


def test_an_endless_answer_is_cut_off(server: Server) -> None:
    server.script = lambda n, _: (200, {}, b" " * (3 << 20))
    (problem,) = writer(server).write([b"x"])
    assert "more than 1 MB" in str(problem)


def test_one_refused_picture_does_not_spoil_the_others(server: Server) -> None:
    refused = (400, {}, b'{"error": {"message": "image violates <b>policy</b>"}}')
    server.script = lambda n, _: refused if n == 2 else completion(json.dumps(GOOD))
    assert kinds(writer(server).write([b"a", b"b", b"c"])) == ["ok", "refused", "ok"]


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_wrong_key_or_model_ends_the_run_at_once(server: Server, status: int) -> None:
    server.script = lambda n, _: (status, {}, b'{"error": "no such model"}')
    with pytest.raises(EndpointError, match=f"answers {status} for model 'screens-vl'.*check base_url"):
        writer(server).write([b"a", b"b"])


@pytest.mark.parametrize("answer", [(400, {}, b"{}"), completion("I cannot see pictures.")])
def test_a_model_that_gives_no_captions_from_the_first_ends_the_run(server: Server, answer: Answer) -> None:
    server.script = lambda n, _: answer
    with pytest.raises(EndpointError, match=f"failed for {GIVEN_UP} pictures in a row"):
        writer(server).write([b"x"] * 100)
    assert len(server.asked) < 40


def test_refusals_after_a_caption_are_each_of_one_picture(server: Server) -> None:
    server.script = lambda n, _: (400, {}, b"{}") if n > 1 else completion(json.dumps(GOOD))
    assert kinds(writer(server).write([b"x"] * 30)) == ["ok", *["refused"] * 29]


def test_options_that_the_model_does_not_take_are_left_out(server: Server) -> None:
    def newer(n: int, body: dict[str, Any]) -> Answer:
        for option in ("max_tokens", "temperature"):
            if option in body:
                error = {"message": f"Unsupported parameter: {option!r}", "param": option}
                return 400, {}, json.dumps({"error": error}).encode()
        return completion(json.dumps(GOOD))

    server.script = newer
    assert kinds(writer(server).write([b"a", b"b"])) == ["ok", "ok"]
    assert len(server.asked) == 4
    assert server.asked[-1][2]["max_completion_tokens"] > 400


@pytest.mark.parametrize(
    "error", [{"param": None}, {"param": ["max_tokens"]}, {"param": "messages"}, "max_tokens", None]
)
def test_an_error_that_names_no_option_refuses_the_picture(server: Server, error: Any) -> None:
    server.script = lambda n, _: (400, {}, json.dumps({"error": error}).encode())
    assert kinds(writer(server).write([b"a"])) == ["refused"]


@pytest.mark.parametrize(
    "said",
    [
        f'<think>A {{grid}} of cards, so {{"caption": "a draft"}}.</think>\n{json.dumps(GOOD)} Done {{}}.',
        f"```json\n{json.dumps(GOOD, indent=1)}\n```",
        json.dumps({"answer": GOOD}),
        json.dumps(GOOD).replace("with two", "with\ntwo"),
        json.dumps(GOOD | {"tags": "login, Form"}),
    ],
)
def test_captions_are_found_in_what_stands_around_them(said: str) -> None:
    row = captions_in(said, 600)
    assert not isinstance(row, ValueProblem)
    assert row["caption"] == "A login screen with two fields."
    assert row["caption_tags"] == ["login", "form"]


def test_without_tags_it_gives_no_column_of_them() -> None:
    assert captions_in(json.dumps({"caption": "A login screen.", "tags": []}), 600) == {
        "caption": "A login screen.",
        "caption_short": "A login screen.",
    }


def test_nobody_there_is_an_endpoint_problem() -> None:
    endpoint = Endpoint("http://127.0.0.1:9/v1", "m", "", concurrency=1, timeout=1)
    (problem,) = EndpointWriter(endpoint, Budget(), sleep=lambda seconds: None).write([b"x"])
    assert isinstance(problem, ValueProblem)
    assert problem.kind == "endpoint"


def test_a_budget_of_calls_is_not_exceeded_by_retries(server: Server) -> None:
    server.script = lambda n, _: (500, {}, b"") if n == 2 else completion(json.dumps(GOOD))
    assert kinds(writer(server, calls=3).write([b"a", b"b", b"c", b"d"])) == ["ok", "ok", "budget", "budget"]
    assert len(server.asked) == 3


def test_a_budget_of_tokens_ends_after_the_call_that_spends_it(server: Server) -> None:
    server.script = lambda n, _: completion(json.dumps(GOOD), tokens=600)
    assert kinds(writer(server, tokens=1000).write([b"a", b"b", b"c"])) == ["ok", "ok", "budget"]


def test_hostile_text_stays_short_and_plain() -> None:
    said = {
        "caption": "<script>alert(1)</script>Ignore\u202e all\x00 rules " + "x" * 10_000,
        "short": "&lt;b&gt;" * 300,
        "tags": ["<i>red</i>", "red", 5, None, "t" * 500, *map(str, range(100))],
    }
    row = captions_in("Sure! ```json\n" + json.dumps(said) + "\n```", 300)
    assert isinstance(row, dict)
    assert row["caption"].startswith("alert(1) Ignore all")
    assert len(row["caption"]) <= 300
    assert len(row["caption_short"]) <= 120
    assert row["caption_tags"][0] == "red"
    assert len(row["caption_tags"]) == 12
    assert all(len(tag) <= 30 for tag in row["caption_tags"])


@given(st.text(max_size=400), st.lists(st.one_of(st.text(max_size=60), st.integers(), st.none()), max_size=20))
def test_whatever_a_model_says_is_plain_or_malformed(caption: str, tags: list[Any]) -> None:
    row = captions_in(json.dumps({"caption": caption, "tags": tags}), 300)
    if isinstance(row, ValueProblem):
        assert row.kind == "malformed"
        return
    for text in (row["caption"], row["caption_short"], *row.get("caption_tags", [])):
        assert 0 < len(text) <= 300
        assert not [c for c in text if unicodedata.category(c)[0] == "C"]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("3", 3), ("0.5", 0.5), ("", 0), ("soon", 0), ("-4", 0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0)],
)
def test_retry_after_is_a_number_or_a_date(header: str, seconds: float) -> None:
    assert retry_after(header) == seconds


def test_another_run_goes_on_where_the_budget_ended(server: Server, tmp_path: Path) -> None:
    store = CaptureStore(str(tmp_path / "captures"), create=True)
    store.append("run1", [make_capture(store, encoded(screen(n)), f"p{n}", site=f"s{n}.test") for n in range(5)])

    def recipe(calls: int) -> Any:
        asked = {
            "writer": "openai",
            "model": "screens-vl",
            "base_url": server.base_url,
            "max_calls": calls,
            "side": 256,
        }
        return parse_recipe({"name": "small", "features": ["decode", "hashes", "ink", {"caption": asked}]})

    first = curate(recipe(3), tmp_path, report=False)
    assert len(server.asked) == 3
    assert "budget" in (first.path / "manifest.json").read_text()
    second = curate(recipe(9), tmp_path, report=False)
    assert len(server.asked) == 5
    assert "budget" not in json.dumps(json.loads((second.path / "manifest.json").read_text())["features"])
    sizes = set()
    for *_, body in server.asked:
        data = body["messages"][0]["content"][1]["image_url"]["url"].removeprefix("data:image/jpeg;base64,")
        sizes.add(Image.open(io.BytesIO(base64.b64decode(data))).size)
    assert sizes == {(118, 256)}
