"""The grammar for constrained decoders: what it generates parses, and what is printed is in it."""

from __future__ import annotations

import random
from pathlib import Path

import llguidance
import pytest
import xgrammar
from xgrammar.testing import _is_grammar_accept_string

from design import from_snapshot, load_snapshot, parse, print_design
from design.notation.grammar import grammar
from design.notation.grammar_forms import to_gbnf, to_lark
from tests.design.notation.sampling import sample

ROOT = Path(__file__).parents[3]
FIXTURES = ROOT / "tests" / "design" / "fixtures"
SAMPLES = 300
EVERYTHING = """\
$ ink #111827 brand #6c4cf180
= s 8 m 16.5
~ card 12
^ sans "Inter, -apple-system, \\"Noto Sans\\", sans-serif"
^ mono "ui-monospace"
% h1 ^sans/Bold 56/64 ls-1.5 it $ink
% odd "Söhne Breit"/550 12
! card sh(0,8,32,0,$ink/20) ish(0,1,0,0,#ffffff)
+Button/kind=primary,size='Very large' row p12,24 jc ac $brand r10
 t %h1 ?label "Get started"
 t %h1 "Again"
 t %h1 nofill "Unseen"
 svg 16x16 &arrow/none@0,-4/50 ??icon
+Card col
 Button * label=?title
 col ?body
col 'Landing, "one"' :main 1440 w300..1200 h..50 @1,2hv #ffffff s2|~$ink sb$ink !card o50 mix(multiply) scrolly
 t *x20 %(^sans/SemiBold 14/20) pt12 tc vm lines2 up ul url("https://x.test/") "Design, " ($brand ul)"primed"
 grid g8,4 cols(200,*,2*,-) rows(*,40) cell1,2 con(0,50,50,#ffffff@0,$ink@40) lin(90,#ffffff,#000000) blur(3)
  oval 10x10 span2,3 rad(50,50,50,50,#ffffff,#00000080) raw{"a":[1,-2.5,1e-07],"b":{"c":null}}
 box clip hide rot-45 bg(2)
 Button Primary label="Watch" label=($brand)"now" label:$ink icon=off thumb=&hero/contain kind=quiet
"""


@pytest.fixture(scope="module")
def lark() -> tuple[llguidance.LLTokenizer, str]:
    return llguidance.LLTokenizer("byte"), llguidance.LLMatcher.grammar_from_lark(to_lark(grammar()))


@pytest.fixture(scope="module")
def gbnf() -> xgrammar.Grammar:
    return xgrammar.Grammar.from_ebnf(to_gbnf(grammar()))


def refused_at(lark: tuple[llguidance.LLTokenizer, str], text: str) -> int | None:
    """The byte at which the decoder would not go on, or None where it takes the text as a whole."""
    matcher = llguidance.LLMatcher(*lark)
    assert not matcher.get_error()
    tokens = lark[0].tokenize_str(text)
    taken = matcher.try_consume_tokens(tokens)
    return None if taken == len(tokens) and matcher.is_accepting() else taken


def test_everything_that_the_grammar_generates_parses() -> None:
    rules = grammar()
    for seed in range(SAMPLES):
        text = sample(rules, random.Random(seed))
        design = parse(text)
        assert parse(print_design(design)) == design


def test_samples_use_every_rule() -> None:
    rules, rng = grammar(2), random.Random(7)
    texts = "".join(sample(rules, rng, more=0.45) for _ in range(400))
    for word in (
        "lin(",
        "rad(",
        "con(",
        "ish(",
        "cols(",
        "cell",
        "span",
        "mix(",
        "url(",
        "raw{",
        "??",
        "nofill",
        "rot",
    ):
        assert word in texts, word


def test_both_decoders_take_every_attribute_as_it_is_printed(
    lark: tuple[llguidance.LLTokenizer, str], gbnf: xgrammar.Grammar
) -> None:
    text = print_design(parse(EVERYTHING))
    assert text.splitlines() == EVERYTHING.splitlines()
    at = refused_at(lark, text)
    assert at is None, text.encode()[at - 20 : at + 20]
    assert _is_grammar_accept_string(gbnf, text)


@pytest.mark.parametrize("name", ["landing", "layers", "type"])
def test_both_decoders_take_the_designs_of_pages(
    lark: tuple[llguidance.LLTokenizer, str], gbnf: xgrammar.Grammar, name: str
) -> None:
    snapshot = load_snapshot((FIXTURES / f"{name}.json.gz").read_bytes())
    text = print_design(from_snapshot(snapshot).design)
    at = refused_at(lark, text)
    assert at is None, text.encode()[at - 20 : at + 20]
    assert _is_grammar_accept_string(gbnf, text)


@pytest.mark.parametrize(
    "text",
    ["col\n  t\n", "col p\n", "div\n", 't "open\n', "col r1 r2\n", "col #12345\n", "t %(Inter/Heavy 12)\n", "col"],
)
def test_both_decoders_refuse_what_does_not_parse_or_has_no_end(
    lark: tuple[llguidance.LLTokenizer, str], gbnf: xgrammar.Grammar, text: str
) -> None:
    assert refused_at(lark, text) is not None
    assert not _is_grammar_accept_string(gbnf, text)


def test_what_is_sampled_is_taken_by_both_decoders(
    lark: tuple[llguidance.LLTokenizer, str], gbnf: xgrammar.Grammar
) -> None:
    rules = grammar()
    for seed in range(60):
        text = sample(rules, random.Random(seed))
        at = refused_at(lark, text)
        assert at is None, text.encode()[max(0, at - 40) : at + 20]
        assert _is_grammar_accept_string(gbnf, text)
