"""The notation as a context-free grammar, for decoders that are held to one.

It is the printed form, short keys in printing order, so every text has one way to be written; whatever it generates,
`parse` reads. Levels of nesting are rules of their own, since no such grammar can count spaces.
"""

from __future__ import annotations

from design.notation.grammar_forms import Chars, Choice, Grammar, Many, Part, Rule, Sequence, Text
from design.notation.words import FLAGS, PRINTED_KINDS, WEIGHTS
from design.tree import BLENDS, FITS

LEVELS = 64
_NO_SPACE = r"^\"^\\\x00-\x20\x7F-\xA0\u1680\u2000-\u206F\u3000"  # what a family may begin with
STOPS = 64


def _seq(*parts: Part | str) -> Part:
    return Sequence(tuple(_part(part) for part in parts))


def _any(*parts: Part | str) -> Part:
    return Choice(tuple(_part(part) for part in parts))


def _maybe(*parts: Part | str) -> Part:
    return Many(_seq(*parts) if len(parts) > 1 else _part(parts[0]), 0, 1)


def _attr(*parts: Part | str) -> Part:
    """An attribute that may be there, behind a space."""
    return _maybe(" ", *parts)


def _part(part: Part | str) -> Part:
    return Text(part) if isinstance(part, str) else part


def _listed(item: Part, least: int, most: int) -> Part:
    return _seq(item, Many(_seq(",", item), least - 1, most - 1))


def _flags(field: str) -> Part:
    return _any(*(word for word, (name, _) in FLAGS.items() if name == field))


def grammar(levels: int = LEVELS) -> Grammar:
    """The rules by name, `root` first; frames nest up to `levels` deep."""
    found: Grammar = {"root": _seq(Many(Rule("tokens")), Many(_any(Rule("component"), Rule("n0"))))}
    found |= _tokens() | _values() | _attributes() | _json()
    found["component"] = _seq("+", Rule("component-name"), _maybe("/", Rule("variant")), " ", Rule("n0"))
    found["variant"] = _listed(_seq(Rule("name"), "=", Rule("variant-value")), 1, 9)
    for level in range(levels):
        line = _seq(" " * level, Rule("layer")) if level else Rule("layer")
        inner = Many(Rule(f"n{level + 1}"))
        found[f"n{level}"] = _seq(line, "\n", inner) if level + 1 < levels else _seq(line, "\n")
    return found


def _tokens() -> Grammar:
    shadows = _seq(Rule("shadow"), Many(_seq(" ", Rule("shadow")), 0, 15))
    return {
        "tokens": _seq(
            _any(
                _seq("$", Many(_seq(" ", Rule("name"), " ", Rule("hex")), 1)),
                _seq(_any("=", "~"), Many(_seq(" ", Rule("name"), " ", Rule("number")), 1)),
                _seq("^ ", Rule("name"), " ", Rule("family-list")),
                _seq("% ", Rule("name"), " ", Rule("type"), _attr(Rule("paint"))),
                _seq("! ", Rule("name"), " ", shadows),
            ),
            "\n",
        ),
    }


def _values() -> Grammar:
    digit, hexes = Chars("0-9"), Chars("0-9a-f")
    stop = _seq(Rule("color"), _maybe("@", Rule("number")))
    number = Rule("number")
    place = _seq("@", _listed(number, 2, 4))
    return {
        "number": _seq(_maybe("-"), Rule("size-number")),
        "size-number": _seq(Many(digit, 1, 7), _maybe(".", Many(digit, 1, 2))),
        "whole": Many(digit, 1, 3),
        "name": _seq(Chars("a-z"), Many(Chars("a-z0-9_-"), 0, 40)),
        "slot-name": _seq(Chars("a-z0-9"), Many(Chars("a-z0-9_-"), 0, 40)),
        "component-name": _seq(Chars("A-Z"), Many(Chars("A-Za-z0-9_-"), 0, 40)),
        "hex": _seq("#", Many(hexes, 6, 6), Many(Many(hexes, 2, 2), 0, 1)),
        "color": _any(Rule("hex"), _seq("$", Rule("name"), _maybe("/", number))),
        "stops": Many(_seq(",", stop), 2, STOPS),
        "slot": _seq("&", Rule("slot-name"), _maybe("/", _any(*FITS), _maybe(place)), _maybe("/", number)),
        "paint": _any(
            Rule("color"),
            _seq("lin(", number, Rule("stops"), ")"),
            _seq("rad(", _listed(number, 4, 4), Rule("stops"), ")"),
            _seq("con(", _listed(number, 3, 3), Rule("stops"), ")"),
            Rule("slot"),
        ),
        "shadow": _seq(_maybe("i"), "sh(", _listed(number, 4, 4), ",", Rule("color"), ")"),
        "sides": _any(_listed(number, 1, 4), _seq(Chars("trbl"), number)),
        "string": _seq('"', Many(_any(Chars(r'^"\\\x00-\x1F\x7F'), Rule("escape"))), '"'),
        "quoted": _seq("'", Many(_any(Chars(r"^'\\\x00-\x1F\x7F"), Rule("escape"))), "'"),
        "escape": _seq("\\", Chars(r"ntl\"'\\")),
        "word": _seq(Chars("A-Za-z0-9"), Many(Chars("A-Za-z0-9_-"), 0, 40)),
        "variant-value": _any(Rule("word"), _seq("'", Chars("A-Za-z0-9"), Many(Chars("A-Za-z0-9 _-"), 0, 40), "'")),
        "family-list": _seq('"', Chars(_NO_SPACE), Many(_any(Chars(r'^"\\\x00-\x1F\x7F'), Rule("escape"))), '"'),
        "family": _any(_seq(_maybe("^"), Rule("name")), Rule("component-name"), Rule("family-list")),
        "type": _seq(
            Rule("family"), "/", _any(*WEIGHTS.values(), Rule("weight")), " ", Rule("size-number"),
            _maybe("/", Rule("size-number")), _maybe(" ls", number), _maybe(" it"),
        ),
        "weight": _seq(Chars("1-9"), Many(digit, 0, 2)),
        "style": _seq("%", _any(Rule("name"), _seq("(", Rule("type"), ")"))),
        "link": _seq("url(", Rule("string"), ")"),
        "mark": _any(Rule("paint"), Rule("style"), "ul", "st", Rule("link")),
        "run": _seq(_maybe("(", Rule("mark"), Many(_seq(" ", Rule("mark")), 0, 4), ")"), Rule("string")),
        "track": _any(_seq(_maybe(Rule("size-number")), "*"), Rule("size-number"), "-"),
    }  # fmt: skip


def _attributes() -> Grammar:
    number, size = Rule("number"), Rule("size-number")
    length = _any(size, "*")
    limits = _any(_seq(size, "..", _maybe(size)), _seq("..", size))
    tracks = _listed(Rule("track"), 1, 24)
    spread = _seq(_any(*PRINTED_KINDS), Rule("attributes"), Many(_seq(" ", Rule("run"))))
    widths = _any(Rule("sides"), Chars("trbl"))
    stroke = _seq("s", _maybe(widths), _maybe(Chars(">|")), _maybe(Chars("~.")), Rule("paint"))
    return {
        "layer": _any(spread, Rule("instance")),
        "instance": _seq(Rule("component-name"), Rule("attributes"), Many(_seq(" ", Rule("prop")))),
        "prop": _seq(
            Rule("name"),
            _any(
                _seq("=", _any(Rule("run"), Rule("slot"), Rule("variant-value"), _seq("?", Rule("name")))),
                _seq(":", Rule("paint")),
            ),
        ),
        "attributes": _seq(
            _attr(_any(Rule("component-name"), Rule("quoted"))),
            _attr(":", Rule("name")),
            _attr(_any(_seq(length, _maybe("x", _maybe(length))), _seq("x", length))),
            _attr("w", limits),
            _attr("h", limits),
            _attr("@", number, ",", number, _maybe(Chars("lrchx")), _maybe(Chars("tbmvy"))),
            _attr(Rule("style")),
            _attr("p", Rule("sides")),
            _attr("g", _listed(number, 1, 2)),
            _attr(_flags("justify")),
            _attr(_flags("align")),
            _attr(_flags("self_align")),
            _attr("wrap"),
            _attr("cols", _any(Rule("whole"), _seq("(", tracks, ")"))),
            _attr("rows(", tracks, ")"),
            _attr(_any(_seq("cell", _listed(Rule("whole"), 2, 4)), _seq("span", _listed(Rule("whole"), 1, 2)))),
            Many(_seq(" ", Rule("paint"))),
            _attr("nofill"),
            Many(_seq(" ", stroke)),
            _attr("r", Rule("sides")),
            _attr("!", Rule("name")),
            Many(_seq(" ", Rule("shadow")), 0, 15),
            Rule("effects"),
        ),
        "effects": _seq(
            _attr("o", size),
            _attr("mix(", _any(*BLENDS), ")"),
            _attr("clip"),
            _attr(_flags("scroll")),
            _attr("hide"),
            _attr("rot", number),
            _attr("blur(", size, ")"),
            _attr("bg(", size, ")"),
            _attr(_flags("text_align")),
            _attr(_flags("vertical")),
            _attr("ar", size),
            _attr("lines", Rule("whole")),
            _attr("up"),
            _attr("ul"),
            _attr(Rule("link")),
            _attr("raw", Rule("object")),
            _attr("??", Rule("name")),
            _attr("?", Rule("name")),
        ),
    }


def _json() -> Grammar:
    """A JSON object on one line, five deep."""
    escaped = _any(Chars(r'"\\bfnrt'), _seq("u", Many(Chars("0-9a-f"), 4, 4)))
    text = Many(_any(Chars(r'^"\\\x00-\x1F\x7F'), _seq("\\", escaped)))
    digits = Many(Chars("0-9"), 0, 14)
    exponent = _seq("e", Chars("+-"), Many(Chars("0-9"), 1, 2))
    whole = _any("0", _seq(Chars("1-9"), digits))
    scalar = _any(
        Rule("json-string"), "true", "false", "null",
        _seq(_maybe("-"), whole, _maybe(".", Many(Chars("0-9"), 1, 17)), _maybe(exponent)),
    )  # fmt: skip
    found: Grammar = {"json-string": _seq('"', text, '"'), "scalar": scalar}
    for depth in range(5):
        deeper = [Rule(f"object{depth + 1}"), Rule(f"array{depth + 1}")] if depth < 4 else []
        value = _any(Rule("scalar"), *deeper)
        pair = _seq(Rule("json-string"), ":", value)
        name = f"object{depth}" if depth else "object"
        found[name] = _seq("{", _maybe(pair, Many(_seq(",", pair))), "}")
        if depth:
            found[f"array{depth}"] = _seq("[", _maybe(value, Many(_seq(",", value))), "]")
    return found
