"""Where a design's layers come to lie: a flex layout of our own, with type measured by averages.

For the targets that want coordinates (SVG, Penpot) and have no layout of their own. A browser knows better what is how
wide; what it measured can be given instead (`Places`).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

from design.to.figma_layout import MAX_TRACKS, grid_cells
from design.tree import FILL, FRAMES, HUG, SOFT_BREAK, Design, Node, Style, TextStyle, Track

_NARROW, _WIDE = frozenset("iljtfrI.,:;'|!()[]{} "), frozenset("mwMW@%")
LEADING = 1.2  # of the size, where the font's own line height is wanted
GAP_BETWEEN_ROOTS = 64.0


@dataclass(frozen=True, slots=True)
class Rect:
    """In px from the top left corner of the first root frame."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a text: which of its characters (by the joined text of its runs), where it begins, and its extent."""

    start: int
    end: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Places:
    """By a layer's number, as `walk` counts them over all roots of an expanded design."""

    rects: dict[int, Rect] = field(default_factory=dict)
    lines: dict[int, tuple[Line, ...]] = field(default_factory=dict)

    @property
    def size(self) -> tuple[float, float]:
        """What all of it covers, from 0, 0."""
        right = max((r.x + r.width for r in self.rects.values()), default=0.0)
        bottom = max((r.y + r.height for r in self.rects.values()), default=0.0)
        return max(1.0, right), max(1.0, bottom)


def lay_out(design: Design) -> Places:
    """Places of every layer of a design without components (`expand`)."""
    work = _Layout(design)
    x = 0.0
    number = 0
    for root in design.roots:
        box = work.measure(root, number, None)
        work.put(box, x, 0.0)
        x += box.width + GAP_BETWEEN_ROOTS
        number += _count(root)
    return Places(work.rects, work.lines)


@dataclass(slots=True)
class _Box:
    node: Node
    number: int
    last: int = 0  # the number behind its last descendant
    width: float = 0.0
    height: float = 0.0
    children: list[_Box] = field(default_factory=list)
    spans: list[tuple[int, int, float]] = field(default_factory=list)  # lines of a text: characters and width
    offsets: list[tuple[float, float]] = field(default_factory=list)
    cell: tuple[float, float] = (0.0, 0.0)  # where its grid puts it


class _Layout:
    def __init__(self, design: Design) -> None:
        self.fonts, self.styles = dict(design.fonts), dict(design.styles)
        self.rects: dict[int, Rect] = {}
        self.lines: dict[int, tuple[Line, ...]] = {}

    def type_(self, style: Style | None) -> TextStyle:
        found = self.styles.get(style) if isinstance(style, str) else style
        return found or TextStyle("sans-serif")

    def measure(self, node: Node, number: int, room: tuple[float | None, float | None] | None) -> _Box:
        """A layer's size; `room` is what its parent gives it an axis, None where it gives nothing."""
        given = room or (None, None)
        width = _limited(_own(node.width, given[0]), node.min_width, node.max_width)
        height = _limited(_own(node.height, given[1]), node.min_height, node.max_height)
        if node.ratio and node.width == FILL and width is not None and not isinstance(node.height, str):
            height = _limited(width / node.ratio, node.min_height, node.max_height)
        box = _Box(node, number, number + 1)
        if node.kind == "t":
            self._text(box, width)
        elif node.kind in FRAMES:
            top, right, bottom, left = node.padding
            inner = None if width is None else max(0.0, width - left - right)
            inner_height = None if height is None else max(0.0, height - top - bottom)
            (self._grid if node.kind == "grid" else self._flow)(box, inner, inner_height)
            self._fit(box, inner)
        box.width = _limited(box.width if width is None else width, node.min_width, node.max_width) or 0.0
        box.height = _limited(box.height if height is None else height, node.min_height, node.max_height) or 0.0
        if node.kind in FRAMES:
            self._arrange(box)
        return box

    def _text(self, box: _Box, width: float | None) -> None:
        node = box.node
        text = "".join(run.text for run in node.runs)
        style = self.type_(node.style)
        leading = max((self._leading(run.style or node.style) for run in node.runs), default=self._leading(node.style))
        box.spans = _broken(text, style, width, node.upper)
        if node.max_lines:
            box.spans = box.spans[: node.max_lines]
        box.width = max((w for _, _, w in box.spans), default=0.0)
        box.height = len(box.spans) * leading

    def _leading(self, style: Style | None) -> float:
        found = self.type_(style)
        return found.line_height or found.size * LEADING

    def _fit(self, box: _Box, inner: float | None) -> None:
        """A frame's size from its children's."""
        node = box.node
        top, right, bottom, left = node.padding
        sizes = [(child.width, child.height) for child in box.children if child.node.at is None]
        if node.kind == "grid":
            box.width, box.height = box.width + left + right, box.height + top + bottom
        elif node.kind == "row" and not node.wrap:
            gaps = node.gap[0] * max(0, len(sizes) - 1)
            box.width = sum(w for w, _ in sizes) + gaps + left + right
            box.height = max((h for _, h in sizes), default=0.0) + top + bottom
        elif node.kind == "col":
            gaps = node.gap[0] * max(0, len(sizes) - 1)
            box.width = max((w for w, _ in sizes), default=0.0) + left + right
            box.height = sum(h for _, h in sizes) + gaps + top + bottom
        elif node.kind == "row":
            rows = _rows(sizes, inner, node.gap[0])
            box.width = max((sum(sizes[i][0] for i in row) + node.gap[0] * (len(row) - 1) for row in rows), default=0.0)
            box.width += left + right
            box.height = sum(max(sizes[i][1] for i in row) for row in rows) + node.gap[1] * max(0, len(rows) - 1)
            box.height += top + bottom
        else:
            box.width = max((w for w, _ in sizes), default=0.0) + left + right
            box.height = max((h for _, h in sizes), default=0.0) + top + bottom

    def _flow(self, box: _Box, width: float | None, height: float | None) -> None:
        """Children of a row, a column or a box; those that fill share what the others leave."""
        node = box.node
        row, column = node.kind == "row", node.kind == "col"
        number = box.number + 1
        numbers = []
        for child in node.children:
            numbers.append(number)
            number += _count(child)
        made: list[_Box | None] = [None] * len(node.children)
        flow = [child for child in node.children if child.at is None]
        shares = {id(c) for c in flow if (c.width if row else c.height) == FILL and (row or column)}
        main = width if row else height
        left = main - node.gap[0] * max(0, len(flow) - 1) if main is not None and (row or column) else None
        for i, child in enumerate(node.children):
            if id(child) in shares and left is not None:
                continue
            room = (width, height)
            if child.at is None and row:
                room = (None, height)
            elif child.at is None and column:
                room = (width, None)
            made[i] = self.measure(child, numbers[i], room)
            if child.at is None and left is not None:
                left -= made[i].width if row else made[i].height  # type: ignore[union-attr]
        each = max(0.0, left or 0.0) / max(1, len(shares))
        for i, child in enumerate(node.children):
            if made[i] is None:
                made[i] = self.measure(child, numbers[i], (each, height) if row else (width, each))
        box.children = [child for child in made if child is not None]
        box.last = number

    def _grid(self, box: _Box, width: float | None, height: float | None) -> None:
        node = box.node
        cells = iter(grid_cells(node))
        places = [next(cells) if child.at is None else None for child in node.children]
        taken = [p for p in places if p]
        columns = max([1, min(node.columns, MAX_TRACKS), *(c + w for _, c, _, w in taken)])
        rows = max([1, min(len(node.row_tracks), MAX_TRACKS), *(r + h for r, _, h, _ in taken)])
        tracks = node.column_tracks or (Track(),) * max(1, node.columns)
        number = box.number + 1
        widths = _shared(tracks, columns, width, node.gap[0])
        for child, cell in zip(node.children, places, strict=True):
            across = None
            if cell is not None and widths is not None:
                across = sum(widths[cell[1] : cell[1] + cell[3]]) + node.gap[0] * (cell[3] - 1)
            made = self.measure(child, number, (across, None) if cell else (width, height))
            box.children.append(made)
            number += _count(child)
        box.last = number
        alone = [(b, p) for b, p in zip(box.children, places, strict=True) if p]
        if widths is None:
            widths = [max((b.width for b, p in alone if p[1] == c and p[3] == 1), default=0.0) for c in range(columns)]
        heights = [max((b.height for b, p in alone if p[0] == r and p[2] == 1), default=0.0) for r in range(rows)]
        for r, track in enumerate(node.row_tracks[:rows]):
            heights[r] = track.value if track.unit == "px" else heights[r]
        xs, ys = _starts(widths, node.gap[0]), _starts(heights, node.gap[1])
        for made, cell in zip(box.children, places, strict=True):
            made.cell = (0.0, 0.0) if cell is None else (xs[cell[1]], ys[cell[0]])
        box.width, box.height = xs[-1] - node.gap[0], ys[-1] - node.gap[1]

    def _arrange(self, box: _Box) -> None:
        """Offsets of the children from the box's corner."""
        node = box.node
        top, right, bottom, left = node.padding
        inner_width, inner_height = box.width - left - right, box.height - top - bottom
        flow = [child for child in box.children if child.node.at is None]
        if node.kind == "grid":
            box.offsets = [(left + child.cell[0], top + child.cell[1]) for child in box.children]
        elif node.kind == "box":
            box.offsets = [(left, top)] * len(box.children)
        else:
            row = node.kind == "row"
            for child in flow if not node.wrap else ():
                self._stretch(child, row, inner_height if row else inner_width)
            sizes = [(c.width, c.height) for c in flow]
            lines = _rows(sizes, inner_width, node.gap[0]) if row and node.wrap else [list(range(len(flow)))]
            found: dict[int, tuple[float, float]] = {}
            across = 0.0
            for line in lines:
                members = [flow[i] for i in line]
                depth = max((c.height if row else c.width for c in members), default=0.0)
                if len(lines) == 1:
                    depth = inner_height if row else inner_width
                used = sum(c.width if row else c.height for c in members) + node.gap[0] * max(0, len(members) - 1)
                free = (inner_width if row else inner_height) - used
                at = {"center": free / 2, "end": free}.get(node.justify, 0.0)
                between = max(0.0, free) / (len(members) - 1) if node.justify == "between" and len(members) > 1 else 0.0
                for child in members:
                    slack = depth - (child.height if row else child.width)
                    align = child.node.self_align or node.align
                    off = across + {"center": slack / 2, "end": slack}.get(align, 0.0)
                    found[child.number] = (left + at, top + off) if row else (left + off, top + at)
                    at += (child.width if row else child.height) + node.gap[0] + between
                across += depth + node.gap[1]
            box.offsets = [found.get(child.number, (0.0, 0.0)) for child in box.children]
        box.offsets = [
            (child.node.at.x, child.node.at.y) if child.node.at else at
            for child, at in zip(box.children, box.offsets, strict=True)
        ]

    def _stretch(self, box: _Box, row: bool, across: float) -> None:
        """What fills across a parent that hugs is as deep as that came to be."""
        node = box.node
        if (node.height if row else node.width) != FILL or abs((box.height if row else box.width) - across) < 0.01:
            return
        if row:
            box.height = _limited(across, node.min_height, node.max_height) or 0.0
        else:
            box.width = _limited(across, node.min_width, node.max_width) or 0.0
        if node.kind in FRAMES:
            self._arrange(box)

    def put(self, box: _Box, x: float, y: float) -> None:
        """Note the places of a box and of all that it holds."""
        stack = [(box, x, y)]
        while stack:
            at, left, top = stack.pop()
            self.rects[at.number] = Rect(round(left, 2), round(top, 2), round(at.width, 2), round(at.height, 2))
            if at.node.kind == "t":
                self.lines[at.number] = _lines(at, left, top)
            for child, (dx, dy) in zip(at.children, at.offsets, strict=True):
                stack.append((child, left + dx, top + dy))


def _own(length: float | str, room: float | None) -> float | None:
    if length == FILL:
        return room
    return None if length == HUG else float(length)


def _limited(value: float | None, least: float, most: float | None) -> float | None:
    if value is None:
        return None
    return max(least, value if most is None else min(value, most))


def _count(node: Node) -> int:
    """Layers of a subtree, itself included; only frames show their children."""
    stack, count = [node], 0
    while stack:
        at = stack.pop()
        count += 1
        stack.extend(at.children)
    return count


def _rows(sizes: list[tuple[float, float]], width: float | None, gap: float) -> list[list[int]]:
    rows: list[list[int]] = []
    used = 0.0
    for i, (w, _) in enumerate(sizes):
        if rows and (width is None or used + gap + w <= width + 0.01):
            rows[-1].append(i)
            used += gap + w
        else:
            rows.append([i])
            used = w
    return rows


def _shared(tracks: tuple[Track, ...], count: int, width: float | None, gap: float) -> list[float] | None:
    if width is None:
        return None
    sizes = [tracks[i] if i < len(tracks) else Track(0, "hug") for i in range(count)]
    left = width - gap * (count - 1) - sum(t.value for t in sizes if t.unit == "px")
    total = sum(t.value if t.unit == "fr" else 1.0 for t in sizes if t.unit != "px") or 1.0
    return [t.value if t.unit == "px" else max(0.0, left) * (t.value if t.unit == "fr" else 1.0) / total for t in sizes]


def _starts(sizes: list[float], gap: float) -> list[float]:
    starts = [0.0]
    for size in sizes:
        starts.append(starts[-1] + size + gap)
    return starts


def text_width(text: str, style: TextStyle, upper: bool = False) -> float:
    """About how wide a line of text is, in px."""
    text = text.upper() if upper else text
    ems = 0.0
    for char in text:
        if char in _NARROW:
            ems += 0.29
        elif char in _WIDE:
            ems += 0.86
        elif unicodedata.east_asian_width(char) in ("W", "F"):
            ems += 1.0
        elif unicodedata.combining(char) or unicodedata.category(char) == "Cf":
            continue
        else:
            ems += 0.66 if char.isupper() else 0.54
    weight = 1.06 if style.weight >= 600 else 1.0
    return ems * style.size * weight + style.letter_spacing * len(text)


def _broken(text: str, style: TextStyle, width: float | None, upper: bool) -> list[tuple[int, int, float]]:
    """Lines by characters, with their widths: at written and measured breaks, then at spaces where a width is given."""
    found: list[tuple[int, int, float]] = []
    start = 0
    for line in text.replace(SOFT_BREAK, "\n").split("\n"):
        end = start + len(line)
        whole = text_width(line, style, upper)
        if width is None or whole <= width * 1.02 + 1 or SOFT_BREAK in text:
            found.append((start, end, whole))
        else:
            found += _wrapped(line, start, style, width, upper)
        start = end + 1
    return found


def _wrapped(line: str, start: int, style: TextStyle, width: float, upper: bool) -> list[tuple[int, int, float]]:
    found = []
    begin, last, used = 0, -1, 0.0
    for i, char in enumerate(line):
        step = text_width(char, style, upper)
        if used + step > width and last > begin:
            found.append((start + begin, start + last, text_width(line[begin:last], style, upper)))
            begin, last = last + 1, -1
            used = text_width(line[begin:i], style, upper)
        if char == " ":
            last = i
        used += step
    found.append((start + begin, start + len(line), text_width(line[begin:], style, upper)))
    return found


def _lines(box: _Box, x: float, y: float) -> tuple[Line, ...]:
    node = box.node
    height = box.height / max(1, len(box.spans)) if node.height == HUG else 0.0
    height = height or min(box.height / max(1, len(box.spans)), 10_000)
    total = height * len(box.spans)
    top = y + {"middle": (box.height - total) / 2, "bottom": box.height - total}.get(node.vertical, 0.0)
    found = []
    for i, (start, end, width) in enumerate(box.spans):
        slack = box.width - width
        left = x + {"center": slack / 2, "right": slack}.get(node.text_align, 0.0)
        found.append(Line(start, end, round(left, 2), round(top + i * height, 2), round(width, 2), round(height, 2)))
    return tuple(found)
