"""The guard's own client: answers one after another on one connection, under the guard's limits and accounts."""

from __future__ import annotations

import asyncio
from collections import Counter

import h11
import pytest

from crawlers.egress.fetch import KeptConnection
from crawlers.egress.outcome import EgressError, Limits
from tests.crawlers.egress.conftest import Answer, guarding, saying, serving

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: image/png\r\n\r\nbytes"


def fetch(
    answer: Answer, times: int = 1, limits: Limits | None = None, most: int = 1000
) -> tuple[list[bytes], Counter[str]]:
    """The bodies of some answers on one connection, and what the guard counted."""
    counted: Counter[str] = Counter()

    async def main() -> list[bytes]:
        async with (
            serving(answer) as port,
            guarding(port, limits=limits, count=lambda name, by: counted.update({name: by})) as guard,
        ):
            url = f"http://127.0.0.1:{port}/a.png?b=1"
            connection = KeptConnection(guard, url)
            try:
                return [(await connection.get(url, [(b"user-agent", b"gesso")], most)).body for _ in range(times)]
            finally:
                connection.close()
                assert not guard.exchanges

    return asyncio.run(main()), counted


def test_one_connection_serves_many_answers_and_their_bytes_are_counted() -> None:
    bodies, counted = fetch(saying(OK, keep=True), times=5)
    assert bodies == [b"bytes"] * 5
    assert counted == {"gesso/egress/connections": 1, "gesso/egress/bytes": 5 * len(OK)}


def test_a_server_that_closes_is_dialled_again() -> None:
    bodies, counted = fetch(saying(OK.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n")), times=2)
    assert bodies == [b"bytes"] * 2
    assert counted["gesso/egress/connections"] == 2


def test_more_bytes_than_asked_for_are_refused() -> None:
    with pytest.raises(EgressError, match="more than 4 bytes"):
        fetch(saying(OK), most=4)


def test_an_answer_that_breaks_off_is_none() -> None:
    with pytest.raises((h11.RemoteProtocolError, ConnectionError)):
        fetch(saying(OK.replace(b": 5", b": 50")))


def test_a_server_that_says_nothing_is_cut_by_the_sweeper() -> None:
    with pytest.raises(EgressError) as cut:
        fetch(saying(OK.replace(b": 5", b": 50"), b"", keep=True), limits=Limits(idle_seconds=0.2))
    assert cut.value.outcome.kind == "timeout"


def test_an_address_that_is_not_allowed_is_not_dialled() -> None:
    async def main() -> None:
        async with serving(saying(OK)) as port, guarding() as guard:
            await KeptConnection(guard, f"http://127.0.0.1:{port}/").get(f"http://127.0.0.1:{port}/", [], 1000)

    with pytest.raises(EgressError) as refused:
        asyncio.run(main())
    assert refused.value.outcome.kind == "egress"
