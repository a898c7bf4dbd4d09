"""Inline content → text items: runs joined, real line breaks kept, positions checked against every line box."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from design.dom import css
from design.dom.background import fills_of
from design.dom.items import Findings, Hints, Item
from design.dom.snapshot import Box, Fragment
from design.dom.surface import text_shadows
from design.tree import SOFT_BREAK, Paint, Run, Solid, TextAlign, TextStyle

_SPACES = re.compile(r"[ \t\n\r\f]+")
_INK = Solid("#000000")


@dataclass(slots=True, eq=False)
class Text:
    """A laid-out text node."""

    box: Box


@dataclass(slots=True, eq=False)
class Break:
    """A `br`."""


@dataclass(frozen=True, slots=True)
class _Look:
    style: TextStyle
    paint: Paint
    underline: bool
    strike: bool
    upper: bool


@dataclass(slots=True, eq=False)
class _Part:
    fragment: Fragment
    box: Box
    look: _Look
    hard: bool = False  # a written break comes before it


Inline = Text | Break | Item


def text_items(pieces: list[Inline], owner: Box, area: tuple[float, float] | None, found: Findings) -> list[Item]:
    """The items of one stretch of inline content, atoms among them.

    `area` is (left, width) of the block it fills, or None where its box is as wide as its text.
    """
    parts, atoms, segments = [], [], []  # type: list[_Part], list[Item], list[list[_Part]]
    hard = False
    for piece in pieces:
        if isinstance(piece, Break):
            hard = True
        elif isinstance(piece, Item):
            atoms.append(piece)
            segments.append([])
        else:
            new = _parts(piece.box, hard, found)
            hard = hard and not new
            parts += new
            if not segments or not new:
                segments.append([])
            segments[-1] += new
    lines = _lines(parts)
    if not lines:
        return atoms
    if not atoms:
        whole = _paragraph(lines, area)
        if whole:
            if owner.authored("width"):
                whole.hints.sizing = ("fill" if area else "hug", "hug")
            return [whole]
    items = list(atoms)
    for segment in segments if atoms else [parts]:
        for line in _lines(segment):
            items += [item for stretch in _stretches(line) if (item := _paragraph([stretch], None))]
    if owner.authored("width"):
        for item in items:
            if item.kind == "t":
                item.hints.sizing = ("hug", "hug")
    return items


def _parts(box: Box, hard: bool, found: Findings) -> list[_Part]:
    look = _look(box, found)
    preserved = box.css("white-space").startswith(("pre", "break-spaces"))
    parts: list[_Part] = []
    for i, fragment in enumerate(box.fragments):
        text = fragment.text
        if preserved:
            text = text.replace("\t", "    ").rstrip("\n")
        else:
            text = _SPACES.sub(" ", text)
        if not text or (fragment.width <= 0 and not text.strip()):
            continue
        fragment.text = text
        written = hard if not parts else preserved and "\n" in (box.text or "") and i > 0
        parts.append(_Part(fragment, box, look, written))
    return parts


def _look(box: Box, found: Findings) -> _Look:
    paint: Paint | None = css.color(box.css("-webkit-text-fill-color") or box.css("color"))
    underline = strike = False
    owner = box.parent
    for _ in range(8):
        if owner is None:
            break
        line = owner.css("text-decoration-line")
        if line not in ("none", "") and not css.color(owner.css("text-decoration-color")):
            line = ""
        underline, strike = underline or "underline" in line, strike or "line-through" in line
        if owner.css("background-clip") == "text" and (not isinstance(paint, Solid) or paint.color[7:]):
            paint = _clipped_fill(owner, found) or paint
        display = owner.css("display")
        if display.startswith("inline-") or owner.css("position") in ("absolute", "fixed"):
            break
        owner = owner.parent
    upper = box.css("text-transform") == "uppercase"
    return _Look(type_of(box), paint or Solid("#00000000"), underline, strike, upper)


def _clipped_fill(owner: Box, found: Findings) -> Paint | None:
    image = owner.css("background-image")
    if image and image != "none":
        return css.gradient(css.split(image)[0], round(owner.width, 2), round(owner.height, 2))
    fills = fills_of(owner, found)
    return fills[-1] if fills else None


def type_of(box: Box) -> TextStyle:
    """The computed type of a text box; a normal line height is 0 here and measured later."""
    weight = box.css("font-weight")
    return TextStyle(
        ", ".join(_quoted(name) for name in css.families(box.css("font-family"))) or "sans-serif",
        int(float(weight)) if weight.replace(".", "", 1).isdigit() else 400,
        box.px("font-size") or 16.0,
        box.px("line-height"),
        box.px("letter-spacing"),
        box.css("font-style").startswith(("italic", "oblique")),
    )


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"-?[A-Za-z][A-Za-z0-9 _-]*", name) else '"' + re.sub(r"[\"\\\n]", "", name) + '"'


def _lines(parts: list[_Part]) -> list[list[_Part]]:
    """Parts by line, in reading order; blanks at the ends of lines dropped."""
    lines: list[list[_Part]] = []
    top = bottom = 0.0
    for part in parts:
        f = part.fragment
        middle = f.y + f.height / 2
        goes_on = lines and not part.hard and top <= middle <= bottom
        if (
            goes_on
            and lines[-1][-1].box is part.box
            and f.x < lines[-1][-1].fragment.x
            and part.box.css("direction") != "rtl"
        ):
            goes_on = False
        if goes_on:
            lines[-1].append(part)
            top, bottom = min(top, f.y), max(bottom, f.y + f.height)
        else:
            lines.append([part])
            top, bottom = f.y, f.y + f.height
    for line in lines:
        while line and not line[-1].fragment.text.strip(" "):
            line.pop()
        while line and not line[0].fragment.text.strip(" "):
            line.pop(0)
    return [line for line in lines if line]


def _stretches(line: list[_Part]) -> list[list[_Part]]:
    """A line cut where the next part does not simply follow, or sits on another baseline."""
    stretches: list[list[_Part]] = []
    for part in line:
        if stretches and _follows(stretches[-1][-1], part) and _same_metrics(stretches[-1][-1], part):
            stretches[-1].append(part)
        else:
            stretches.append([part])
    return [line for stretch in stretches for line in _lines(stretch)]


def _follows(before: _Part, after: _Part) -> bool:
    a, b = before.fragment, after.fragment
    return abs(a.x + a.width - b.x) < 0.75 or abs(b.x + b.width - a.x) < 0.75


def _same_metrics(a: _Part, b: _Part) -> bool:
    return abs(a.fragment.y - b.fragment.y) < 0.3 and abs(a.fragment.height - b.fragment.height) < 0.3


def _paragraph(lines: list[list[_Part]], area: tuple[float, float] | None) -> Item | None:
    """One text item for these lines, or None where the browser could not have laid it out as one."""
    base = _base(lines)
    style = base.look.style
    tops = [_top(line, style) for line in lines]
    height = base.fragment.height
    leading = style.line_height or (_pitch(tops) or height)
    rows = _rows(tops, leading)
    if rows is None:
        return None
    if len(lines) > 1:
        if not all(
            _follows(a, b) and (_same_metrics(a, b) or _baseline(b)) for line in lines for a, b in pairwise(line)
        ):
            return None
    elif len(lines[0]) > 1:
        line = lines[0]
        if not all(_follows(a, b) and (_same_metrics(a, b) or _baseline(b)) for a, b in pairwise(line)):
            return None
    start = next(i for i, top in enumerate(tops) if top is not None)
    y = float(tops[start] or 0.0) - math.floor((leading - height) / 2) - rows[start] * leading
    left = min(_extent(line)[0] for line in lines)
    right = max(_extent(line)[1] for line in lines)
    high = math.floor(leading * 64) / 64 * (rows[-1] + 1)  # the browser lays out in 64ths of a pixel, cut down
    item = Item("t", left, y, right - left, high, (base.box.order, base.box.rank))
    item.natural, item.lines = (left, right - left), len(lines)
    align = _alignment(base.box)
    if len(lines) > 1 or area:
        span = area if area and area[1] > right - left - 0.5 else (left, right - left)
        confirmed = _confirm(lines, span, align)
        if confirmed is None:
            return None
        item.text_align, (item.x, item.width) = confirmed, span
    elif align == "justify":
        align = "left"
    item.hints = Hints(block=area is not None)
    item.look = _text_look(lines, rows, base, leading)
    return item


def _rows(tops: list[float | None], leading: float) -> list[int] | None:
    """The row that each line stands on, blank rows counted; None where the lines do not keep to rows."""
    start = next(i for i, top in enumerate(tops) if top is not None)
    first, rows = tops[start] or 0.0, list(range(-start, 0))
    for top in tops[start:]:
        if top is None:
            row = rows[-1] + 1
        else:
            row = round((top - first) / leading) if leading else len(rows)
            if abs(top - first - row * leading) > 0.6:
                return None
        if rows and not 0 < row - rows[-1] <= 40:
            return None
        rows.append(row)
    return [row - rows[0] for row in rows]


def _baseline(part: _Part) -> bool:
    """Whether every inline element around a part leaves it on the line's baseline."""
    owner = part.box.parent
    while owner is not None and owner.css("display") == "inline":
        raised = owner.css("position") == "relative" and (owner.px("top") or owner.px("bottom"))
        if raised or owner.css("vertical-align") not in ("baseline", ""):
            return False
        owner = owner.parent
    return True


def _base(lines: list[list[_Part]]) -> _Part:
    weight: dict[TextStyle, int] = {}
    for line in lines:
        for part in line:
            weight[part.look.style] = weight.get(part.look.style, 0) + len(part.fragment.text)
    best = max(weight, key=lambda style: weight[style])
    return next(part for line in lines for part in line if part.look.style == best)


def _top(line: list[_Part], style: TextStyle) -> float | None:
    return next((p.fragment.y for p in line if p.look.style == style), None)


def _pitch(tops: list[float | None]) -> float:
    known = [(i, top) for i, top in enumerate(tops) if top is not None]
    if len(known) < 2:
        return 0.0
    return max(0.0, (known[-1][1] - known[0][1]) / (known[-1][0] - known[0][0]))


def _extent(line: list[_Part]) -> tuple[float, float]:
    return min(p.fragment.x for p in line), max(p.fragment.x + p.fragment.width for p in line)


def _alignment(box: Box) -> TextAlign:
    value, rtl = box.css("text-align"), box.css("direction") == "rtl"
    if "center" in value:
        return "center"
    if value == "justify":
        return "justify"
    if value in ("right", "-webkit-right") or ((value == "end") != rtl and value in ("end", "start", "")):
        return "right"
    return "left"


def _confirm(lines: list[list[_Part]], span: tuple[float, float], align: TextAlign) -> TextAlign | None:
    """The alignment, where every line lies as it says."""
    left, right = span[0], span[0] + span[1]
    extents = [_extent(line) for line in lines]
    if align == "center":
        fits = all(abs((a + b) - (left + right)) < 1.5 for a, b in extents)
    elif align == "right":
        fits = all(abs(b - right) < 0.75 for _, b in extents)
    else:
        fits = all(abs(a - left) < 0.75 for a, _ in extents)
    if align == "justify" and (len(lines) == 1 or any(part.hard for line in lines for part in line)):
        align = "left"
    return align if fits else None


def _text_look(lines: list[list[_Part]], rows: list[int], base: _Part, leading: float) -> dict[str, Any]:
    style = _led(base.look.style, leading)
    runs: list[tuple[str, _Look]] = []
    for i, line in enumerate(lines):
        if i:
            text, look = runs[-1]
            hard = line[0].hard or line[0].box.css("white-space") == "pre"
            runs[-1] = (
                text.rstrip(" ") + ("\n" if hard else SOFT_BREAK) + "\n" * (rows[i] - rows[i - 1] - 1),
                look,
            )
        for part in line:
            text = part.fragment.text
            if runs and runs[-1][1] == part.look:
                runs[-1] = (runs[-1][0] + text, part.look)
            else:
                runs.append((text, part.look))
    look = base.look
    result: dict[str, Any] = {
        "style": style,
        "fills": (look.paint,),
        "runs": tuple(
            Run(
                text,
                None if own.paint == look.paint else own.paint,
                None if own.style == look.style else _led(own.style, leading),
                own.underline and not look.underline,
                own.strike,
            )
            for text, own in runs
        ),
    }
    if all(own.underline for _, own in runs):
        result["underline"] = True
    elif look.underline:
        result["runs"] = tuple(
            Run(run.text, run.paint, run.style, own.underline, run.strike)
            for run, (_, own) in zip(result["runs"], runs, strict=True)
        )
    if all(own.upper for _, own in runs):
        result["upper"] = True
    if shadows := text_shadows(base.box):
        result["shadows"] = shadows
    return result


def _led(style: TextStyle, leading: float) -> TextStyle:
    return TextStyle(style.family, style.weight, style.size, leading, style.letter_spacing, style.italic)
