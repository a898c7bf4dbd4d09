"""Results that Label Studio's interface stores without a word, and that no labelling page could have given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

NAN = float("nan")


def _choice(name: str, value: Any, to: str = "image", **more: Any) -> dict[str, Any]:
    return {"from_name": name, "to_name": to, "type": "choices", "value": {"choices": value}, **more}


def _stars(name: str, value: Any) -> dict[str, Any]:
    return {"from_name": name, "to_name": "image", "type": "rating", "value": {"rating": value}}


def _text(name: str, value: Any) -> dict[str, Any]:
    return {"from_name": name, "to_name": "image", "type": "textarea", "value": {"text": value}}


def _rank(order: Any, name: str = "rank") -> dict[str, Any]:
    return {"from_name": "rank", "to_name": "items", "type": "ranker", "value": {"ranker": {name: order}}}


def _box(x: Any = 10, y: Any = 10, width: Any = 20, height: Any = 20, **more: Any) -> dict[str, Any]:
    value = {"x": x, "y": y, "width": width, "height": height, "rectanglelabels": ["button"]}
    value |= {name: more.pop(name) for name in ("rotation", "rectanglelabels") if name in more}
    return {"from_name": "element", "to_name": "image", "type": "rectanglelabels", "value": value, "id": "b1", **more}


GRADE = _choice("overall", ["4"])
LEFT = _choice("preference", ["left"], "left")
INVALID: Sequence[tuple[str, str, Any]] = (
    ("critique", "the required grade is missing", []),
    ("critique", "only an optional aspect", [_stars("layout", 3)]),
    ("critique", "a grade of 99", [_choice("overall", ["99"])]),
    ("critique", "a grade of 0", [_choice("overall", ["0"])]),
    ("critique", "a grade as a number", [_choice("overall", [4])]),
    ("critique", "two grades at once", [_choice("overall", ["4", "5"])]),
    ("critique", "a grade given twice", [GRADE, GRADE]),
    ("critique", "a grade that is no list", [_choice("overall", "4")]),
    ("critique", "an aspect of 99", [GRADE, _stars("layout", 99)]),
    ("critique", "an aspect of 0", [GRADE, _stars("layout", 0)]),
    ("critique", "an aspect below 0", [GRADE, _stars("polish", -1)]),
    ("critique", "an aspect of 3.5", [GRADE, _stars("layout", 3.5)]),
    ("critique", "an aspect as text", [GRADE, _stars("layout", "3")]),
    ("critique", "an aspect of true", [GRADE, _stars("layout", True)]),
    ("critique", "an aspect without a value", [GRADE, _stars("layout", None)]),
    ("critique", "an unknown page type", [GRADE, _choice("page_type", ["spaceship"])]),
    ("critique", "an unknown nsfw class", [GRADE, _choice("nsfw", ["maybe"])]),
    ("critique", "a control that is not there", [GRADE, _stars("charm", 3)]),
    ("critique", "a control about another object", [_choice("overall", ["4"], "left")]),
    ("critique", "a control of another type", [{**GRADE, "type": "rating", "value": {"rating": 4}}]),
    ("critique", "no value", [{**GRADE, "value": None}]),
    ("critique", "a remark of 5000 characters", [GRADE, _text("comment", ["x" * 5000])]),
    ("critique", "a remark that is no text", [GRADE, _text("comment", [17])]),
    ("critique", "an unknown origin", [{**GRADE, "origin": "thin air"}]),
    ("critique", "a region that is none", ["4"]),
    ("critique", "a result that is no list", {"overall": 4}),
    ("pairwise", "no verdict", []),
    ("pairwise", "an unknown side", [_choice("preference", ["middle"], "left")]),
    ("pairwise", "both sides", [_choice("preference", ["left", "right"], "left")]),
    ("pairwise", "two verdicts", [LEFT, LEFT]),
    ("best_of_n", "no ranking", []),
    ("best_of_n", "a screen left out", [_rank(["0", "1", "2"])]),
    ("best_of_n", "a screen twice", [_rank(["0", "1", "2", "2"])]),
    ("best_of_n", "a screen that was not shown", [_rank(["0", "1", "2", "7"])]),
    ("best_of_n", "numbers for names", [_rank([0, 1, 2, 3])]),
    ("best_of_n", "another list's name", [_rank(["0", "1", "2", "3"], "other")]),
    ("elements", "an unknown label", [_box(rectanglelabels=["spoon"])]),
    ("elements", "no label", [_box(rectanglelabels=[])]),
    ("elements", "two labels", [_box(rectanglelabels=["button", "icon"])]),
    ("elements", "a box beyond the right edge", [_box(x=95)]),
    ("elements", "a box above the picture", [_box(y=-5)]),
    ("elements", "a box without width", [_box(width=0)]),
    ("elements", "a box of negative height", [_box(height=-4)]),
    ("elements", "a box with a number missing", [_box(x=None)]),
    ("elements", "a box with text for a number", [_box(x="10")]),
    ("elements", "a turned box", [_box(rotation=30)]),
    ("elements", "a box without an id", [_box(id=None)]),
    ("elements", "two boxes of one id", [_box(), _box(x=40)]),
    ("caption_check", "no verdict", [_text("caption", ["A screen"])]),
    ("caption_check", "an unknown verdict", [_choice("verdict", ["perhaps"])]),
    ("caption_check", "put right, but no caption", [_choice("verdict", ["edit"])]),
    ("caption_check", "put right to nothing", [_choice("verdict", ["edit"]), _text("caption", ["  "])]),
)
# What JSON cannot carry, so that no server sees it, but a reader of results might.
NOT_JSON: Sequence[tuple[str, str, Any]] = (("elements", "a box at NaN", [_box(x=NAN)]),)
