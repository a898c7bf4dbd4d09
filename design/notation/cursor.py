"""A cursor over one line of notation: the values that attributes are made of."""

from __future__ import annotations

import json
import re
from typing import cast

from design.errors import NotationError
from design.notation.words import FIT, UNESCAPED, WEIGHT_OF
from design.tree import (
    FILL,
    HUG,
    Conic,
    Fit,
    Length,
    Linear,
    Paint,
    Radial,
    Run,
    Shadow,
    Sides,
    SlotPaint,
    Solid,
    Stop,
    Style,
    TextStyle,
    Track,
    canonical_json,
)

NUM = r"-?\d{1,12}(?:\.\d{1,6})?"
SIZE = re.compile(r"(\*|\d{1,12}(?:\.\d{1,6})?)?(?:x(\*|\d{1,12}(?:\.\d{1,6})?)?)?(?=[ ]|\Z)")
TOKEN_WORD = re.compile(r"[a-z][a-z0-9_-]*")
COMPONENT_WORD = re.compile(r"[A-Z][A-Za-z0-9_-]*")
NUMBER = re.compile(NUM)
_SIDES = re.compile(rf"{NUM}(?:,{NUM}){{0,3}}")
_ONE_SIDE = re.compile(rf"([trbl])({NUM})?(?=[ >|~.#$&]|lin\(|rad\(|con\(|\Z)")
_COLOR = re.compile(r"#[0-9A-Fa-f]+|\$[a-z][a-z0-9_-]*")
_SLOT = re.compile(rf"&([a-z0-9][a-z0-9_-]*)(?:/({FIT})(?![a-z0-9_-])(?:@({NUM}(?:,{NUM}){{1,3}}))?)?(?:/({NUM}))?")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_NAME = re.compile(r"'((?:[^'\\]|\\.)*)'")
_FAMILY = re.compile(r"\^?[A-Za-z][A-Za-z0-9_-]*")
_WORD = re.compile(r"[A-Za-z0-9]+")
_VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_TRACK = re.compile(r"(-)|(\d{1,12}(?:\.\d{1,6})?)?(\*)?")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


class Cursor:
    """Reads forward from `at`; each method takes one value or raises NotationError where it stands."""

    def __init__(self, line: str, number: int, at: int = 0) -> None:
        self.line, self.number, self.at = line, number, at

    def fail(self, expected: str) -> NotationError:
        rest = self.line[self.at : self.at + 24]
        return NotationError(self.number, self.at + 1, repr(rest) if rest else "the end of the line", expected)

    def done(self) -> bool:
        return self.at >= len(self.line)

    def peek(self, text: str) -> bool:
        return self.line.startswith(text, self.at)

    def skip(self, text: str) -> bool:
        found = self.line.startswith(text, self.at)
        self.at += len(text) * found
        return found

    def need(self, text: str) -> None:
        if not self.skip(text):
            raise self.fail(repr(text))

    def space(self) -> None:
        self.need(" ")
        while self.skip(" "):
            pass

    def take(self, pattern: re.Pattern[str], expected: str) -> re.Match[str]:
        match = pattern.match(self.line, self.at)
        if not match:
            raise self.fail(expected)
        self.at = match.end()
        return match

    def choice(self, words: tuple[str, ...]) -> str:
        word = self.take(TOKEN_WORD, f"one of {', '.join(words)}")[0]
        if word not in words:
            self.at -= len(word)
            raise self.fail(f"one of {', '.join(words)}")
        return word

    def token(self, what: str) -> str:
        return self.take(TOKEN_WORD, what)[0]

    def decimal(self) -> float:
        return float(self.take(NUMBER, "a number")[0])

    def decimals(self, least: int, most: int) -> list[float]:
        values = [self.decimal()]
        while len(values) < most and self.skip(","):
            values.append(self.decimal())
        if len(values) < least:
            raise self.fail(f"{least} numbers with commas between")
        return values

    def string(self) -> str:
        return unescape(self.take(_STRING, 'text in "quotes"')[1])

    def name(self) -> str | None:
        """A layer's name, bare or in quotes, where one stands."""
        if match := COMPONENT_WORD.match(self.line, self.at):
            self.at = match.end()
            return match[0]
        if self.peek("'"):
            return unescape(self.take(_NAME, "a name in 'quotes'")[1])
        return None

    def word(self) -> str:
        """A property's value: a bare word or 'several'."""
        if self.peek("'"):
            return unescape(self.take(_NAME, "a value in 'quotes'")[1])
        return self.take(_VALUE, "a word, 'several words', on, off, \"text\", &slot or ?property")[0]

    def length(self) -> Length:
        for word, value in (("*", FILL), ("fill", FILL), ("hug", HUG)):
            if self.skip(word):
                return cast(Length, value)
        return self.decimal()

    def sides(self) -> Sides:
        """One to four numbers, as CSS counts sides; or a side's letter and its number, 1 where none stands."""
        if match := _ONE_SIDE.match(self.line, self.at):
            self.at = match.end()
            value = float(match[2] or 1)
            top, right, bottom, left = (value if letter == match[1] else 0.0 for letter in "trbl")
            return top, right, bottom, left
        values = [float(v) for v in self.take(_SIDES, "one to four numbers, or t, r, b or l and one")[0].split(",")]
        if len(values) < 3:
            values *= 4 // len(values)
        elif len(values) == 3:
            values.append(values[1])
        return values[0], values[1], values[2], values[3]

    def tracks(self) -> tuple[Track, ...]:
        """`200,*,2*,-)`: px, shares, and content."""
        found = []
        while True:
            start = self.at
            match = self.take(_TRACK, "a track")
            if self.at == start:
                raise self.fail("a track: 200, *, 2* or - for its content")
            if match[1]:
                found.append(Track(0, "hug"))
            else:
                found.append(Track(float(match[2] or 1), "fr" if match[3] else "px"))
            if self.skip(")"):
                return tuple(found)
            self.need(",")

    def shadow(self, *, inner: bool) -> Shadow:
        """What stands between the brackets of `sh()`, and the closing one."""
        values = []
        for _ in range(4):
            values.append(self.decimal())
            self.need(",")
        color = self.color()
        self.need(")")
        return Shadow(values[0], values[1], values[2], values[3], color, inner)

    def json(self) -> str:
        try:
            _, end = json.JSONDecoder().raw_decode(self.line, self.at)
        except (ValueError, RecursionError):
            raise self.fail("a JSON object") from None
        start, self.at = self.at, end
        return canonical_json(self.line[start:end])

    def paint(self) -> Paint:
        if self.skip("lin("):
            angle = self.decimal()
            return Linear(angle, self._stops())
        if self.skip("rad("):
            cx, cy, rx, ry = self.decimals(4, 4)
            return Radial(cx, cy, rx, ry, self._stops())
        if self.skip("con("):
            angle, cx, cy = self.decimals(3, 3)
            return Conic(angle, cx, cy, self._stops())
        if self.peek("&"):
            match = self.take(_SLOT, "&slot or &slot/fit")
            place = [float(v) for v in match[3].split(",")] if match[3] else [50.0, 50.0]
            width, height = [*place[2:], 0.0, 0.0][:2]
            alpha = float(match[4]) / 100 if match[4] else 1.0
            return SlotPaint(match[1], cast(Fit, match[2] or "cover"), place[0], place[1], width, height, alpha)
        return self.color()

    def color(self) -> Solid:
        color = self.take(_COLOR, "a paint: #rrggbb, $token, lin(), rad(), con() or &slot")[0]
        if color.startswith("$") and self.skip("/"):
            return Solid(color, self.decimal() / 100)
        return Solid(color)

    def _stops(self) -> tuple[Stop, ...]:
        found: list[tuple[Solid, float | None]] = []
        while self.skip(","):
            found.append((self.color(), self.decimal() / 100 if self.skip("@") else None))
        self.need(")")
        last = max(1, len(found) - 1)
        return tuple(Stop(color, i / last if at is None else at) for i, (color, at) in enumerate(found))

    def style(self) -> Style:
        """What follows `%`: a name, or a style in brackets."""
        if self.skip("("):
            style = self.type()
            self.need(")")
            return style
        return self.take(TOKEN_WORD, "a text style's name")[0]

    def type(self) -> TextStyle:
        family = self.string() if self.peek('"') else self.take(_FAMILY, "a font family")[0]
        self.need("/")
        word = self.take(_WORD, "a font weight")[0]
        weight = WEIGHT_OF.get(word.lower()) or (int(word) if word.isdecimal() and len(word) < 5 else 0)
        if not weight:
            self.at -= len(word)
            raise self.fail("a font weight: 100 to 900, or a name like Bold")
        self.space()
        size = self.decimal()
        line_height = self.decimal() if self.skip("/") else 0.0
        spacing = self.decimal() if self.skip(" ls") else 0.0
        return TextStyle(family, weight, size, line_height, spacing, self.skip(" it"))

    def link(self) -> str:
        link = self.string()
        self.need(")")
        return link

    def run(self) -> Run:
        paint: Paint | None = None
        style: Style | None = None
        underline = strike = False
        link = ""
        if self.skip("("):
            while not self.skip(")"):
                if self.skip("url("):
                    link = self.link()
                elif self.skip("ul"):
                    underline = True
                elif self.skip("st"):
                    strike = True
                elif self.skip("%"):
                    style = self.style()
                else:
                    paint = self.paint()
                if not self.peek(")"):
                    self.space()
        return Run(self.string(), paint, style, underline, strike, link)


def unescape(text: str) -> str:
    return _ESCAPE.sub(lambda m: UNESCAPED.get(m[1], m[1]), text) if "\\" in text else text
