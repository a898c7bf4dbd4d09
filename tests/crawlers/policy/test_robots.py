"""robots.txt by RFC 9309, whatever its bytes are, with the evidence; and what it says of training."""

from __future__ import annotations

import codecs
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.policy.agents import TRAINING_AGENTS
from crawlers.policy.robots import LICENCE, MAX_BYTES, SIGNAL, TRAINING, USAGE, RobotsRules

URL = "http://a.test/robots.txt"
NO = b"User-agent: *\nDisallow: /x\n"
AGENTS_FILE = Path(__file__).resolve().parents[4] / "shared/data/stores/ai-robots/robots.json"


def effects(text: str, url: str = "http://a.test/x") -> dict[str, str]:
    return {signal.source: signal.effect for signal in RobotsRules(URL, 200, text.encode()).signals(url)}


@pytest.mark.parametrize(
    ("status", "allowed"),
    [
        (200, True),
        (204, True),
        (404, True),
        (401, True),
        (429, False),
        (500, False),
        (503, False),
        (301, False),
        (None, False),
    ],
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


def test_a_line_that_the_limit_cuts_off_says_nothing() -> None:
    head = b"User-agent: *\n#"
    cut = head + b"#" * (MAX_BYTES - len(head) - len("\nDisallow: /")) + b"\nDisallow: /private\n"
    assert RobotsRules(URL, 200, cut).allows("http://a.test/public")


@pytest.mark.parametrize(
    "body",
    [
        codecs.BOM_UTF8 + NO,
        NO.decode().encode("utf-16"),
        NO.decode().encode("utf-16-le"),
        NO.decode().encode("utf-16-be"),
        NO.replace(b"\n", b"\r\n"),
        NO.replace(b"\n", b"\r"),
        b"\xff\x00\x80 junk \n" + NO,
        NO.replace(b"agent", b"AGENT").replace(b": ", b" :  "),
        NO + b"\0" * 50,
    ],
)
def test_odd_encodings_and_line_ends(body: bytes) -> None:
    rules = RobotsRules(URL, 200, body)
    assert not rules.allows("http://a.test/x")
    assert rules.allows("http://a.test/y")


@pytest.mark.parametrize(
    ("value", "delay"), [("3", 3.0), ("0.5", 0.5), ("100000", 300.0), ("-1", None), ("soon", None)]
)
def test_the_crawl_delay_is_bounded(value: str, delay: float | None) -> None:
    assert RobotsRules(URL, 200, f"User-agent: *\nCrawl-delay: {value}\n".encode()).crawl_delay == delay


def test_sitemaps() -> None:
    rules = RobotsRules(URL, 200, b"Sitemap: http://a.test/1.xml\nUser-agent: *\nSitemap: http://a.test/2.xml\n")
    assert rules.sitemaps == ("http://a.test/1.xml", "http://a.test/2.xml")
    assert RobotsRules(URL, 404, b"Sitemap: http://a.test/1.xml\n").sitemaps == ()


@pytest.mark.parametrize(
    ("text", "source", "effect"),
    [
        ("User-agent: GPTBot\nDisallow: /", TRAINING, "disallow"),
        ("User-agent: gptbot\nUser-agent: CCBot\nDisallow: /x", TRAINING, "disallow"),
        ("User-agent: GPTBot\nDisallow: /y", TRAINING, "note"),
        ("User-agent: GPTBot\nDisallow: /\nUser-agent: gesso\nAllow: /", TRAINING, "note"),
        ("User-agent: *\nContent-Signal: ai-train=no", SIGNAL, "disallow"),
        ("Content-Signal: search=yes,ai-train=no", SIGNAL, "disallow"),
        ("User-agent: *\nContent-Signal: ai-train=yes, search=no", SIGNAL, "allow"),
        ("User-agent: *\nContent-Signal: search=no", SIGNAL, "note"),
        ("User-agent: *\nContent-Usage: train-ai=n", USAGE, "disallow"),
        ("User-agent: *\nContent-Usage: /x train-ai=n", USAGE, "disallow"),
        ("User-agent: *\nContent-Usage: bots=n, train-ai=y", USAGE, "allow"),
        ("License: https://a.test/rsl.xml", LICENCE, "disallow"),
    ],
)
def test_what_it_says_of_training(text: str, source: str, effect: str) -> None:
    assert effects(text)[source] == effect


@pytest.mark.parametrize(
    "text",
    [
        "User-agent: Googlebot\nDisallow: /",
        "User-agent: *\nContent-Usage: /y train-ai=n",
        "User-agent: gesso\nAllow: /\n\nUser-agent: *\nContent-Signal: ai-train=no",
    ],
)
def test_what_is_said_of_others_is_not_said_of_us(text: str) -> None:
    assert effects(text) == {"robots.txt": "allow"}


def test_the_permission_of_our_own_is_first() -> None:
    signals = RobotsRules(
        URL, 200, b"License: l\nUser-agent: GPTBot\nDisallow: /\nUser-agent: *\nDisallow: /\n"
    ).signals(URL)
    assert [signal.source for signal in signals] == ["robots.txt", TRAINING, LICENCE]


@given(st.binary(max_size=2000))
def test_any_bytes_are_rules(body: bytes) -> None:
    rules = RobotsRules(URL, 200, body)
    signals = rules.signals("http://a.test/x?y#z")
    assert signals[0].effect == ("allow" if rules.allows("http://a.test/x?y#z") else "disallow")
    assert rules.crawl_delay is None or 0 <= rules.crawl_delay <= 300


WORDS = st.sampled_from(
    [
        "User-agent: *",
        "user-agent: gptbot",
        "Disallow: /",
        "Allow: /x*$",
        "Crawl-delay: 1e9",
        "Content-Usage: / ai=n",
        "\0",
    ]
)


@given(st.lists(WORDS | st.text(max_size=30)).map("\n".join))
def test_any_lines_are_rules(text: str) -> None:
    for signal in RobotsRules(URL, 200, text.encode("utf-8", "replace")).signals("http://a.test/x"):
        assert signal.evidence


@pytest.mark.corpus
@pytest.mark.skipif(not AGENTS_FILE.is_file(), reason="the list of AI agents is not here")
def test_the_agents_that_others_know_to_train_are_known_to_us() -> None:
    known = json.loads(AGENTS_FILE.read_text())
    training = {name for name, facts in known.items() if "train" in str(facts.get("function", "")).lower()}
    assert training
    assert {name for name in training if name.lower() not in TRAINING_AGENTS} == set()
