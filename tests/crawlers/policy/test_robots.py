"""robots.txt by RFC 9309, with the evidence."""

from __future__ import annotations

import pytest

from crawlers.policy.opt_out import opted_out, page_signals
from crawlers.policy.robots import MAX_BYTES, RobotsRules

URL = "http://a.test/robots.txt"


@pytest.mark.parametrize(
    ("status", "allowed"), [(200, True), (404, True), (401, True), (500, False), (301, False), (None, False)]
)
def test_status(status: int | None, allowed: bool) -> None:
    rules = RobotsRules(URL, status, b"", reason="refused")
    assert rules.allows("http://a.test/x") is allowed
    assert rules.signal("http://a.test/x").effect == ("allow" if allowed else "disallow")


def test_our_own_group_wins_and_is_the_evidence() -> None:
    rules = RobotsRules(URL, 200, b"User-agent: *\nDisallow: /\n\nUser-agent: gesso\nDisallow: /no\nCrawl-delay: 2\n")
    assert rules.allows("http://a.test/yes")
    assert not rules.allows("http://a.test/no/x")
    assert rules.crawl_delay == 2
    evidence = rules.signal("http://a.test/no/x").evidence
    assert "Disallow: /no" in evidence
    assert "User-agent: *" not in evidence


def test_only_the_first_500_kib_count() -> None:
    rules = RobotsRules(URL, 200, b"#" * MAX_BYTES + b"\nUser-agent: *\nDisallow: /\n")
    assert rules.allows("http://a.test/")


@pytest.mark.parametrize(
    ("headers", "metas", "refused"),
    [
        ([("X-Robots-Tag", "noai")], [], True),
        ([("x-robots-tag", "otherbot: noai")], [], False),
        ([("x-robots-tag", "gesso: noimageai, noindex")], [], True),
        ([("x-robots-tag", "noindex")], [], False),
        ([("x-robots-tag", "unavailable_after: 25 Jun 2030")], [], False),
        ([], [("robots", "index, NOAI")], True),
        ([], [("googlebot", "noai")], False),
        ([], [], False),
    ],
)
def test_page_level_opt_outs(headers: list[tuple[str, str]], metas: list[tuple[str, str]], refused: bool) -> None:
    assert (opted_out(page_signals(headers, metas)) is not None) is refused
