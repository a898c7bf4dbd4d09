"""Type and runs of text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from design.errors import TreeError
from design.tree.paint import Paint
from design.tree.values import TOKEN, clean, number, one_line, positive, put, token, whole

MAX_LINK = 4000


@dataclass(frozen=True, slots=True)
class TextStyle:
    """Type. `family` is a CSS family list, or `^name` of a font token; `line_height` 0 is the font's own."""

    family: str
    weight: int = 400
    size: float = 16.0
    line_height: float = 0.0
    letter_spacing: float = 0.0
    italic: bool = False

    def __post_init__(self) -> None:
        family = one_line(self.family, 1000) or "sans-serif"
        if family.startswith("^") and not TOKEN.match(family[1:]):
            raise TreeError(f"{family[:80]!r} is no font token: use letters, digits, - and _")
        put(self, family=family, weight=max(1, whole(self.weight)), size=max(0.01, number(self.size)))
        put(self, line_height=positive(self.line_height), letter_spacing=number(self.letter_spacing))


Style: TypeAlias = TextStyle | str  # a style of its own, or the name of one of the design's


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text; what is None is the node's. `link` is where it leads: anybody's text, to be checked."""

    text: str
    paint: Paint | None = None
    style: Style | None = None
    underline: bool = False
    strike: bool = False
    link: str = ""

    def __post_init__(self) -> None:
        put(self, text=clean(self.text), link=one_line(self.link, MAX_LINK))
        check_style(self.style)


def check_style(style: Style | None) -> None:
    if isinstance(style, str):
        token(style, "text style's name")
