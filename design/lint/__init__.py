"""What a designer would send back: unreadable text, layers on top of one another, odd spacing, targets too small to
hit, tokens that nobody uses or nobody has. Pure; no browser."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from design.errors import NotationError
from design.lint.contrast import WHITE, Rgb, grounds, inks, needed, over, ratio
from design.lint.extent import Size, sizes, text_style
from design.lint.names import orphans
from design.notation.read import Reader
from design.tree import FRAMES, Design, Node, walk

RULES = ("syntax", "name", "contrast", "overlap", "spacing", "target", "orphan")
GRID = 4.0
POINTER, TOUCH, PHONE = 24.0, 44.0, 480.0  # px: WCAG 2.5.8, and what thumbs need on frames up to so wide
TARGETS = frozenset(["button", "link", "input", "select", "checkbox", "radio", "tab", "switch", "textarea"])


@dataclass(frozen=True)
class Finding:
    """`line` is the notation's, from 1; 0 where the design did not come as text."""

    rule: str
    line: int
    message: str


def lint_text(text: str, *, grid: float = GRID) -> list[Finding]:
    """Findings of a notation text in the order of its lines, errors of syntax among them."""
    errors: list[NotationError] = []
    notes: list[NotationError] = []
    reader = Reader(on_error=errors.append, on_note=notes.append)
    reader.feed(text)
    design = reader.finish()
    found = [Finding("syntax", error.line, str(error)) for error in errors]
    found += [Finding("name", note.line, str(note)) for note in notes]
    found += lint(design, lines=reader.layer_lines, token_lines=reader.token_lines, grid=grid)
    return sorted(found, key=lambda finding: (finding.line, RULES.index(finding.rule)))


def lint(
    design: Design,
    *,
    lines: dict[int, list[int]] | None = None,
    token_lines: dict[tuple[str, str], int] | None = None,
    grid: float = GRID,
) -> list[Finding]:
    """Findings of a design. `lines` and `token_lines` are a Reader's, `grid` the px that spacing is a multiple of."""
    found: list[Finding] = []
    for top in (*(component.root for component in design.components), *design.roots):
        places = (lines or {}).get(id(top), [])
        line_of = {id(node): line for (node, _), line in zip(walk(top), places, strict=False)}
        found += _layers(design, top, line_of, grid)
    for sign, name, message in orphans(design):
        found.append(Finding("orphan", (token_lines or {}).get((sign, name), 0), message))
    return found


def _layers(design: Design, top: Node, line_of: dict[int, int], grid: float) -> Iterator[Finding]:
    measured = sizes(design, top)
    touch = isinstance(top.width, float) and top.width <= PHONE
    stack: list[tuple[Node, list[Rgb] | None]] = [(top, [WHITE])]
    while stack:
        node, below = stack.pop()
        line = line_of.get(id(node), 0)
        checks = (_spacing(design, node, grid), _target(node, measured[id(node)], touch), _overlaps(node, measured))
        for rule, message in (finding for check in checks for finding in check):
            yield Finding(rule, line, message)
        if node.kind == "t" and below is not None:
            yield from (Finding("contrast", line, message) for message in _contrast(design, node, below))
        under = grounds(design, node, below) if node.kind in FRAMES else below
        entries = []
        for child in node.children:
            entries.append((child, under))
            if child.at is not None or node.kind == "box":  # later children may stand on it
                under = None if child.kind in ("img", "svg") or child.fills else under
        stack.extend(reversed(entries))


def _contrast(design: Design, node: Node, below: Sequence[Rgb]) -> Iterator[str]:
    style = text_style(design, node)
    words = " ".join("".join(run.text for run in node.runs).split())
    if not words or not node.fills or not node.visible:
        return
    pairs = [
        ratio(over(ink, alpha * node.opacity, ground), ground)
        for ink, alpha in inks(design, node.fills[-1])
        for ground in below
    ]
    least = needed(style.size, style.weight)
    if pairs and min(pairs) < least:
        yield f"“{words[:32]}” has a contrast of {min(pairs):.2f} : 1 where {least:g} is needed"


def _spacing(design: Design, node: Node, grid: float) -> Iterator[tuple[str, str]]:
    steps = {value for _, value in design.spaces}
    values = [("padding", value) for value in dict.fromkeys(node.padding)]
    values += [("gap", value) for value in dict.fromkeys(node.gap)] if node.justify != "between" else []
    for name, value in values:
        if value in (0.0, 1.0, 2.0):  # hairlines
            continue
        if steps and value not in steps:
            yield "spacing", f"{name} {value:g} is none of the spaces: {', '.join(f'{s:g}' for s in sorted(steps))}"
        elif not steps and grid and value % grid:
            yield "spacing", f"{name} {value:g} is off the grid of {grid:g}"


def _target(node: Node, size: Size, touch: bool) -> Iterator[tuple[str, str]]:
    if not (node.role in TARGETS or node.link or node.name in ("Button", "Link", "Input")) or not node.visible:
        return
    least = TOUCH if touch else POINTER
    if 0 < min(size) < least and node.kind != "t":
        called = node.name or node.role or "link"
        yield "target", f"{called} is about {size[0]:.0f} × {size[1]:.0f} px, smaller than {least:g}"


def _overlaps(node: Node, measured: dict[int, Size]) -> Iterator[tuple[str, str]]:
    """Texts, or frames with texts, that lie on top of one another where nothing says that they should."""
    places = []
    for child in node.children:
        if (child.at is None and node.kind != "box") or not child.visible or not _speaks(child):
            continue
        if child.at is not None:
            places.append((child, child.at.x, child.at.y, *measured[id(child)]))
        else:
            places.append((child, node.padding[3], node.padding[0], *measured[id(child)]))
    for (a, ax, ay, aw, ah), (b, bx, by, bw, bh) in combinations(places[:60], 2):
        across, down = min(ax + aw, bx + bw) - max(ax, bx), min(ay + ah, by + bh) - max(ay, by)
        if across > 2 and down > 2 and across * down > 0.1 * min(aw * ah, bw * bh):
            yield "overlap", f"{_called(a)} and {_called(b)} lie on top of one another"


def _speaks(node: Node) -> bool:
    return any(inner.kind == "t" and any(run.text.strip() for run in inner.runs) for inner, _ in walk(node))


def _called(node: Node) -> str:
    words = " ".join("".join(run.text for run in node.runs).split())
    return node.name or (f"“{words[:24]}”" if words else node.kind)


__all__ = ["GRID", "RULES", "Finding", "lint", "lint_text"]
