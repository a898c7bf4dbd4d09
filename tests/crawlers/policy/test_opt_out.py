"""Opt-outs of pages, of tdmrep.json, and the one decision from all of them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.captures import Signal
from crawlers.policy.decide import TDM_FILE, TDM_HEADER, TDM_META, decide, decide_early
from crawlers.policy.opt_out import opted_out, page_signals
from crawlers.policy.tdm import file_signal, parse_tdmrep
from crawlers.policy.usage import refuses_training

Pairs = list[tuple[str, str]]


@pytest.mark.parametrize(
    ("headers", "metas", "refused"),
    [
        ([("X-Robots-Tag", "noai")], [], True),
        ([("x-robots-tag", "otherbot: noai")], [], False),
        ([("x-robots-tag", "gesso: noimageai, noindex")], [], True),
        ([("x-robots-tag", "noindex")], [], False),
        ([("x-robots-tag", "unavailable_after: 25 Jun 2030")], [], False),
        ([("x-robots-tag", "noindex\nnoimageai")], [], True),
        ([], [("robots", "index, NOAI")], True),
        ([], [("googlebot", "noai")], False),
        ([("Content-Signal", "search=yes, ai-train=no")], [], True),
        ([("Content-Usage", "train-ai=n")], [], True),
        ([("Content-Usage", "train-ai=y")], [], False),
        ([("TDM-Reservation", "1")], [], True),
        ([("TDM-Reservation", "1")], [("tdm-reservation", "0")], False),
        ([("TDM-Reservation", "0")], [("TDM-Reservation", "1")], True),
        ([("TDM-Reservation", "perhaps")], [], False),
        ([], [], False),
    ],
)
def test_page_level_opt_outs(headers: Pairs, metas: Pairs, refused: bool) -> None:
    assert (opted_out(page_signals(headers, metas)) is not None) is refused


def test_a_flood_of_notes_does_not_hide_a_refusal() -> None:
    metas = [("robots", "index")] * 100 + [("robots", "noai")]
    assert opted_out(page_signals([], metas)) is not None


@given(st.lists(st.tuples(st.sampled_from(["x-robots-tag", "content-usage", "tdm-reservation"]), st.text())))
def test_any_headers_are_signals(headers: Pairs) -> None:
    assert all(len(signal.evidence) <= 300 for signal in page_signals(headers, headers))


@pytest.mark.parametrize(
    ("value", "refused"),
    [
        ("ai-train=no", True),
        ("AI-Train = No ; because=1", True),
        ('"train-ai"=n', None),
        ("train-ai=n, train-ai=y", True),
        ("train-ai=?0", True),
        ("genai=n", True),
        ("bots=n", True),
        ("search=n", None),
        ("", None),
        (",,=,", None),
    ],
)
def test_usage(value: str, refused: bool | None) -> None:
    assert refuses_training(value) is refused


def signal(source: str, effect: str) -> Signal:
    return Signal(source=source, evidence="…", effect=effect)


@pytest.mark.parametrize(
    ("said", "refused_by"),
    [
        ([], None),
        ([(TDM_FILE, "disallow")], TDM_FILE),
        ([(TDM_FILE, "disallow"), (TDM_HEADER, "allow")], None),
        ([(TDM_FILE, "disallow"), (TDM_HEADER, "note")], TDM_FILE),
        ([(TDM_FILE, "allow"), (TDM_HEADER, "disallow"), (TDM_META, "allow")], None),
        ([(TDM_META, "disallow"), (TDM_FILE, "allow")], TDM_META),
        ([("X-Robots-Tag", "disallow"), ("robots.txt", "disallow")], "robots.txt"),
        ([("X-Robots-Tag", "disallow"), (TDM_META, "allow")], "X-Robots-Tag"),
    ],
)
def test_one_decision(said: list[tuple[str, str]], refused_by: str | None) -> None:
    found = decide([signal(*one) for one in said])
    assert (found.refusal.source if found.refusal else None) == refused_by
    assert found.allowed is (refused_by is None)
    recorded = decide([signal(*one) for one in said], "record")
    assert recorded.allowed is found.allowed
    assert (recorded.refusal is not None) is (refused_by == "robots.txt")


def test_a_reservation_in_the_file_may_still_be_lifted_by_the_answer() -> None:
    assert decide_early([signal(TDM_FILE, "disallow")]).refusal is None
    assert decide_early([signal("robots.txt License", "disallow")]).refusal is not None


def tdmrep(*rules: tuple[str, object]) -> bytes:
    return json.dumps([{"location": location, "tdm-reservation": value} for location, value in rules]).encode()


@pytest.mark.parametrize(
    ("data", "effect"),
    [
        (tdmrep(("/", 1)), "disallow"),
        (tdmrep(("/", "1")), "disallow"),
        (tdmrep(("/", 0)), "allow"),
        (tdmrep(("/", 1), ("/images/", 0)), "allow"),
        (tdmrep(("/images/*.png", 1), ("/images/", 0)), "disallow"),
        (tdmrep(("/*.jpg$", 1)), None),
        (tdmrep(("/images/a.png", 0), ("/images/a.png", 1)), "disallow"),
        (tdmrep(("/", 2)), None),
        (tdmrep(("/", True)), None),
        (tdmrep(("nowhere", 1)), None),
        (b"{}", None),
        (b"[[[[", None),
        (b"[" * 100_000, None),
        (b"\xef\xbb\xbf" + tdmrep(("/", 1)), "disallow"),
        (b" " * (300 << 10) + tdmrep(("/", 1)), None),
    ],
)
def test_tdmrep(data: bytes, effect: str | None) -> None:
    found = file_signal(parse_tdmrep(data), "http://a.test/images/a.png")
    assert (found.effect if found else None) == effect


@given(
    st.binary(max_size=500)
    | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(lambda v: json.dumps(v).encode())
)
def test_any_bytes_are_a_tdmrep(data: bytes) -> None:
    assert isinstance(parse_tdmrep(data), tuple)
