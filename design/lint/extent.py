"""How large a layer is without a browser: what it says where it says it, and an estimate from its content otherwise."""

from __future__ import annotations

from design.tree import FRAMES, HUG, SOFT_BREAK, Design, Node, TextStyle

WIDE = 0.52  # of the font size: a letter's usual width
LEADING = 1.25  # of the font size, where a style leaves it to the font
Size = tuple[float, float]


def text_style(design: Design, node: Node) -> TextStyle:
    """The style that a text has, from the design's where it names one."""
    if isinstance(node.style, str):
        return dict(design.styles).get(node.style, TextStyle("sans-serif"))
    return node.style or TextStyle("sans-serif")


def sizes(design: Design, root: Node) -> dict[int, Size]:
    """Width and height in px by the id of every layer of a tree. What fills has the parent's inner width, if known.

    Estimates serve to find what is far too small or lies on top of something, and nothing finer.
    """
    found: dict[int, Size] = {}
    order: list[tuple[Node, float | None]] = []
    stack: list[tuple[Node, float | None]] = [(root, None)]
    while stack:
        node, room = stack.pop()
        order.append((node, room))
        width = node.width if isinstance(node.width, float) else room if node.width == "fill" else None
        inner = None if width is None else max(0.0, width - node.padding[1] - node.padding[3])
        flows = 1 if node.kind != "row" else max(1, sum(child.at is None for child in node.children))
        stack.extend((child, None if inner is None else inner / flows) for child in node.children)
    for node, room in reversed(order):
        found[id(node)] = _size(design, node, room, found)
    return found


def _size(design: Design, node: Node, room: float | None, found: dict[int, Size]) -> Size:
    own = _text(design, node) if node.kind == "t" else _content(node, found) if node.kind in FRAMES else (0.0, 0.0)
    width, height = node.width, node.height
    across = width if isinstance(width, float) else own[0] if width == HUG or room is None else room
    if node.kind == "t" and across and across < own[0]:
        own = across, own[1] * -(-own[0] // across)
    down = height if isinstance(height, float) else own[1]
    return max(across, node.min_width), max(down, node.min_height)


def _text(design: Design, node: Node) -> Size:
    style = text_style(design, node)
    lines = "".join(run.text for run in node.runs).replace(SOFT_BREAK, "\n").split("\n")
    leading = style.line_height or style.size * LEADING
    return max(len(line) for line in lines) * (style.size * WIDE + style.letter_spacing), len(lines) * leading


def _content(node: Node, found: dict[int, Size]) -> Size:
    flow = [found[id(child)] for child in node.children if child.at is None]
    top, right, bottom, left = node.padding
    gaps = node.gap[0] * max(0, len(flow) - 1)
    if node.kind == "row":
        width, height = sum(w for w, _ in flow) + gaps, max((h for _, h in flow), default=0.0)
    elif node.kind == "col":
        width, height = max((w for w, _ in flow), default=0.0), sum(h for _, h in flow) + gaps
    elif node.kind == "grid":
        columns = max(1, node.columns)
        rows = -(-len(flow) // columns)
        width = columns * max((w for w, _ in flow), default=0.0) + node.gap[0] * (columns - 1)
        height = rows * max((h for _, h in flow), default=0.0) + node.gap[1] * max(0, rows - 1)
    else:
        width, height = max((w for w, _ in flow), default=0.0), max((h for _, h in flow), default=0.0)
    return width + left + right, height + top + bottom
