"""Families with a cap: the first of them in the frontier's order are admitted, and stay so after a kill."""

from __future__ import annotations

from crawlers.frontier import Entry, Outcome
from crawlers.frontier.admission import admit
from tests.crawlers.frontier.conftest import Opener

FAMILY = ["calendar", "calendar-1", 2]
OTHER = ["query", "query-1", 9]


def entries(*names: str) -> list[Entry]:
    return [Entry(n, n, f"http://a.test/{n}", "http://a.test", place=n, group="a.test", cap=4) for n in names]


def test_a_full_family_caps_and_leaves_room_for_others(opener: Opener) -> None:
    frontier = opener()
    frontier.add_many(entries("a", "b", "c", "d", "e"))
    admitted = []
    while (leased := frontier.lease()) is not None:
        families = [OTHER] if leased.request in "de" else [OTHER, FAMILY]
        kind = admit(frontier, leased.number, families)
        if kind is None:
            admitted.append(leased.request)
            frontier.close_lease(leased.number, Outcome(captures=1))
        else:
            assert kind == "calendar"
    # The site's cap is 4, and "c", which was refused, is none of them.
    assert admitted == ["a", "b", "d", "e"]
    assert frontier.states() == {"done": 4, "capped": 1}
    frontier.close()


def test_who_was_admitted_is_so_again_and_takes_no_second_turn(opener: Opener) -> None:
    frontier = opener()
    frontier.add_many(entries("a", "b", "c"))
    first = frontier.lease()
    assert first is not None
    assert admit(frontier, first.number, [FAMILY]) is None
    frontier.close()  # as a kill does: its lease returns
    again = opener()
    taken = []
    while (leased := again.lease()) is not None:
        if admit(again, leased.number, [FAMILY]) is None:
            taken.append(leased.request)
    assert taken == ["a", "b"]
    again.close()


def test_no_family_is_no_question(opener: Opener) -> None:
    frontier = opener()
    frontier.add_many(entries("a"))
    leased = frontier.lease()
    assert leased is not None
    assert admit(frontier, leased.number, []) is None
    assert frontier.states() == {"leased": 1}
    frontier.close()
