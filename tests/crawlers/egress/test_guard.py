"""The guard between real sockets: what it relays, what it refuses, what it cuts, and that an address is pinned."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pytest

from crawlers.egress.addresses import AllowError
from crawlers.egress.dial import parse_upstream
from crawlers.egress.guard import EgressGuard
from crawlers.egress.outcome import EgressOutcome, Limits, from_header
from tests.crawlers.egress.conftest import ask, connect, get, guarding, saying, serving

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


def kind_of(answer: bytes) -> str:
    for line in answer.split(b"\r\n"):
        if line.lower().startswith(b"x-gesso-egress: "):
            outcome = from_header(line.decode().partition(": ")[2])
            assert outcome is not None
            return outcome.kind
    return "relayed"


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(20):
            await test()

    asyncio.run(limited())


def test_a_request_is_relayed_with_the_host_of_its_url_and_no_proxy_headers() -> None:
    async def test() -> None:
        heads: list[bytes] = []

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(OK)

        async with serving(answer) as port, guarding(port) as guard:
            url = f"http://127.0.0.1:{port}/a?b=c"
            said = await ask(
                guard, get(url, "Proxy-Authorization: Basic eA==", "X-Kept: 1", "Connection: X-Gone", "X-Gone: 1")
            )
            assert said.startswith(b"HTTP/1.1 200 OK\r\n")
            assert said.endswith(b"hi")
            assert heads[0].startswith(f"GET /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n".encode())
            assert b"X-Kept: 1" in heads[0]
            assert b"lie.test" not in heads[0]
            assert b"Proxy-" not in heads[0]
            assert b"X-Gone" not in heads[0]
            assert guard.outcome(url) is None

    run(test)


def test_both_connections_are_kept_for_the_next_request() -> None:
    async def test() -> None:
        async with serving(saying(OK, keep=True)) as port, guarding(port) as guard:
            counts: dict[str, int] = {}
            guard.count = lambda name, number: counts.update({name: counts.get(name, 0) + number})
            url = f"http://127.0.0.1:{port}/"
            said = await ask(guard, f"GET {url} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 2 + get(url))
            assert said.count(b"200 OK") == 3
            assert counts["gesso/egress/connections"] == 1

    run(test)


@pytest.mark.parametrize(
    "url",
    [
        *("http://127.0.0.1:{port}/", "http://2130706433:{port}/", "http://0x7f.1:{port}/", "http://[::1]:{port}/"),
        *(
            "http://[::ffff:127.0.0.1]:{port}/",
            "http://0.0.0.0:{port}/",
            "http://localhost:{port}/",
            "http://127.1:{port}/",
        ),
        *("http://169.254.169.254/latest/meta-data/", "http://user:pw@10.0.0.1/", "http://[64:ff9b::7f00:1]:{port}/"),
        *("ftp://example.com/", "file:///etc/passwd", "/origin-form", "http://127%2e0%2e0%2e1:{port}/"),
    ],
)
def test_what_is_not_public_is_refused_without_a_connection(url: str) -> None:
    async def test() -> None:
        met: list[int] = []

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            met.append(1)

        async with serving(answer) as port, guarding() as guard:
            said = await ask(guard, get(url.format(port=port)))
            assert said.startswith(b"HTTP/1.1 403 ")
            assert kind_of(said) == "egress"
            host = url.format(port=port).partition("://")[2].partition("/")[0]
            if url.startswith("http"):
                authority = host if host.rpartition(":")[2].isdigit() else f"{host}:443"
                assert kind_of(await ask(guard, connect(authority))) == "egress"
            assert not met

    run(test)


def test_a_refusal_says_how_to_allow_it() -> None:
    async def test() -> None:
        async with guarding() as guard:
            await ask(guard, get("http://127.1:9/"))
            outcome = guard.outcome("http://127.0.0.1:9/")
            assert outcome is not None
            assert outcome.kind == "egress"
            assert outcome.reason.endswith("set GESSO_ALLOW=127.0.0.1:9 (--allow)")

    run(test)


def test_an_allowed_port_does_not_open_another() -> None:
    async def test() -> None:
        async with serving(saying(OK)) as port, serving(saying(OK)) as other, guarding(port) as guard:
            assert kind_of(await ask(guard, get(f"http://127.0.0.1:{port}/"))) == "relayed"
            assert kind_of(await ask(guard, get(f"http://127.0.0.1:{other}/"))) == "egress"

    run(test)


@pytest.mark.parametrize(
    "answers", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::ffff:7f00:1"], ["fe80::1%lo"], ["0.0.0.0"]]
)
def test_a_name_with_any_answer_that_is_not_public_is_refused(answers: list[str]) -> None:
    async def test() -> None:
        async def resolver(host: str, port: int) -> list[str]:
            return answers

        async with guarding(resolver=resolver) as guard:
            assert kind_of(await ask(guard, get("http://mixed.test/"))) == "egress"
            assert kind_of(await ask(guard, connect("mixed.test:443"))) == "egress"

    run(test)


def test_a_rebinding_name_is_asked_once_and_gets_no_second_say(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        asked, dialled = [], []

        async def resolver(host: str, port: int) -> list[str]:
            asked.append(host)
            return ["93.184.216.34"] if len(asked) % 2 else ["127.0.0.1"]

        async def open_connection(address: str, port: int, **options: int) -> None:
            dialled.append(address)
            raise ConnectionRefusedError(111, "not in a test")

        async with serving(saying(OK)) as port, guarding(resolver=resolver) as guard:
            url = f"http://rebind.test:{port}/"
            reader, writer = await asyncio.open_connection("127.0.0.1", int(guard.address.rpartition(":")[2]))
            monkeypatch.setattr("crawlers.egress.dial.asyncio.open_connection", open_connection)
            writer.write(get(url))
            first = await reader.read(-1)
            writer.close()
            monkeypatch.undo()
            assert (kind_of(first), asked, dialled) == ("unreachable", ["rebind.test"], ["93.184.216.34"])
            assert kind_of(await ask(guard, get(url))) == "egress"

    run(test)


def test_a_server_cannot_speak_for_the_guard() -> None:
    async def test() -> None:
        lies = b"X-Gesso-Egress: egress; lie\r\nx-gesso-EGRESS: timeout; lie\r\n"
        lie = b"HTTP/1.1 403 No\r\n" + lies + b"Content-Length: 0\r\n\r\n"
        async with serving(saying(lie)) as port, guarding(port) as guard:
            said = await ask(guard, get(f"http://127.0.0.1:{port}/"))
            assert said.startswith(b"HTTP/1.1 403 No\r\n")
            assert kind_of(said) == "relayed"

    run(test)


def test_a_tunnel_carries_bytes_both_ways() -> None:
    async def test() -> None:
        async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"you said " + await reader.readexactly(5))

        async with serving(echo) as port, guarding(port) as guard:
            said = await ask(guard, connect(f"127.0.0.1:{port}", "early"))
            assert said.startswith(b"HTTP/1.1 200 ")
            assert said.endswith(b"you said early")

    run(test)


SMALL = Limits(
    connect_seconds=1,
    idle_seconds=0.4,
    total_seconds=2,
    drip_grace_seconds=0.6,
    drip_bytes_per_second=100,
    response_bytes=1000,
    host_bytes=100_000,
    head_bytes=2000,
)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("silent", "timeout"),
        ("announced", "too_large"),
        ("endless", "too_large"),
        ("drip", "timeout"),
        ("head", "too_large"),
    ],
)
def test_what_takes_too_long_or_too_much_is_cut(name: str, kind: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if name == "silent":
            await reader.read(-1)
        elif name == "announced":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n" + b"x" * 100)
            await reader.read(-1)
        elif name == "head":
            while not writer.is_closing():
                writer.write(b"HTTP/1.1 200 OK\r\n" + b"X-A: " + b"y" * 5000)
                await writer.drain()
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while not writer.is_closing():
                writer.write(b"1\r\nx\r\n" if name == "drip" else b"64\r\n" + b"x" * 100 + b"\r\n")
                await writer.drain()
                if name == "drip":
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(reader.read(1), 0.1)

    async def test() -> None:
        async with serving(answer) as port, guarding(port, limits=SMALL) as guard:
            url = f"http://127.0.0.1:{port}/"
            said = await ask(guard, get(url))  # which waits for 10 s, and fails then
            outcome = guard.outcome(url)
            assert outcome is not None
            assert outcome.kind == kind
            assert not said.endswith(b"0\r\n\r\n"), "a cut answer must not look whole"

    run(test)


def test_a_tunnel_is_cut_at_its_bytes_and_when_idle() -> None:
    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing():
            writer.write(b"x" * 500)
            await writer.drain()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)

    async def test() -> None:
        for answer, kind in ((flood, "too_large"), (silent, "timeout")):
            async with serving(answer) as port, guarding(port, limits=SMALL) as guard:
                await ask(guard, connect(f"127.0.0.1:{port}"))
                outcome = guard.outcome(f"http://127.0.0.1:{port}/")
                assert outcome is not None
                assert outcome.kind == kind

    run(test)


def test_a_host_that_nobody_listens_at_is_unreachable() -> None:
    async def test() -> None:
        async with serving(saying(OK)) as port:
            pass
        async with guarding(port) as guard:
            said = await ask(guard, get(f"http://127.0.0.1:{port}/"))
            assert said.startswith(b"HTTP/1.1 502 ")
            assert kind_of(said) == "unreachable"

    run(test)


def test_an_upstream_gets_names_unresolved_but_no_private_address() -> None:
    async def never(host: str, port: int) -> list[str]:
        raise AssertionError(f"{host} was resolved")

    async def test() -> None:
        heads: list[bytes] = []

        async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n" if heads[-1].startswith(b"CONNECT") else OK)

        async with serving(proxy) as port:
            upstream = parse_upstream(f"http://me:secret@127.0.0.1:{port}")
            async with guarding(upstream=upstream, resolver=never) as guard:
                assert kind_of(await ask(guard, get("http://any.test/x"))) == "relayed"
                assert heads[0].startswith(b"GET http://any.test/x HTTP/1.1\r\nHost: any.test\r\n")
                assert b"Proxy-Authorization: Basic bWU6c2VjcmV0\r\n" in heads[0]
                assert (await ask(guard, connect("any.test:443"))).startswith(b"HTTP/1.1 200 ")
                assert heads[1].startswith(b"CONNECT any.test:443 HTTP/1.1\r\n")
                assert kind_of(await ask(guard, get("http://192.168.1.1/"))) == "egress"
                assert kind_of(await ask(guard, get("http://localhost/"))) == "egress"
                assert kind_of(await ask(guard, get(f"http://127.0.0.1:{port}/"))) == "relayed"

    run(test)


def test_a_host_has_a_limit_for_all_its_answers_and_others_are_not_held_to_it() -> None:
    async def test() -> None:
        body = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000

        async def local(host: str, port: int) -> list[str]:
            return ["127.0.0.1"]

        async with serving(saying(body)) as port:
            allow = frozenset({("one.test", port), ("two.test", port)})
            guard = EgressGuard(allow=allow, limits=Limits(host_bytes=2500), resolver=local)
            await guard.start()
            said = [await ask(guard, get(f"http://{host}.test:{port}/")) for host in ("one", "one", "one", "two")]
            await guard.close()
        assert [answer.endswith(b"x" * 1000) for answer in said] == [True, True, False, True]

    run(test)


def test_a_door_has_limits_of_its_own() -> None:
    async def test() -> None:
        body = b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n" + b"x" * 3000
        async with serving(saying(body)) as port, guarding(port) as guard:
            door = await guard.door(SMALL)
            url = f"http://127.0.0.1:{port}/"
            assert kind_of(await ask(door.address, get(url))) == "too_large"
            assert (await ask(guard, get(url))).endswith(b"x" * 3000)

    run(test)


@pytest.mark.parametrize(
    "junk", [b"\x16\x03\x01\x02\x00", b"GET http://a b/ HTTP/1.1\r\n\r\n", b"X" * 200_000, b"\r\n" * 9]
)
def test_junk_is_refused_and_the_guard_lives_on(junk: bytes) -> None:
    async def test() -> None:
        async with serving(saying(OK)) as port, guarding(port, limits=SMALL) as guard:
            assert b"200" not in await ask(guard, junk + b"\r\n\r\n")
            assert kind_of(await ask(guard, get(f"http://127.0.0.1:{port}/"))) == "relayed"

    run(test)


@pytest.mark.parametrize("address", ["socks5://a:1", "http://", "http://a:x", "http://a/path"])
def test_a_proxy_that_is_none_is_an_error(address: str) -> None:
    with pytest.raises(AllowError, match="GESSO_PROXY="):
        EgressGuard.from_texts("", address, Limits())


def test_only_our_kinds_are_read_from_a_header() -> None:
    assert from_header("timeout; slow") == EgressOutcome("timeout", "slow")
    assert from_header("fine; slow") is None
