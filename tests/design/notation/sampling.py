"""Texts drawn from a grammar, as a decoder would that is held to nothing else."""

from __future__ import annotations

import random
import re

from design.notation.grammar_forms import Chars, Choice, Grammar, Many, Part, Rule, Text

_OTHERS = "aZ09 -_.,é漢🙂\u2028\u00a0"
_ESCAPE = re.compile(r"\\x([0-9A-F]{2})|\\u([0-9A-F]{4})|\\(.)|(.)")


def sample(rules: Grammar, rng: random.Random, *, more: float = 0.35) -> str:
    """One text of `root`; `more` is the chance of each further repetition."""
    out: list[str] = []
    stack: list[Part] = [Rule("root")]
    while stack:
        part = stack.pop()
        if isinstance(part, Text):
            out.append(part.text)
        elif isinstance(part, Chars):
            out.append(character(part.inside, rng))
        elif isinstance(part, Rule):
            stack.append(rules[part.name])
        elif isinstance(part, Many):
            count = part.least
            while (part.most is None or count < part.most) and rng.random() < more:
                count += 1
            stack.extend([part.item] * count)
        elif isinstance(part, Choice):
            stack.append(rng.choice(part.parts))
        else:
            stack.extend(reversed(part.parts))
    return "".join(out)


def character(inside: str, rng: random.Random) -> str:
    """One that the class between the brackets takes."""
    negated = inside.startswith("^")
    ranges = _ranges(inside[negated:])
    if not negated:
        low, high = rng.choice(ranges)
        return chr(rng.randint(low, high))
    return rng.choice([c for c in _OTHERS if not any(low <= ord(c) <= high for low, high in ranges)])


def _ranges(inside: str) -> list[tuple[int, int]]:
    codes: list[tuple[int, bool]] = []
    for found in _ESCAPE.finditer(inside):
        code = found[1] or found[2]
        codes.append((int(code, 16) if code else ord(found[3] or found[4]), found[4] == "-"))
    ranges, i = [], 0
    while i < len(codes):
        if i + 2 < len(codes) and codes[i + 1][1]:
            ranges.append((codes[i][0], codes[i + 2][0]))
            i += 3
        else:
            ranges.append((codes[i][0], codes[i][0]))
            i += 1
    return ranges
