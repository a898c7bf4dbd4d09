"""Notation → design tree: whole, as it streams in, or in spite of its errors. The grammar is in docs/notation.md.

Indentation is the tree: one space a level, one line a node. Every newline-terminated prefix of a valid text is valid.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from design.errors import NotationError, TreeError
from design.notation.cursor import COMPONENT_WORD, TOKEN_WORD, Cursor
from design.notation.line import Fields, OnError, read_node
from design.notation.words import SPELLED_LINES, TOKEN_LINES
from design.tree import MAX_DEPTH, MAX_NODES, Component, Design, Node, Shadow, TextStyle
from design.tree.design import check_components

MAX_CHARACTERS = 16_000_000
_LINE_WORD = re.compile(rf"({'|'.join([*SPELLED_LINES, 'component'])}) ")


def parse(text: str) -> Design:
    """The design that a notation text describes. Raises NotationError with line and column."""
    reader = Reader()
    reader.feed(text)
    return reader.finish()


def repair(text: str) -> tuple[Design, tuple[NotationError, ...]]:
    """The design of a text that may hold errors, and the errors: what cannot be read is left out, and no more.

    Raises NotationError only where the text as a whole is over the limits.
    """
    errors: list[NotationError] = []
    reader = Reader(on_error=errors.append)
    reader.feed(text)
    return reader.finish(), tuple(errors)


@dataclass
class _Open:
    """A layer whose children may still come; a component's body has the component's name and variant."""

    fields: Fields
    children: list[Node] = field(default_factory=list)
    component: tuple[str, tuple[tuple[str, str], ...]] | None = None


class Reader:
    """Reads notation as it comes. `design()` is the tree of the whole lines so far, at any moment.

    With `on_error` an error is handed to it instead of raised, and reading goes on behind what could not be read.
    """

    def __init__(self, on_error: OnError | None = None) -> None:
        self._on_error = on_error
        self._rest = ""
        self._line = self._characters = self._nodes = 0
        self._names: dict[str, set[str]] = {sign: set() for sign in TOKEN_LINES}
        self._palette: list[tuple[str, str]] = []
        self._fonts: list[tuple[str, str]] = []
        self._styles: list[tuple[str, TextStyle]] = []
        self._numbers: dict[str, list[tuple[str, float]]] = {"=": [], "~": []}
        self._shadows: dict[str, tuple[Shadow, ...]] = {}
        self._components: list[Component] = []
        self._roots: list[Node] = []
        self._open: list[_Open] = []  # the path from the root to the last node

    def feed(self, text: str) -> None:
        """Read on. What stands behind the last newline waits for its end. Raises NotationError."""
        self._characters += len(text)
        if self._characters > MAX_CHARACTERS:
            raise NotationError(self._line + 1, 1, f"{self._characters} characters", f"at most {MAX_CHARACTERS}")
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._read(line)

    def finish(self) -> Design:
        """The design; the last line need not end in a newline. Raises NotationError."""
        rest, self._rest = self._rest, ""
        if rest:
            self._read(rest)
        return self.design()

    def design(self) -> Design:
        """The design of the lines read so far; more may be fed afterwards."""
        components, roots = list(self._components), list(self._roots)
        made: Node | None = None
        for open_ in reversed(self._open):
            made = Node(**open_.fields, children=(*open_.children, made) if made else tuple(open_.children))
        if made is not None:
            top = self._open[0].component
            if top is None:
                roots.append(made)
            else:
                components.append(Component(top[0], made, top[1]))
        return Design(
            tuple(roots),
            tuple(self._palette),
            tuple(self._fonts),
            tuple(self._styles),
            self._checked(components),
            tuple(self._numbers["="]),
            tuple(self._numbers["~"]),
            tuple(self._shadows.items()),
        )

    def _checked(self, components: list[Component]) -> tuple[Component, ...]:
        """The components that hold neither themselves nor one another's names."""
        try:
            check_components(tuple(components))
            return tuple(components)
        except TreeError as error:
            self._report(NotationError(self._line, 1, "a component", str(error)))
        kept: tuple[Component, ...] = ()
        for component in components:
            try:
                check_components((*kept, component))
                kept += (component,)
            except TreeError:
                continue
        return kept

    def _report(self, error: NotationError) -> None:
        if self._on_error is None:
            raise error
        self._on_error(error)

    def _read(self, line: str) -> None:
        self._line += 1
        line = line.rstrip("\r ")
        indent = len(line) - len(line.lstrip(" "))
        if line.startswith("//", indent) or not line:
            return
        cursor = Cursor(line, self._line, indent)
        try:
            self._one(cursor, indent)
        except NotationError as error:
            self._report(error)
        except TreeError as error:
            self._report(NotationError(self._line, cursor.at + 1, "a value out of range", str(error)))

    def _one(self, cursor: Cursor, indent: int) -> None:
        sign = cursor.line[indent]
        if sign in TOKEN_LINES or sign == "+":
            cursor.at += 1
        elif match := _LINE_WORD.match(cursor.line, indent):
            sign = SPELLED_LINES.get(match[1], "+")
            cursor.at = match.end() - 1
            if sign == "+":
                cursor.space()
        else:
            return self._node(cursor, indent)
        if indent:
            cursor.at = indent
            raise cursor.fail("tokens and components at the start of a line")
        if sign == "+":
            return self._component(cursor)
        cursor.space()
        return self._token(cursor, sign)

    def _token(self, cursor: Cursor, sign: str) -> None:
        while True:
            start = cursor.at
            name = cursor.token("a token's name")
            if name in self._names[sign]:
                cursor.at = start
                raise cursor.fail("each token once")
            cursor.space()
            self._value(cursor, sign, name)
            self._names[sign].add(name)
            if cursor.done():
                return
            if sign in "^%":
                raise cursor.fail("the end of the line")
            cursor.space()

    def _value(self, cursor: Cursor, sign: str, name: str) -> None:
        if sign == "$":
            Design(palette=((name, color := cursor.color().color),))
            self._palette.append((name, color))
        elif sign == "^":
            Design(fonts=((name, family := cursor.string()),))
            self._fonts.append((name, family))
        elif sign == "%":
            self._styles.append((name, cursor.type()))
        elif sign == "!":
            shadows = []
            while (inner := cursor.skip("ish(")) or cursor.skip("sh("):
                shadows.append(cursor.shadow(inner=inner))
                if cursor.done():
                    break
                cursor.space()
            if not cursor.done() or not shadows:
                raise cursor.fail("shadows: sh(x,y,blur,spread,colour)")
            self._shadows[name] = tuple(shadows)
        else:
            self._numbers[sign].append((name, cursor.decimal()))

    def _component(self, cursor: Cursor) -> None:
        name = cursor.take(COMPONENT_WORD, "a component's name, a capital first")[0]
        variant: list[tuple[str, str]] = []
        while cursor.skip("," if variant else "/"):
            key = cursor.take(TOKEN_WORD, "a variant property")[0]
            cursor.need("=")
            variant.append((key, cursor.word()))
        cursor.space()
        self._push(cursor, 0, (name, tuple(variant)))

    def _node(self, cursor: Cursor, depth: int) -> None:
        if depth > len(self._open):
            error = cursor.fail(f"an indent of at most {len(self._open)}: one space a level")
            self._report(error)
            depth = len(self._open)
        self._push(cursor, depth, None)

    def _push(self, cursor: Cursor, depth: int, component: Any) -> None:
        if depth >= MAX_DEPTH:
            raise cursor.fail(f"at most {MAX_DEPTH} levels")
        if self._nodes >= MAX_NODES:
            raise cursor.fail(f"at most {MAX_NODES} nodes")
        fields = read_node(cursor, self._shadows, self._on_error)
        Node(**fields)  # what no node can hold is said of this line
        self._nodes += 1
        self._close(depth)
        if component is not None:
            Component(component[0], Node("box"), component[1])
        self._open.append(_Open(fields, component=component))

    def _close(self, depth: int) -> None:
        while len(self._open) > depth:
            open_ = self._open.pop()
            node = Node(**open_.fields, children=tuple(open_.children))
            if self._open:
                self._open[-1].children.append(node)
            elif open_.component:
                self._components.append(Component(open_.component[0], node, open_.component[1]))
            else:
                self._roots.append(node)
