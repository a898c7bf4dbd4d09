"""Notation → design tree: whole, as it streams in, or in spite of its errors. The grammar is in docs/notation.md.

Indentation is the tree: one space a level, one line a node. Every newline-terminated prefix of a valid text is valid.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from design.errors import NotationError, TreeError
from design.notation.cursor import COMPONENT_WORD, TOKEN_WORD, Cursor
from design.notation.line import Fields, Report, read_node
from design.notation.words import SPELLED_LINES, TOKEN_LINES
from design.tree import MAX_DEPTH, MAX_NODES, Component, Design, Node, Paint
from design.tree.values import token

MAX_CHARACTERS = 16_000_000
_Key = tuple[str, frozenset[tuple[str, str]]]
_LINE_WORD = re.compile(rf"({'|'.join([*SPELLED_LINES, 'component'])}) ")


def parse(text: str) -> Design:
    """The design that a notation text describes. Raises NotationError with line and column.

    A name that leads nowhere is no error; a Reader's `on_note` is told of it.
    """
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
    """A layer whose children may still come; `component` where it is the body of one."""

    fields: Fields
    bare: Node  # without its children
    children: list[Node] = field(default_factory=list)
    component: Component | None = None
    lines: list[int] = field(default_factory=list)  # of a top's layers

    def node(self, last: Node | None = None) -> Node:
        if not self.children and last is None:
            return self.bare
        return Node(**self.fields, children=tuple(self.children) if last is None else (*self.children, last))


class Reader:
    """Reads notation as it comes. `design()` is the tree of the whole lines so far, at any moment.

    on_error  is handed an error instead of its being raised, and reading goes on behind what could not be read
    on_note   is handed what reads well and means little: a name that is given twice (the later holds), an effect that
              no line above gives (left out), a component inside of itself (an empty box)
    """

    def __init__(self, on_error: Report | None = None, on_note: Report | None = None) -> None:
        self._on_error, self._on_note = on_error, on_note or (lambda _: None)
        self._rest = ""
        self._line = self._characters = self._nodes = 0
        self._tokens: dict[str, dict[str, Any]] = {sign: {} for sign in TOKEN_LINES}
        self._inks: dict[object, Paint] = {}  # text style → the paint of texts that have it and no other
        self._components: dict[_Key, Component] = {}
        self._begun: set[_Key] = set()
        self._holds: dict[str, set[str]] = {}  # component → those that stand in it
        self._roots: list[Node] = []
        self.comments: list[tuple[int, str]] = []  # line from 1, text with its slashes
        self.token_lines: dict[tuple[str, str], int] = {}  # (sign, name) → line
        self.layer_lines: dict[int, list[int]] = {}  # id of a root or of a component's → lines of its layers, in order
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
        self._close(0)
        return self.design()

    def design(self) -> Design:
        """The design of the lines read so far; more may be fed afterwards."""
        components, roots = dict(self._components), list(self._roots)
        made: Node | None = None
        for open_ in reversed(self._open):
            made = open_.node(made)
        if made is not None:
            _place(self._open[0], made, components, roots)
        tokens = {sign: tuple(values.items()) for sign, values in self._tokens.items()}
        return Design(
            roots=tuple(roots),
            palette=tokens["$"],
            fonts=tokens["^"],
            styles=tokens["%"],
            components=tuple(components.values()),
            spaces=tokens["="],
            corners=tokens["~"],
            shadows=tokens["!"],
        )

    def _report(self, error: NotationError) -> None:
        if self._on_error is None:
            raise error
        self._on_error(error)

    def _read(self, line: str) -> None:
        self._line += 1
        line = line.rstrip("\r ")
        indent = len(line) - len(line.lstrip(" "))
        if line.startswith("//", indent):
            self.comments.append((self._line, line[indent:]))
            return
        if not line:
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
            name = token(cursor.token("a token's name"), "token's name")
            if name in self._tokens[sign]:
                self._on_note(_at(cursor, start, "a token that no line above gives; this one holds"))
            cursor.space()
            self._tokens[sign][name] = _value(cursor, sign)
            self.token_lines[sign, name] = self._line
            self._inks.pop(name if sign == "%" else "", None)
            if cursor.done():
                return
            if sign == "%":
                cursor.space()
                self._inks[name] = cursor.paint()
                if cursor.done():
                    return
            if sign in "^%":
                raise cursor.fail("the end of the line")
            cursor.space()

    def _component(self, cursor: Cursor) -> None:
        start = cursor.at
        name = cursor.take(COMPONENT_WORD, "a component's name, a capital first")[0]
        variant: dict[str, str] = {}
        while cursor.skip("," if variant else "/"):
            key = cursor.take(TOKEN_WORD, "a variant property")[0]
            cursor.need("=")
            variant[key] = cursor.word()
        cursor.space()
        begun = name, frozenset(variant.items())
        if begun in self._begun:
            self._on_note(_at(cursor, start, "a component and variant that no line above gives; this one holds"))
        self._begun.add(begun)
        self._holds.setdefault(name, set())
        self.token_lines["+", name] = self._line
        self._push(cursor, 0, Component(name, Node("box"), tuple(variant.items())))

    def _node(self, cursor: Cursor, depth: int) -> None:
        if depth > len(self._open):
            error = cursor.fail(f"an indent of at most {len(self._open)}: one space a level")
            self._report(error)
            depth = len(self._open)
        self._push(cursor, depth, None)

    def _push(self, cursor: Cursor, depth: int, component: Component | None) -> None:
        if depth >= MAX_DEPTH:
            raise cursor.fail(f"at most {MAX_DEPTH} levels")
        if self._nodes >= MAX_NODES:
            raise cursor.fail(f"at most {MAX_NODES} nodes")
        start = cursor.at
        fields = read_node(cursor, self._tokens["!"], self._on_error, self._on_note)
        if fields["kind"] == "t" and "fills" not in fields and fields.get("style") in self._inks:
            fields["fills"] = (self._inks[fields["style"]],)
        bare = Node(**fields)
        self._nodes += 1
        self._close(depth)
        owner = component or (self._open[0].component if self._open else None)
        if owner is not None and fields["kind"] == "use" and self._circle(owner.name, fields["component"]):
            self._on_note(_at(cursor, start, f"no instance that holds {owner.name} again: it is left empty"))
            fields |= {"kind": "box", "component": "", "props": ()}
            bare = Node(**fields)
        self._open.append(_Open(fields, bare, component=component))
        self._open[0].lines.append(self._line)

    def _circle(self, owner: str, inner: str) -> bool:
        """Whether `owner` would come to stand in itself; remembers that `inner` stands in it otherwise."""
        seen, stack = {inner}, [inner]
        while stack:
            name = stack.pop()
            if name == owner:
                return True
            found = self._holds.get(name, set()) - seen
            seen |= found
            stack.extend(found)
        self._holds.setdefault(owner, set()).add(inner)
        return False

    def _close(self, depth: int) -> None:
        while len(self._open) > depth:
            open_ = self._open.pop()
            node = open_.node()
            if self._open:
                self._open[-1].children.append(node)
            else:
                _place(open_, node, self._components, self._roots)
                self.layer_lines[id(node)] = open_.lines


def _place(open_: _Open, node: Node, components: dict[_Key, Component], roots: list[Node]) -> None:
    """Put a whole tree where it belongs."""
    if open_.component is None:
        roots.append(node)
    else:
        component = replace(open_.component, root=node)
        components[component.name, frozenset(component.variant)] = component


def _at(cursor: Cursor, start: int, expected: str) -> NotationError:
    return Cursor(cursor.line, cursor.number, start).fail(expected)


def _value(cursor: Cursor, sign: str) -> Any:
    """A token's value, checked as the design would check it."""
    if sign == "$":
        return Design(palette=(("x", cursor.color().color),)).palette[0][1]
    if sign == "^":
        return Design(fonts=(("x", cursor.string()),)).fonts[0][1]
    if sign == "%":
        return cursor.type()
    if sign in "=~":
        return cursor.decimal()
    shadows = []
    while (inner := cursor.skip("ish(")) or cursor.skip("sh("):
        shadows.append(cursor.shadow(inner=inner))
        if cursor.done():
            break
        cursor.space()
    if not cursor.done() or not shadows:
        raise cursor.fail("shadows: sh(x,y,blur,spread,colour)")
    return tuple(shadows)
