"""What both frontiers promise, asked of both."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawlers.frontier import CountRow, Entry, Frontier, FrontierBackend, FrontierError, Outcome
from tests.crawlers.frontier.conftest import Opener


def entry(name: str, **more: object) -> Entry:
    given = {"host": "http://a.test", **more}
    return Entry(fingerprint=name, request=f'"{name}"', url=f"http://a.test/{name}", **given)  # type: ignore[arg-type]


def take(frontier: FrontierBackend) -> str:
    leased = frontier.lease()
    assert leased is not None
    return leased.request.strip('"')


def test_order_is_by_priority_then_depth_then_place(opener: Opener) -> None:
    frontier = opener()
    frontier.add_many(
        [
            entry("deep", depth=2, place="0"),
            entry("later", depth=1, place="0.2"),
            entry("child", depth=1, place="0.1.1"),
            entry("sooner", depth=1, place="0.1"),
            entry("urgent", depth=9, place="9", priority=5),
            entry("patient", priority=-3),
        ]
    )
    assert [take(frontier) for _ in range(6)] == ["urgent", "sooner", "child", "later", "deep", "patient"]
    assert frontier.lease() is None
    frontier.close()


def test_a_request_is_known_by_its_fingerprint_and_takes_an_earlier_place(opener: Opener) -> None:
    frontier = opener()
    assert frontier.add_many([entry("a", place="5"), entry("b", place="3"), entry("a", place="1")]) == [
        *(True, True),
        False,
    ]
    assert [take(frontier), take(frontier)] == ["a", "b"]
    frontier.close()


def test_a_lane_gives_so_many_at_once_and_lets_others_by(opener: Opener) -> None:
    frontier = opener()
    frontier.add_many([entry(f"slow{i}", place=f"0.{i}", at_once=2) for i in range(5)])
    frontier.add(entry("other", place="9", host="http://b.test"))
    first = frontier.lease()
    assert first is not None
    assert [take(frontier), take(frontier)] == ["slow1", "other"]
    assert frontier.lease() is None
    frontier.acknowledge(first.number, captures=1, failures=0)
    assert take(frontier) == "slow2"
    frontier.close()


def test_a_groups_deeper_requests_wait_for_its_shallower_ones(opener: Opener) -> None:
    frontier = opener()
    frontier.add_many([entry("top", group="s"), entry("below", depth=1, place="0.1", group="s")])
    top = frontier.lease()
    assert top is not None
    assert frontier.lease() is None
    assert frontier.has_queued()
    frontier.acknowledge(top.number, captures=1, failures=0)
    assert take(frontier) == "below"
    frontier.close()


def test_a_cap_counts_what_was_admitted_and_not_what_went_back(opener: Opener) -> None:
    frontier = opener()
    frontier.add_many([entry(str(i), place=str(i), group="s", cap=2) for i in range(5)])
    first, second = frontier.lease(), frontier.lease()
    assert first is not None
    assert second is not None
    assert frontier.requeue(first.number, '"again"')
    again = frontier.lease()
    assert again == (first.number, '"again"', 2)
    assert frontier.lease() is None
    for number in (first.number, second.number):
        assert frontier.acknowledge(number, captures=1, failures=0)
    assert frontier.states() == {"done": 2, "capped": 3}
    frontier.close()


def test_a_lease_is_closed_once(opener: Opener) -> None:
    frontier = opener()
    frontier.add(entry("a"))
    leased = frontier.lease()
    assert leased is not None
    assert frontier.acknowledge(leased.number, captures=1, failures=0)
    assert not frontier.acknowledge(leased.number, captures=9, failures=0)
    assert not frontier.requeue(leased.number, "x")
    assert list(frontier.counts()) == [CountRow("http://a.test", "done", None, 1, 1, 0)]
    frontier.close()


def test_what_is_leased_returns_when_its_owner_closes_or_lets_go(opener: Opener) -> None:
    frontier = opener()
    frontier.add_many([entry("a", place="1"), entry("b", place="2")])
    leased = frontier.lease()
    assert leased is not None
    assert frontier.release(leased.number)
    assert frontier.lease() == leased
    frontier.close()
    again = opener()
    assert again.states() == {"queued": 2}
    assert again.lease() == (*leased[:2], 2)
    again.close()


def test_failures_keep_what_is_known_of_them_and_can_be_put_back(opener: Opener) -> None:
    frontier = opener()
    frontier.add_many([entry("a", seed=True, place="1"), entry("b", seed=True, place="2")])
    for kind, status in (("timeout", None), ("http_404", 404)):
        leased = frontier.lease()
        assert leased is not None
        frontier.close_lease(leased.number, Outcome(failures=1, kind=kind, reason=f"why {kind}", status=status))
    timeout, missing = frontier.failed()
    assert (timeout.kind, timeout.reason, timeout.attempts, timeout.status) == ("timeout", "why timeout", 1, None)
    assert timeout.retry_at is not None
    assert timeout.retry_at > timeout.failed_at
    assert (missing.status, missing.retry_at) == (404, None)
    assert [kind for _, kind, _ in frontier.failed_seeds()] == ["timeout", "http_404"]
    assert frontier.put_back([timeout.number, timeout.number, 999_999]) == 1
    assert frontier.states() == {"queued": 1, "failed": 1}
    assert sorted(frontier.counts()) == [
        CountRow("http://a.test", "failed", "http_404", 1, 0, 0),
        CountRow("http://a.test", "queued", next(r.kind for r in frontier.counts() if r.state == "queued"), 1, 0, 0),
    ]
    leased = frontier.lease()
    assert leased is not None
    assert leased.attempts == 2
    frontier.acknowledge(leased.number, captures=1, failures=0)
    assert [url for url, _, _ in frontier.failed_seeds()] == ["http://a.test/b"]
    frontier.close()


def test_a_name_stands_for_one_set_of_arguments(opener: Opener) -> None:
    opener(arguments='{"depth":1}').close()
    with pytest.raises(FrontierError, match="other arguments"):
        opener(arguments='{"depth":2}')


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000), cap=st.integers(1, 12), width=st.integers(1, 4))
def test_the_cap_takes_the_same_pages_whatever_the_timing(opener: Opener, seed: int, cap: int, width: int) -> None:
    def crawl(name: str, shuffle: random.Random) -> set[str]:
        frontier = opener(name)
        frontier.add(entry("0", place="0", group="s", cap=cap))
        flying, taken = [], set()
        while frontier.has_queued() or flying:
            while len(flying) < shuffle.randint(1, 4) and (leased := frontier.lease()) is not None:
                flying.append(leased)
            if not flying:
                break
            number, text, _ = flying.pop(shuffle.randrange(len(flying)))
            page = text.strip('"')
            taken.add(page)
            for child in range(width if page.count(".") < 2 else 0):
                place = f"{page}.{child}"
                frontier.add(entry(place, place=place, depth=place.count("."), group="s", cap=cap))
            frontier.acknowledge(number, captures=1, failures=0)
        frontier.close()
        return taken

    name = f"cap-{seed}-{cap}-{width}-{random.getrandbits(64)}"
    assert crawl(f"{name}-1", random.Random(seed)) == crawl(f"{name}-2", random.Random(seed + 1))


def test_a_large_frontier_stays_quick(opener: Opener) -> None:
    frontier = opener()
    number = 5_000 if not isinstance(frontier, Frontier) else 50_000
    frontier.add_many(
        entry(str(i), place=f"{i:06d}", group=f"s{i % 50}", host=f"http://s{i % 50}.test") for i in range(number)
    )
    leased = [frontier.lease() for _ in range(100)]
    assert len({one.number for one in leased if one}) == 100
    assert frontier.states() == {"queued": number - 100, "leased": 100}
    frontier.close()
