"""The React target: classes that say what the tree says, and text that cannot become markup."""

from __future__ import annotations

import json
import re

from hypothesis import given, settings

from design import Design, parse
from design.to.react import to_react
from tests.design.trees import designs

CARD = """\
$ ink #111827
col 'Evening card' 390 p24 g16 $ink/50
 row Nav :nav * jb ac
  t %(Inter/Bold 16/24) $ink "Hi"
  t :h1 * #ff0000 "More" (ul)" under"
 img *x100 &photo/contain
 grid * cols(100,*) g8
  rect @4,4 10x10 r4,0,0,0 sh(0,1,2,0,#00000033)
"""


def test_layout_becomes_flex_and_grid_classes() -> None:
    text = to_react(parse(CARD), slots={"photo": "https://x.test/a.png"})
    assert "export default function EveningCard({ slots = pictures }" in text
    assert (
        'className="relative w-[390px] shrink-0 bg-[color-mix(in_srgb,var(--ink)_50%,transparent)] p-[24px] flex'
        in text
    )
    assert "<nav " in text
    assert re.search(r'<nav className="[^"]*justify-between[^"]*"', text)
    assert re.search(r'<h1 className="[^"]*flex-1 min-w-0[^"]*"', text)
    assert '"photo": "https://x.test/a.png"' in text
    assert "grid-cols-[100px_minmax(0,1fr)]" in text
    assert "rounded-tl-[4px]" in text
    assert "shadow-[0_1px_2px_0_#00000033]" in text


def test_strangers_text_stays_in_strings() -> None:
    hostile = (
        r't "</p><script>alert(1)</script>{process.exit()}" (url("javascript:x"))"`${1}`"'
        + "\nimg 'a\" onClick={x}' 1x1 &a"
    )
    text = to_react(parse(hostile), slots={"a": "javascript:alert(1)"})
    assert "<script" not in text
    assert "javascript:" not in text
    strings = re.findall(r'\{("(?:[^"\\]|\\.)*")\}', text)
    assert json.loads(strings[0]) == "</p><script>alert(1)</script>{process.exit()}"
    outside = re.sub(r'"(?:[^"\\]|\\.)*"', '""', text)
    assert "process.exit" not in outside
    assert "onClick" not in outside


@settings(max_examples=20)
@given(designs)
def test_every_design_gives_balanced_elements(design: Design) -> None:
    text = re.sub(r'"(?:[^"\\]|\\.)*"', '""', to_react(design))
    markup = without_braces("".join(re.findall(r"return \(\n(.*?)\n  \);", text, re.DOTALL)))
    tags: list[str] = []
    for closing, name, rest in re.findall(r"<(/?)([a-z][a-z0-9]*)([^<>]*)>", markup):
        if closing:
            assert tags.pop() == name
        elif not rest.endswith("/"):
            tags.append(name)
    assert tags == []


def without_braces(text: str) -> str:
    depth, kept = 0, []
    for char in text:
        depth += {"{": 1, "}": -1}.get(char, 0)
        if depth == 0 and char != "}":
            kept.append(char)
    assert depth == 0
    return "".join(kept)
