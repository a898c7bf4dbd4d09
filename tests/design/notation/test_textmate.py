"""The grammar for editors' colours: it is whole, and it knows what the notation can say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from design.notation.words import FLAGS, PRINTED_KINDS, SPELLED_KINDS, SPELLED_LINES

GRAMMAR = json.loads(files("design.notation").joinpath("gesso.tmLanguage.json").read_text())


def rules(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from rules(inner)


def test_every_expression_is_one_and_every_reference_leads_somewhere() -> None:
    for rule in rules(GRAMMAR):
        for key in ("match", "begin", "end"):
            if key in rule:
                re.compile(rule[key])
        if "include" in rule:
            assert rule["include"].removeprefix("#") in GRAMMAR["repository"]


def test_every_kind_flag_and_line_has_its_colour() -> None:
    layer, tokens = (re.compile(GRAMMAR["repository"][name]["begin"]) for name in ("layer", "tokens"))
    attributes = [
        re.compile(rule["match"]) for rule in GRAMMAR["repository"]["attributes"]["patterns"] if "match" in rule
    ]
    for kind in (*PRINTED_KINDS, *SPELLED_KINDS, "Button"):
        assert layer.match(f"  {kind} p4"), kind
    for word in (*SPELLED_LINES, *SPELLED_LINES.values()):
        assert tokens.match(f"{word} name"), word
    for flag in FLAGS:
        assert any(pattern.search(f"col {flag} p4") for pattern in attributes), flag
