"""A context-free grammar as data, and its two spellings: GBNF (llama.cpp, XGrammar) and Lark (llguidance)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Text:
    """These characters."""

    text: str


@dataclass(frozen=True)
class Chars:
    """One character of a class, as it stands between square brackets."""

    inside: str


@dataclass(frozen=True)
class Rule:
    """Whatever the rule of this name gives."""

    name: str


@dataclass(frozen=True)
class Many:
    """Between `least` and `most` times; None: no end."""

    item: Part
    least: int = 0
    most: int | None = None


@dataclass(frozen=True)
class Sequence:
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Choice:
    parts: tuple[Part, ...]


Part: TypeAlias = Text | Chars | Rule | Many | Sequence | Choice
Grammar: TypeAlias = dict[str, Part]


def to_gbnf(rules: Grammar) -> str:
    """The grammar as GBNF; `root` is where a text begins."""
    return "".join(f"{name} ::= {_gbnf(part)}\n" for name, part in rules.items())


def _gbnf(part: Part) -> str:
    if isinstance(part, Text):
        return '"' + part.text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    if isinstance(part, Chars):
        return f"[{part.inside}]"
    if isinstance(part, Rule):
        return part.name
    if isinstance(part, Many):
        return _grouped(_gbnf(part.item), part.item) + _times(part)
    inner = [_grouped(_gbnf(item), item) if isinstance(item, Choice) else _gbnf(item) for item in part.parts]
    return (" | " if isinstance(part, Choice) else " ").join(inner)


def to_lark(rules: Grammar) -> str:
    """The grammar in Lark's syntax; `start` is where a text begins.

    Whatever nests nothing is one terminal, a regular expression: a lexer that takes the longest match then never has to
    choose between an attribute and the beginning of another.
    """
    return _Lark(rules).text()


class _Lark:
    def __init__(self, rules: Grammar) -> None:
        self.rules = rules
        self.regular: dict[str, bool] = {}
        self.terminals: dict[str, str] = {}

    def text(self) -> str:
        lines = ["start: root"]
        for name, part in self.rules.items():
            if not self.is_regular(Rule(name)) or _may_be_empty(part, self.rules):
                lines.append(f"{_lark_name(name)}: {self.rule(part)}")
        lines += [f"{name}: /{expression}/" for expression, name in self.terminals.items()]
        return "\n".join(lines) + "\n"

    def is_regular(self, part: Part) -> bool:
        """Whether it reaches none of the rules that nest."""
        if isinstance(part, Text | Chars):
            return True
        if isinstance(part, Rule):
            if part.name not in self.regular:
                self.regular[part.name] = not _NESTING.match(part.name) and self.is_regular(self.rules[part.name])
            return self.regular[part.name]
        return all(map(self.is_regular, (part.item,) if isinstance(part, Many) else part.parts))

    def rule(self, part: Part) -> str:
        if isinstance(part, Many):
            return f"({self.rule(part.item)}){_times(part)}"
        if self.is_regular(part) and not _may_be_empty(part, self.rules):
            expression = self.expression(part)
            return self.terminals.setdefault(expression, f"T{len(self.terminals)}")
        if isinstance(part, Rule):
            return _lark_name(part.name)
        assert isinstance(part, Sequence | Choice)
        joint = " | " if isinstance(part, Choice) else " "
        items = self.joined(part.parts) if isinstance(part, Sequence) else part.parts
        inner = [f"({self.rule(item)})" if isinstance(item, Choice) else self.rule(item) for item in items]
        return joint.join(inner)

    def joined(self, parts: tuple[Part, ...]) -> list[Part]:
        """Neighbours that nest nothing as one, so that they become one terminal where they are not optional."""
        found: list[Part] = []
        for part in parts:
            last = found[-1] if found else None
            firm = not isinstance(part, Many) and self.is_regular(part)
            if firm and isinstance(last, Sequence) and self.is_regular(last):
                found[-1] = Sequence((*last.parts, part))
            else:
                found.append(Sequence((part,)) if firm else part)
        return found

    def expression(self, part: Part) -> str:
        if isinstance(part, Text):
            return re.escape(part.text).replace("/", "\\/").replace("\\\n", "\\n").replace("\\ ", " ")
        if isinstance(part, Chars):
            return f"[{part.inside}]".replace("/", "\\/")
        if isinstance(part, Rule):
            return self.expression(self.rules[part.name])
        if isinstance(part, Many):
            return f"(?:{self.expression(part.item)}){_times(part)}"
        if isinstance(part, Choice):
            return "(?:" + "|".join(map(self.expression, part.parts)) + ")"
        return "".join(map(self.expression, part.parts))


def _may_be_empty(part: Part, rules: Grammar) -> bool:
    if isinstance(part, Text):
        return not part.text
    if isinstance(part, Chars):
        return False
    if isinstance(part, Rule):
        return _may_be_empty(rules[part.name], rules)
    if isinstance(part, Many):
        return part.least == 0 or _may_be_empty(part.item, rules)
    return (any if isinstance(part, Choice) else all)(_may_be_empty(item, rules) for item in part.parts)


_NESTING = re.compile(r"(?:root|component|layer|n\d+|object\d*|array\d+)\Z")


def _lark_name(name: str) -> str:
    return name.replace("-", "_")


def _times(many: Many) -> str:
    if many.most is None:
        return {0: "*", 1: "+"}.get(many.least, f"{{{many.least},}}")
    if (many.least, many.most) == (0, 1):
        return "?"
    return f"{{{many.least},{many.most}}}" if many.least != many.most else f"{{{many.least}}}"


def _grouped(text: str, part: Part) -> str:
    return f"({text})" if isinstance(part, Sequence | Choice | Many) else text
