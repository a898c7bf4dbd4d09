"""One line of notation that describes a layer → the fields of its Node."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from design.errors import NotationError, TreeError
from design.notation.cursor import COMPONENT_WORD, NUM, SIZE, TOKEN_WORD, Cursor, unescape
from design.notation.words import CHOICES, FLAGS, PLACES, PRINTED_KINDS, SPELLED, SPELLED_FLAGS, SPELLED_KINDS
from design.tree import (
    FILL,
    HUG,
    At,
    Bound,
    Cell,
    Length,
    Prop,
    Run,
    Shadow,
    SlotPaint,
    Stroke,
    Style,
    Word,
)

Fields = dict[str, Any]
Report = Callable[[NotationError], None]
Shadows = Mapping[str, tuple[Shadow, ...]]
LISTS = frozenset(["fills", "strokes", "shadows", "runs", "props"])
KIND_NAMES = f"one of {', '.join(PRINTED_KINDS)} or a Component"
_FLAG = re.compile(rf"(?:{'|'.join(sorted(FLAGS | SPELLED_FLAGS, key=len, reverse=True))})(?=[ ]|\Z)")
_ALL_FLAGS = FLAGS | SPELLED_FLAGS
_AT = re.compile(rf"({NUM}),({NUM})([lrchx]?[tbmvy]?)(?=[ ]|\Z)")
_RANGE = re.compile(r"([wh])(\d{1,12}(?:\.\d{1,6})?)?\.\.(\d{1,12}(?:\.\d{1,6})?)?(?=[ ]|\Z)")
_SPELLED = re.compile(r"([a-z][a-z-]*)=")
_PROP = re.compile(r"([a-z][a-z0-9_-]*)([=:])")
_WIDTHS = re.compile(rf"{NUM}|[trbl](?:[-0-9>|~.#$&]|lin\(|rad\(|con\()")
_ATTRIBUTE = (
    "a size, @x,y, %style, :role, p g j a s r, wrap cols() cell, a paint, sh() !shadow, o mix() clip blur() bg() rot, "
    'url(), ?property, raw{} or "text"'
)


def read_node(cursor: Cursor, shadows: Shadows, on_error: Report | None, on_note: Report) -> Fields:
    """The fields of the line's node. Raises NotationError, or hands it to `on_error` and goes on behind it."""
    return _NodeLine(cursor, shadows, on_error, on_note).read()


class _NodeLine:
    def __init__(self, cursor: Cursor, shadows: Shadows, on_error: Report | None, on_note: Report) -> None:
        self.cursor, self.shadows, self.on_error, self.on_note = cursor, shadows, on_error, on_note
        self.values: Fields = {}
        self.instance = False

    def read(self) -> Fields:
        cursor, values = self.cursor, self.values
        start = cursor.at
        try:
            values |= self._kind()
        except NotationError as error:
            self._report(error, start)
            values["kind"] = "t" if '"' in cursor.line else "box"
        self.instance = values["kind"] == "use"
        first = True
        while not cursor.done():
            start = cursor.at
            try:
                cursor.space()
                start = cursor.at
                name = cursor.name() if first else None
                self._keep([("name", name)] if name is not None else self._attribute())
                first = False
            except NotationError as error:
                self._report(error, start)
            except TreeError as error:
                self._report(NotationError(cursor.number, cursor.at + 1, "a value out of range", str(error)), start)
        return {key: tuple(value) if key in LISTS else value for key, value in values.items()}

    def _report(self, error: NotationError, start: int) -> None:
        """Go on at the next space that stands in no quotes and no brackets."""
        if self.on_error is None:
            raise error
        self.on_error(error)
        line = self.cursor.line
        self.cursor.at = end_of_word(line, start)
        if line.startswith('"', start) and self.cursor.at == len(line):
            self._keep([("runs", Run(unescape(line[start + 1 :])))])  # a text that was cut off

    def _keep(self, found: Iterable[tuple[str, Any]]) -> None:
        for key, value in found:
            if key in LISTS:
                self.values.setdefault(key, []).extend(value if isinstance(value, tuple) else [value])
            elif key in self.values:
                raise NotationError(self.cursor.number, self._start + 1, f"{key} again", "each attribute once")
            else:
                self.values[key] = value

    def _kind(self) -> Fields:
        cursor = self.cursor
        if match := COMPONENT_WORD.match(cursor.line, cursor.at):
            cursor.at = match.end()
            return {"kind": "use", "component": match[0]}
        word = cursor.take(TOKEN_WORD, KIND_NAMES)[0]
        kind = SPELLED_KINDS.get(word, word)
        if kind not in PRINTED_KINDS:
            cursor.at -= len(word)
            raise cursor.fail(KIND_NAMES)
        return {"kind": kind}

    def _attribute(self) -> list[tuple[str, Any]]:
        cursor = self.cursor
        self._start = cursor.at
        lead = cursor.line[cursor.at]
        if self.instance and (match := _PROP.match(cursor.line, cursor.at)):
            cursor.at = match.end()
            return [("props", self._prop(match[1], match[2]))]
        if lead in '"(':
            return [("runs", cursor.run())]
        if lead in "#$&":
            return [("fills", cursor.paint())]
        if lead in "*x" or lead.isdigit():
            return self._size()
        if match := _FLAG.match(cursor.line, cursor.at):
            cursor.at = match.end()
            return [_ALL_FLAGS[match[0]]]
        if lead in "@%:?!":
            cursor.at += 1
            return [self._signed(lead)]
        if match := _SPELLED.match(cursor.line, cursor.at):
            if match[1] not in SPELLED:
                raise cursor.fail(f"one of {', '.join(sorted(SPELLED))}")
            cursor.at = match.end()
            return self._spelled(SPELLED[match[1]])
        if match := _RANGE.match(cursor.line, cursor.at):
            cursor.at = match.end()
            axis = "width" if match[1] == "w" else "height"
            found = [(f"min_{axis}", float(match[2]))] if match[2] else []
            return found + ([(f"max_{axis}", float(match[3]))] if match[3] else [])
        return self._short()

    def _size(self) -> list[tuple[str, Any]]:
        match = self.cursor.take(SIZE, "a size like 320x44, * or *x44")
        return [("width", _length(match[1])), ("height", _length(match[2]))]

    def _signed(self, sign: str) -> tuple[str, Any]:
        cursor = self.cursor
        if sign == "@":
            return "at", self._at()
        if sign == "%":
            return "style", cursor.style()
        if sign == ":":
            return "role", cursor.token("a role such as h1 or nav")
        if sign == "!":
            return "shadows", self._token()
        if cursor.skip("?"):
            return "shown", cursor.token("a property")
        return "bind", cursor.token("a property")

    def _at(self) -> At:
        match = self.cursor.take(_AT, "x,y and perhaps a pin, like @12,8rb")
        return At(float(match[1]), float(match[2]), match[3])

    def _token(self) -> tuple[Shadow, ...]:
        """The shadows of a token; none where no line above gives it, as a colour that is not given is none."""
        cursor = self.cursor
        start = cursor.at
        name = cursor.token("a shadow token")
        if name not in self.shadows:
            known = ", ".join(self.shadows) or "there is none"
            self.on_note(Cursor(cursor.line, cursor.number, start).fail(f"a shadow token of a line above: {known}"))
        return self.shadows.get(name, ())

    def _prop(self, name: str, sign: str) -> Prop:
        cursor = self.cursor
        if sign == ":":
            return Prop(name, cursor.paint())
        if cursor.peek('"') or cursor.peek("("):
            return Prop(name, cursor.run())
        if cursor.skip("?"):
            return Prop(name, Bound(cursor.token("a property")))
        if cursor.peek("&"):
            paint = cursor.paint()
            assert isinstance(paint, SlotPaint)
            return Prop(name, paint)
        quoted = cursor.peek("'")
        word = cursor.word()
        return Prop(name, word == "on" if word in ("on", "off") and not quoted else Word(word))

    def _short(self) -> list[tuple[str, Any]]:
        cursor = self.cursor
        for lead in ("lin(", "rad(", "con("):
            if cursor.peek(lead):
                return [("fills", cursor.paint())]
        for word, key in _WORDS:
            if cursor.skip(word):
                return self._spelled(key, bracket=word.endswith("("))
        lead = cursor.line[cursor.at]
        if lead in _LETTERS:
            cursor.at += 1
            return self._spelled(_LETTERS[lead])
        raise cursor.fail(_ATTRIBUTE)

    def _spelled(self, key: str, *, bracket: bool = False) -> list[tuple[str, Any]]:
        """The value of a key; `bracket`: the opening bracket has been read, and the closing one belongs to it."""
        cursor = self.cursor
        if key in _SIMPLE:
            value = _SIMPLE[key](cursor)
            if bracket:
                cursor.need(")")
            return [(key, value)]
        if key in CHOICES:
            chosen = cursor.choice(CHOICES[key])
            if bracket:
                cursor.need(")")
            return [(key, chosen)]
        return self._compound(key, bracket)

    def _compound(self, key: str, bracket: bool) -> list[tuple[str, Any]]:
        cursor = self.cursor
        if key == "gap":
            values = cursor.decimals(1, 2)
            return [("gap", (values[0], values[1] if len(values) > 1 else 0.0))]
        if key == "columns":
            if bracket or cursor.skip("("):
                return [("column_tracks", cursor.tracks())]
            return [("columns", int(cursor.decimal()))]
        if key == "row_tracks":
            if not bracket:
                cursor.need("(")
            return [("row_tracks", cursor.tracks())]
        if key in ("cell", "span"):
            whole = [int(value) for value in cursor.decimals(*((2, 4) if key == "cell" else (1, 2)))]
            return [("cell", Cell(*whole) if key == "cell" else Cell(0, 0, *whole))]
        if key == "stroke":
            return [("strokes", self._stroke())]
        if key in ("shadow", "inner"):
            if not (bracket or cursor.skip("(")):
                return [("shadows", self._token())]
            return [("shadows", cursor.shadow(inner=key == "inner"))]
        if key == "size":
            return self._size()
        if key == "name":
            return [("name", cursor.string() if cursor.peek('"') else cursor.name() or cursor.word())]
        if key == "link":
            return [("link", cursor.link() if bracket else cursor.string())]
        if key == "at":
            return [("at", self._at())]
        raise AssertionError(key)

    def _stroke(self) -> Stroke:
        cursor = self.cursor
        widths = cursor.sides() if _WIDTHS.match(cursor.line, cursor.at) else (1.0, 1.0, 1.0, 1.0)
        place, dash = "inside", "solid"
        for sign, word in PLACES.items():
            if cursor.skip(sign):
                place = word
        if cursor.skip("~"):
            dash = "dashed"
        elif cursor.skip(".") or cursor.skip(":"):
            dash = "dotted"
        return Stroke(cursor.paint(), widths, dash, place)  # type: ignore[arg-type]


def _style(cursor: Cursor) -> Style:
    cursor.skip("%")
    return cursor.style()


_SIMPLE: dict[str, Callable[[Cursor], Any]] = {
    "padding": Cursor.sides,
    "radii": Cursor.sides,
    "width": Cursor.length,
    "height": Cursor.length,
    "min_width": Cursor.decimal,
    "max_width": Cursor.decimal,
    "min_height": Cursor.decimal,
    "max_height": Cursor.decimal,
    "opacity": lambda cursor: cursor.decimal() / 100,
    "blur": Cursor.decimal,
    "backdrop": Cursor.decimal,
    "rotation": Cursor.decimal,
    "ratio": Cursor.decimal,
    "max_lines": lambda cursor: int(cursor.decimal()),
    "fills": Cursor.paint,
    "runs": Cursor.run,
    "raw": Cursor.json,
    "style": _style,
    "role": lambda cursor: cursor.token("a role such as h1 or nav"),
    "bind": lambda cursor: cursor.token("a property"),
    "shown": lambda cursor: cursor.token("a property"),
}
_WORDS = (
    ("sh(", "shadow"),
    ("ish(", "inner"),
    ("blur(", "blur"),
    ("bg(", "backdrop"),
    ("mix(", "blend"),
    ("url(", "link"),
    ("cols(", "columns"),
    ("cols", "columns"),
    ("rows(", "row_tracks"),
    ("cell", "cell"),
    ("span", "span"),
    ("lines", "max_lines"),
    ("rot", "rotation"),
    ("ar", "ratio"),
    ("raw", "raw"),
)
_LETTERS = {"p": "padding", "r": "radii", "g": "gap", "o": "opacity", "s": "stroke"}


def _length(text: str | None) -> Length:
    return HUG if not text else FILL if text == "*" else float(text)


def end_of_word(line: str, at: int) -> int:
    """Where the next space stands that is in no quotes and no brackets, from `at`, or the end of the line."""
    quote, depth, i = "", 0, at + 1
    if at < len(line) and line[at] in "\"'":
        quote = line[at]
    while i < len(line):
        char = line[i]
        if quote:
            if char == "\\":
                i += 1
            elif char == quote:
                quote = ""
        elif char in "\"'":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth = max(0, depth - 1)
        elif char == " " and not depth:
            return i
        i += 1
    return len(line)
