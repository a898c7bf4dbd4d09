"""The linter: one finding for what is wrong, none for what is right."""

from __future__ import annotations

from pathlib import Path

import pytest

from design.lint import RULES, lint_text

GOOD = (Path(__file__).parents[2] / "examples" / "card.gesso").read_text()


def rules_of(text: str) -> list[str]:
    return [f"{finding.rule}:{finding.line}" for finding in lint_text(text)]


def test_the_example_is_clean() -> None:
    assert lint_text(GOOD) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('col 400 #ffffff\n t %(Inter/Regular 16/24) #999999 "pale"\n', "contrast:2"),
        ('col 400 #000000\n t %(Inter/Bold 20/24) #555555 "large enough, and too dark"\n', "contrast:2"),
        ('col 400 lin(90,#000000,#ffffff)\n t %(Inter/Regular 16) #ffffff "half unreadable"\n', "contrast:2"),
        ('box 400x200 #ffffff\n t @10,10 #000000 "One text"\n t @40,14 #000000 "Another text"\n', "overlap:1"),
        ("col 400 p13 g16 #ffffff\n rect 4x4\n", "spacing:1"),
        ("= s 8 m 24\ncol 400 p8 g16 #ffffff\n rect p24\n", "spacing:2"),
        ("col 390 #ffffff\n row :button 120x40\n", "target:2"),
        ("col 1440 #ffffff\n row :button 120x20\n", "target:2"),
        ("$ ink #111111\ncol 400 #ffffff\n", "orphan:1"),
        ("! e1 sh(0,1,2,0,#000000)\ncol 400 #ffffff\n", "orphan:1"),
        ("+Card col\ncol 400 #ffffff\n", "orphan:1"),
        ("col 400 $nobody\n", "orphan:0"),
        ("col 400 #ffffff\n Card\n", "orphan:0"),
        ("col 400 wat #ffffff\n", "syntax:1"),
        ("col 400 #ffffff !none\n", "name:1"),
    ],
)
def test_a_fault_is_found_where_it_stands(text: str, found: str) -> None:
    assert rules_of(text) == [found]
    assert found.split(":")[0] in RULES


@pytest.mark.parametrize(
    "text",
    [
        'col 400 #ffffff\n t %(Inter/Regular 24/32) #888888 "large"\n',
        'box 400 #ffffff\n img 400x300 &photo\n t @10,10 #eeeeee "on a picture"\n',
        'col 400 #000000\n col * #ffffff\n  t #111111 "on the nearest ground"\n',
        'box 400x200 #ffffff\n t @10,10 #000000 "One"\n t @200,10 #000000 "Two"\n',
        "col 390 #ffffff\n row :button 120x44\n",
        "col 400 p12,24 g1 #ffffff\n rect 4x4\n",
        '$ ink #111111\n% h1 Inter/Bold 20 $ink\ncol 400 #ffffff\n t %h1 "a"\n',
    ],
)
def test_what_is_right_is_left_alone(text: str) -> None:
    assert rules_of(text) == []
