"""Design tokens in the W3C format."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import given, settings

from design import Design, parse
from design.to.tokens import to_tokens
from tests.design.trees import designs

SOURCE = """\
$ ink #11182780
^ sans "Inter, system-ui"
% title ^sans/SemiBold 24/36 ls-0.5 it
= s 8
~ card 12
! soft sh(0,1,2,-1,$ink) ish(1,2,3,4,#ff0000)
"""
TYPES = {"color", "fontFamily", "typography", "dimension", "shadow"}


def test_each_kind_of_token_has_its_type_and_value() -> None:
    tokens = to_tokens(parse(SOURCE))
    assert list(tokens) == ["color", "font", "typography", "space", "radius", "shadow"]
    assert tokens["color"]["ink"]["$value"] == {
        "colorSpace": "srgb", "components": [0.0667, 0.0941, 0.1529], "alpha": 0.502, "hex": "#111827",
    }  # fmt: skip
    assert tokens["font"]["sans"] == {"$type": "fontFamily", "$value": ["Inter", "system-ui"]}
    title = tokens["typography"]["title"]["$value"]
    assert (title["fontFamily"], title["fontWeight"], title["lineHeight"]) == ("{font.sans}", 600, 1.5)
    assert tokens["space"]["s"] == {"$type": "dimension", "$value": {"value": 8.0, "unit": "px"}}
    outer, inner = tokens["shadow"]["soft"]["$value"]
    assert (outer["color"], outer["inset"], inner["inset"]) == ("{color.ink}", False, True)


def test_what_a_design_does_not_have_is_no_group() -> None:
    assert to_tokens(parse('t "a"')) == {}


@settings(max_examples=30)
@given(designs)
def test_every_design_gives_tokens_whose_references_lead_somewhere(design: Design) -> None:
    tokens = to_tokens(design)
    text = json.dumps(tokens, allow_nan=False)
    for group, name in re.findall(r'"\{(\w+)\.([\w-]+)\}"', text):
        assert name in tokens[group]
    for group in tokens.values():
        for token in group.values():
            _check(token)


def _check(token: dict[str, Any]) -> None:
    assert token["$type"] in TYPES
    assert "$value" in token
