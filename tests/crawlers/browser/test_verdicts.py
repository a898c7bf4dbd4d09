"""Verdicts: what a page is instead of a page to learn from, told from what it says of itself."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.browser.verdicts import Facts, NotFoundPage, is_binary, is_soft_404, judge, similarity

ASKED = "https://a.test/chairs/oak"
PROSE = "Oak chairs are made by hand in a small workshop near the river, and each of them takes nine days. " * 20


def facts(title: str = "Oak chair", text: str = PROSE, headings: tuple[str, ...] = (), **counts: int) -> Facts:
    return Facts(title=title, text=text[:6000], text_length=len(text), headings=headings, **counts)


@pytest.mark.parametrize(
    ("status", "url", "found", "verdicts"),
    [
        (200, ASKED, facts(), []),
        (403, ASKED, facts("Just a moment...", "Checking your browser"), ["bot_wall"]),
        (503, ASKED, facts("", "wait", walls=1), ["bot_wall"]),
        (200, ASKED, facts("Are you a human?", "Prove it", walls=1), ["bot_wall"]),
        (200, ASKED, facts("Contact us", "Write to us", walls=1), []),  # a form with a captcha is a page
        (200, ASKED, facts("How a CAPTCHA works", PROSE), []),  # and so is an article on them
        (404, ASKED, facts("Not found", "Nothing here"), ["error_page"]),
        (500, ASKED, facts("Oops", "Sorry"), ["error_page"]),
        (200, ASKED, facts("a.test", "This domain is for sale. Buy this domain."), ["parked_domain"]),
        (200, ASKED, facts("a.test", "Related searches", parks=1), ["parked_domain"]),
        (200, ASKED, facts("Domains", "How a domain is parked free of charge. " + PROSE), []),
        (200, "https://a.test/login?next=/chairs/oak", facts("Welcome", PROSE, passwords=1), ["login_wall"]),
        (200, ASKED, facts("Sign in", "E-mail Password Sign in", passwords=1), ["login_wall"]),
        (200, ASKED, facts("Shop", "Log in " + PROSE, passwords=1), []),  # a password field in a shop's head
        (200, "https://a.test/login", facts("Sign in", "Sign in to read"), []),  # nothing is asked for
    ],
)
def test_what_a_page_is(status: int, url: str, found: Facts, verdicts: list[str]) -> None:
    assert judge(status, ASKED, url, found) == verdicts


def test_a_login_that_was_asked_for_is_no_wall() -> None:
    login = "https://a.test/login"
    assert judge(200, login, login, facts("Welcome back", PROSE, passwords=1)) == []


MISSING = NotFoundPage("https://a.test/gesso-0", facts("Not found", f"We looked for gesso-0. {PROSE}"))

SHORT = NotFoundPage("https://a.test/gesso-0", facts("404", "Nothing is at /gesso-0 here."))


@pytest.mark.parametrize(
    ("url", "found", "missing", "soft"),
    [
        (ASKED, facts("Not found", f"We looked for oak. {PROSE}"), MISSING, True),
        (ASKED, facts("404", f"We looked for oak. {PROSE}"), MISSING, True),
        (ASKED, facts("404", "Nothing is at /chairs/oak here."), SHORT, True),  # it repeats the address
        (ASKED, facts("404", "Nothing is as fine as a chair."), SHORT, False),
        (ASKED, facts("Oak chair", f"We looked for oak. {PROSE}"), MISSING, False),  # its title says otherwise
        (
            ASKED,
            facts("Not found", "Quite another text, on why oak chairs were not found in the cave."),
            MISSING,
            False,
        ),
        ("https://a.test/", facts("Not found", f"We looked for oak. {PROSE}"), MISSING, False),
        (MISSING.url, MISSING.facts, MISSING, False),
        (ASKED, MISSING.facts, None, False),
        (ASKED, facts("Page not found · Shop", "Try the front page.", headings=("404",)), None, True),  # it says so
        (ASKED, facts("Page not found · Shop", "Try the front page.", headings=("Chairs",)), None, False),
        (ASKED, facts("404, a history", PROSE * 40, headings=("How 404 came about",)), None, False),
    ],
)
def test_a_soft_404_is_the_page_that_its_host_shows_for_anything(
    url: str, found: Facts, missing: NotFoundPage | None, soft: bool
) -> None:
    assert is_soft_404(url, found, missing) is soft


@pytest.mark.parametrize(
    ("text", "binary"),
    [("\ufffdPNG\r\n\x1a", True), ("%PDF-1.7 …", True), ("PK\x03\x04", True), ("PNG is a format", False), ("", False)],
)
def test_a_file_that_calls_itself_a_page(text: str, binary: bool) -> None:
    assert is_binary(text) is binary


@given(one=st.text(max_size=200), other=st.text(max_size=200))
def test_similarity_is_a_share_and_the_same_both_ways(one: str, other: str) -> None:
    assert similarity(one, one) == 1
    assert 0 <= similarity(one, other) == similarity(other, one) <= 1


@given(
    st.dictionaries(
        st.sampled_from(["text", "textLength", "headings", "pictures", "passwords", "walls", "parks", "links"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.lists(st.text(max_size=9)),
    )
)
def test_whatever_a_page_says_of_itself_has_a_judgement(said: dict[str, Any]) -> None:
    found = Facts.of(said, "title")
    assert all(count >= 0 for count in (found.text_length, found.passwords, found.walls, found.parks, found.links))
    assert len(judge(200, ASKED, ASKED, found)) <= 1
