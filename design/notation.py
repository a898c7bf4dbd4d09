"""Notation → design tree, and back (`print_design`). The grammar is in docs/notation.md.

Indentation is the tree: one space a level, one line a node. Every newline-terminated prefix of a valid text is valid.
"""

from __future__ import annotations

import json
import re
from typing import Any, cast

from design.errors import NotationError, TreeError
from design.notation_print import WEIGHTS, print_design
from design.tree import (
    FILL,
    HUG,
    KINDS,
    MAX_DEPTH,
    MAX_NODES,
    SOFT_BREAK,
    At,
    Design,
    Fit,
    Length,
    Linear,
    Node,
    Paint,
    Radial,
    Run,
    Shadow,
    Sides,
    SlotPaint,
    Solid,
    Stop,
    Stroke,
    Style,
    TextStyle,
    canonical_json,
)

__all__ = ["MAX_CHARACTERS", "parse", "print_design"]

MAX_CHARACTERS = 16_000_000
_NUM = r"-?\d{1,12}(?:\.\d{1,6})?"
_SIDES = re.compile(rf"{_NUM}(?:,{_NUM}){{0,3}}")
_NUMBER = re.compile(_NUM)
_SIZE = re.compile(r"(\*|\d{1,12}(?:\.\d{1,6})?)?(?:x(\*|\d{1,12}(?:\.\d{1,6})?)?)?(?=[ ]|\Z)")
_AT = re.compile(rf"@({_NUM}),({_NUM})([lrc]?[tbm]?)(?=[ ]|\Z)")
_COLOR = re.compile(r"#[0-9A-Fa-f]+|\$[a-z][a-z0-9_-]*")
_SLOT = re.compile(rf"&([a-z0-9][a-z0-9_-]*)(?:/(cover|contain|fill|none|tile)(?:@({_NUM}(?:,{_NUM}){{1,3}}))?)?")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_NAME = re.compile(r"'((?:[^'\\]|\\.)*)'")
_BARE_NAME = re.compile(r"[A-Z][A-Za-z0-9_-]*")
_TOKEN = re.compile(r"[a-z][a-z0-9_-]*")
_FAMILY = re.compile(r"\^?[A-Za-z][A-Za-z0-9_-]*")
_WORD = re.compile(r"[A-Za-z0-9]+")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_UNESCAPED = {"n": "\n", "t": "\t", "l": SOFT_BREAK}
_WEIGHT = {name.lower(): weight for weight, name in WEIGHTS.items()}
_FLAGS = {
    "js": ("justify", "start"),
    "jc": ("justify", "center"),
    "je": ("justify", "end"),
    "jb": ("justify", "between"),
    "as": ("align", "start"),
    "ac": ("align", "center"),
    "ae": ("align", "end"),
    "ab": ("align", "baseline"),
    "tl": ("text_align", "left"),
    "tc": ("text_align", "center"),
    "tr": ("text_align", "right"),
    "tj": ("text_align", "justify"),
    "wrap": ("wrap", True),
    "clip": ("clip", True),
    "up": ("upper", True),
    "ul": ("underline", True),
}
_FLAG = re.compile(rf"(?:{'|'.join(_FLAGS)})(?=[ ]|\Z)")
_ATTRIBUTE = 'a size, @x,y, %style, p g j a, wrap, a paint, s r sh() ish() o, clip, blur() bg(), raw{} or "text"'


def parse(text: str) -> Design:
    """The design that a notation text describes. Raises NotationError with line and column."""
    if len(text) > MAX_CHARACTERS:
        raise NotationError(1, 1, f"{len(text)} characters", f"at most {MAX_CHARACTERS}")
    return _Parser(text).run()


class _Parser:
    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self.palette: list[tuple[str, str]] = []
        self.fonts: list[tuple[str, str]] = []
        self.styles: list[tuple[str, TextStyle]] = []
        self.roots: list[Node] = []
        self.open: list[tuple[dict[str, Any], list[Node]]] = []  # the path from the root to the last node
        self.nodes = 0

    def run(self) -> Design:
        for number, raw in enumerate(self.lines, 1):
            line = raw.rstrip("\r ")
            indent = len(line) - len(line.lstrip(" "))
            if line.startswith("//", indent) or not line:
                continue
            scan = _Line(line, number, indent)
            try:
                if line[indent] in "$^%":
                    self._token(scan)
                else:
                    self._node(scan, indent)
            except TreeError as error:
                raise NotationError(number, scan.at + 1, "a value out of range", str(error)) from None
        self._close(0)
        try:
            return Design(tuple(self.roots), tuple(self.palette), tuple(self.fonts), tuple(self.styles))
        except TreeError as error:
            raise NotationError(1, 1, "bad tokens", str(error)) from None

    def _token(self, scan: _Line) -> None:
        if scan.at:
            raise scan.fail("tokens at the start of a line")
        sign = scan.line[0]
        scan.at = 1
        scan.space()
        while True:
            name = scan.take(_TOKEN, "a token name")[0]
            scan.space()
            if sign == "$":
                self.palette.append((name, scan.take(_COLOR, "a colour")[0]))
            elif sign == "^":
                self.fonts.append((name, scan.string()))
            else:
                self.styles.append((name, scan.type()))
            if scan.done():
                return
            if sign != "$":
                raise scan.fail("the end of the line")
            scan.space()

    def _node(self, scan: _Line, depth: int) -> None:
        if depth > len(self.open):
            raise scan.fail(f"an indent of at most {len(self.open)}: one space a level")
        if depth >= MAX_DEPTH:
            raise scan.fail(f"at most {MAX_DEPTH} levels")
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise scan.fail(f"at most {MAX_NODES} nodes")
        self._close(depth)
        self.open.append((scan.node(), []))

    def _close(self, depth: int) -> None:
        while len(self.open) > depth:
            values, children = self.open.pop()
            node = Node(**values, children=tuple(children))
            (self.open[-1][1] if self.open else self.roots).append(node)


class _Line:
    """A cursor over one line."""

    def __init__(self, line: str, number: int, at: int) -> None:
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

    def number_(self) -> float:
        return float(self.take(_NUMBER, "a number")[0])

    def string(self) -> str:
        return _unescape(self.take(_STRING, 'text in "quotes"')[1])

    def node(self) -> dict[str, Any]:
        kind = self.take(_TOKEN, f"one of {', '.join(KINDS)}")[0]
        if kind not in KINDS:
            self.at -= len(kind)
            raise self.fail(f"one of {', '.join(KINDS)}")
        values: dict[str, Any] = {"kind": kind}
        lists: dict[str, list[Any]] = {}
        first = True
        while not self.done():
            self.space()
            start = self.at
            if first and (name := self._name()) is not None:
                values["name"] = name
            else:
                for key, value in self._attribute():
                    if key in ("fills", "strokes", "shadows", "runs"):
                        lists.setdefault(key, []).append(value)
                    elif key in values:
                        self.at = start
                        raise self.fail("each attribute once")
                    else:
                        values[key] = value
            first = False
        return values | {key: tuple(items) for key, items in lists.items()}

    def _name(self) -> str | None:
        if match := _BARE_NAME.match(self.line, self.at):
            self.at = match.end()
            return match[0]
        if self.peek("'"):
            return _unescape(self.take(_NAME, "a name in 'quotes'")[1])
        return None

    def _attribute(self) -> list[tuple[str, Any]]:
        lead = self.line[self.at]
        if lead in '"(':
            return [("runs", self._run())]
        if lead in "#$&":
            return [("fills", self.paint())]
        if lead == "@":
            match = self.take(_AT, "@x,y")
            return [("at", At(float(match[1]), float(match[2]), match[3]))]
        if lead == "%":
            return [("style", self.style())]
        if lead in "*x" or lead.isdigit():
            match = self.take(_SIZE, "a size like 320x44, * or *x44")
            return [("width", _length(match[1])), ("height", _length(match[2]))]
        if match := cast("re.Match[str]", _FLAG.match(self.line, self.at)):
            self.at = match.end()
            return [_FLAGS[match[0]]]
        return [self._keyed()]

    def _keyed(self) -> tuple[str, Any]:
        if self.peek("lin(") or self.peek("rad("):
            return "fills", self.paint()
        if self.peek("sh(") or self.peek("ish("):
            return "shadows", self._shadow()
        for word, key in (("blur(", "blur"), ("bg(", "backdrop")):
            if self.skip(word):
                value = self.number_()
                self.need(")")
                return key, value
        if self.skip("raw"):
            return "raw", self._json()
        if self.skip("cols"):
            return "columns", int(self.number_())
        lead = self.line[self.at]
        self.at += 1
        if lead == "p":
            return "padding", self._sides()
        if lead == "r":
            return "radii", self._sides()
        if lead == "g":
            main = self.number_()
            return "gap", (main, self.number_() if self.skip(",") else 0.0)
        if lead == "o":
            return "opacity", self.number_() / 100
        if lead == "s":
            return "strokes", self._stroke()
        self.at -= 1
        raise self.fail(_ATTRIBUTE)

    def _sides(self) -> Sides:
        values = [float(v) for v in self.take(_SIDES, "one, two or four numbers")[0].split(",")]
        if len(values) == 3:
            raise self.fail("a fourth number: one, two or four")
        if len(values) < 4:
            values = [values[0], values[-1]] * 2
        return values[0], values[1], values[2], values[3]

    def _stroke(self) -> Stroke:
        widths = self._sides() if _NUMBER.match(self.line, self.at) else (1.0, 1.0, 1.0, 1.0)
        if self.skip("~"):
            return Stroke(self.paint(), widths, "dashed")
        if self.skip(":"):
            return Stroke(self.paint(), widths, "dotted")
        return Stroke(self.paint(), widths)

    def _shadow(self) -> Shadow:
        inner = self.skip("i")
        self.need("sh(")
        values = []
        for _ in range(4):
            values.append(self.number_())
            self.need(",")
        color = self.color()
        self.need(")")
        return Shadow(values[0], values[1], values[2], values[3], color, inner)

    def _json(self) -> str:
        try:
            _, end = json.JSONDecoder().raw_decode(self.line, self.at)
        except (ValueError, RecursionError):
            raise self.fail("a JSON object") from None
        start, self.at = self.at, end
        return canonical_json(self.line[start:end])

    def paint(self) -> Paint:
        if self.skip("lin("):
            angle = self.number_()
            return Linear(angle, self._stops())
        if self.skip("rad("):
            values = []
            for index in range(4):
                if index:
                    self.need(",")
                values.append(self.number_())
            return Radial(values[0], values[1], values[2], values[3], self._stops())
        if self.peek("&"):
            match = self.take(_SLOT, "&slot or &slot/fit")
            place = [float(v) for v in match[3].split(",")] if match[3] else [50.0, 50.0]
            width, height = [*place[2:], 0.0, 0.0][:2]
            return SlotPaint(match[1], cast(Fit, match[2] or "cover"), place[0], place[1], width, height)
        return self.color()

    def color(self) -> Solid:
        color = self.take(_COLOR, "a paint: #rrggbb, $token, lin(), rad() or &slot")[0]
        if color.startswith("$") and self.skip("/"):
            return Solid(color, self.number_() / 100)
        return Solid(color)

    def _stops(self) -> tuple[Stop, ...]:
        found: list[tuple[Solid, float | None]] = []
        while self.skip(","):
            found.append((self.color(), self.number_() / 100 if self.skip("@") else None))
        self.need(")")
        last = max(1, len(found) - 1)
        return tuple(Stop(color, i / last if at is None else at) for i, (color, at) in enumerate(found))

    def style(self) -> Style:
        self.need("%")
        if self.skip("("):
            style = self.type()
            self.need(")")
            return style
        return self.take(_TOKEN, "a text style's name")[0]

    def type(self) -> TextStyle:
        family = self.string() if self.peek('"') else self.take(_FAMILY, "a font family")[0]
        self.need("/")
        word = self.take(_WORD, "a font weight")[0]
        weight = _WEIGHT.get(word.lower()) or (int(word) if word.isdecimal() and len(word) < 5 else 0)
        if not weight:
            self.at -= len(word)
            raise self.fail("a font weight: 100 to 900, or a name like Bold")
        self.space()
        size = self.number_()
        line_height = self.number_() if self.skip("/") else 0.0
        spacing = self.number_() if self.skip(" ls") else 0.0
        return TextStyle(family, weight, size, line_height, spacing, self.skip(" it"))

    def _run(self) -> Run:
        paint: Paint | None = None
        style: Style | None = None
        underline = strike = False
        if self.skip("("):
            while not self.skip(")"):
                if self.skip("ul"):
                    underline = True
                elif self.skip("st"):
                    strike = True
                elif self.peek("%"):
                    style = self.style()
                else:
                    paint = self.paint()
                if not self.peek(")"):
                    self.space()
        return Run(self.string(), paint, style, underline, strike)


def _length(text: str | None) -> Length:
    return HUG if not text else FILL if text == "*" else float(text)


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda m: _UNESCAPED.get(m[1], m[1]), text) if "\\" in text else text
