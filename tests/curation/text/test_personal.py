"""Personal data is found as people write it, and what only looks like it is left alone."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.text.personal import find, luhn


def found(text: str, lang: str | None = None) -> list[tuple[str, str]]:
    return [(span.kind, text[span.start : span.end]) for span in find(text, lang)]


@pytest.mark.parametrize(
    ("text", "kind", "part"),
    [
        ("Write to ada.lovelace@analytical.io today", "email", "ada.lovelace@analytical.io"),
        ("<bob+news@mail.uni-koeln.de>", "email", "bob+news@mail.uni-koeln.de"),
        ("+49 30 901820", "phone", "+49 30 901820"),
        ("Call 415-555-2671 now", "phone", "415-555-2671"),
        ("Phone: 0171 1234567", "phone", "0171 1234567"),
        ("1-800-356-9377", "phone", "1-800-356-9377"),
        ("4539 1488 0343 6467", "card", "4539 1488 0343 6467"),
        ("Visa 4539148803436467", "card", "4539148803436467"),
        ("DE89 3704 0044 0532 0130 00", "iban", "DE89 3704 0044 0532 0130 00"),
    ],
)
def test_what_gives_somebody_away_is_found(text: str, kind: str, part: str) -> None:
    assert found(text) == [(kind, part)]


@pytest.mark.parametrize(
    "text",
    [
        "icon@2x.png",
        "react@18.2.0",
        "git@github.com:ada/engine.git",
        "v4.12.0.88",
        "Version 10.0.19045.3803",
        "192.168.100.200",
        "2023-11-25 10:30",
        "25.11.2023 – 31.12.2024",
        "1999 - 2024",
        "12:30 - 14:45",
        "$1,234,567.89",
        "Total 12 345 678",
        "2 500 300 1 100 200",
        "Order #415-555-2671",
        "Order 4155552671",
        "ISBN 978-3-16-148410-0",
        "Tracking number 4539148803436467",
        "IMEI 490154203237518",
        "37.774929, -122.419416",
        "4539 1488 0343 6468",
        "1111 1111 1111 1117",
        "#4155552671",
        "1920 x 1080",
    ],
)
def test_versions_dates_prices_and_order_numbers_are_not(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "text", ["you@example.com", "jane@acme.test", "4242 4242 4242 4242", "Call 202-555-0123", "020 7946 0018"]
)
def test_what_is_reserved_for_examples_is_nobodys(text: str) -> None:
    assert found(text) == []


def test_national_numbers_are_read_by_the_language() -> None:
    assert found("0151 234 567 89", "de") == [("phone", "0151 234 567 89")]
    assert found("0151 234 567 89", "en") == []


def test_several_in_a_line_come_in_order() -> None:
    line = "ada@analytical.io · Tel. +44 20 7123 4567 · 4539 1488 0343 6467"
    assert [kind for kind, _ in found(line)] == ["email", "phone", "card"]


@given(st.text(max_size=300))
def test_no_text_breaks_it_and_spans_never_overlap(text: str) -> None:
    spans = find(text)
    assert all(0 <= s.start < s.end <= len(text) for s in spans)
    assert all(a.end <= b.start for a, b in pairwise(spans))


@given(st.from_regex(r"[0-9]{12}", fullmatch=True))
def test_exactly_one_check_digit_satisfies_luhn(digits: str) -> None:
    assert sum(luhn(digits + check) for check in "0123456789") == 1
