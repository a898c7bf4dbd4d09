"""`gesso-dom/1` → a tree of boxes: what the browser laid out, in page CSS pixels, with its computed styles."""

from __future__ import annotations

import gzip
import io
import json
import math
import zlib
from dataclasses import dataclass, field
from typing import Any

from design.dom.turn import straighten
from design.errors import SnapshotError

MAX_BYTES = 256 << 20
MAX_LAYOUT_NODES = 100_000
FORMAT = "gesso-dom/1"
_FAR = 200_000.0
STILL = "still:"  # and the number of a video among the elements: the asset that has what it shows
_ELEMENT = 1  # DOM nodeType


def load_snapshot(blob: bytes) -> dict[str, Any]:
    """The dict of a stored DOM snapshot, gzip or plain JSON. Raises SnapshotError: damaged, too large, no snapshot."""
    try:
        if blob[:2] == b"\x1f\x8b":
            with gzip.GzipFile(fileobj=io.BytesIO(blob)) as packed:
                data = packed.read(MAX_BYTES + 1)
        else:
            data = blob
    except (OSError, EOFError, zlib.error) as error:
        raise SnapshotError(f"the DOM snapshot is damaged ({error}): crawl the page again") from None
    if len(data) > MAX_BYTES:
        raise SnapshotError(f"the DOM snapshot unpacks to more than {MAX_BYTES >> 20} MB: leave this page out")
    try:
        snapshot = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise SnapshotError(f"the DOM snapshot is no JSON ({str(error)[:80]}): crawl the page again") from None
    check_snapshot(snapshot)
    return snapshot


def check_snapshot(snapshot: Any) -> None:
    """Raise SnapshotError unless the parts that are read have the shapes they must have."""
    if not isinstance(snapshot, dict) or snapshot.get("format") != FORMAT:
        raise SnapshotError(f"not a DOM snapshot: the format must be {FORMAT}")
    raw = snapshot.get("snapshot")
    if (
        not isinstance(raw, dict)
        or not isinstance(raw.get("strings"), list)
        or not isinstance(raw.get("documents"), list)
    ):
        raise SnapshotError("the DOM snapshot has no strings and documents: crawl the page again")
    if not raw["documents"] or not isinstance(raw["documents"][0], dict):
        raise SnapshotError("the DOM snapshot holds no document: crawl the page again")
    if not isinstance(snapshot.get("computed_styles"), list):
        raise SnapshotError("the DOM snapshot names no computed_styles: crawl the page again")
    layout = raw["documents"][0].get("layout")
    if not isinstance(layout, dict) or not isinstance(layout.get("nodeIndex"), list):
        raise SnapshotError("the DOM snapshot has no layout: crawl the page again")
    if len(layout["nodeIndex"]) > MAX_LAYOUT_NODES:
        raise SnapshotError(
            f"the page lays out {len(layout['nodeIndex'])} nodes, more than {MAX_LAYOUT_NODES}: leave it out"
        )


@dataclass(slots=True)
class Fragment:
    """One line's worth of one text node."""

    x: float
    y: float
    width: float
    height: float
    text: str
    start: int = 0


@dataclass(slots=True, eq=False)
class Box:
    """A laid-out element, pseudo element or text node."""

    dom: Dom
    index: int
    node: int
    tag: str
    x: float
    y: float
    width: float
    height: float
    order: int
    rank: int = 0  # place in reading order, pseudo elements included
    parent: Box | None = None
    text: str | None = None
    fragments: list[Fragment] = field(default_factory=list)
    children: list[Box] = field(default_factory=list)
    styles: Any = None
    turn: float = 0.0  # degrees clockwise about the middle; place and size are those before it

    def css(self, name: str) -> str:
        """The computed value of a property; of the parent's for a text node; "" where the snapshot has none."""
        try:
            return self.dom.texts[self.styles[self.dom.column[name]]]
        except (IndexError, KeyError, TypeError):
            return ""

    def px(self, name: str) -> float:
        """A computed length in pixels, 0 where it is not one."""
        return pixels(self.css(name))

    def attribute(self, name: str) -> str:
        return self.dom.attributes(self.node).get(name, "")

    def authored(self, name: str, usual: str = "auto") -> str:
        """A length as the style sheets gave it (`80%`, `1fr 2fr`); "" where the snapshot does not say."""
        if self.dom.authored is None or self.text is not None or self.tag[:2] == "::":
            return ""
        return self.dom.authored.get(self.node, {}).get(name, usual)


def pixels(value: str) -> float:
    """`12.5px` → 12.5; anything else, NaN included, → 0; held within ±200,000."""
    if not value.endswith("px"):
        return 0.0
    try:
        number = float(value[:-2])
    except ValueError:
        return 0.0
    return max(-_FAR, min(_FAR, number)) if math.isfinite(number) else 0.0


class Dom:
    """The first document of a snapshot. Everything that is out of range or of a wrong type reads as absent."""

    def __init__(self, snapshot: dict[str, Any]) -> None:
        raw = snapshot["snapshot"]
        document = raw["documents"][0]
        self.texts = [text if isinstance(text, str) else "" for text in raw["strings"]]
        self.texts.append("")  # what -1, no string, stands for
        self.column = {name: i for i, name in enumerate(snapshot["computed_styles"]) if isinstance(name, str)}
        nodes = document.get("nodes")
        self.nodes: dict[str, Any] = nodes if isinstance(nodes, dict) else {}
        self.layout: dict[str, Any] = document["layout"]
        scale = snapshot.get("scale")
        self.scale = float(scale) if isinstance(scale, int | float) and 0.01 <= scale <= 100 else 1.0
        self.names = _ints(self.nodes.get("nodeName"))
        self.parents = _ints(self.nodes.get("parentIndex"))
        styles = self.layout.get("styles")
        self.styles: list[Any] = styles if isinstance(styles, list) else []
        self.count = max(len(self.names), len(self.parents))
        self._sources = self._rare("currentSourceURL")
        self._inputs = self._rare("inputValue")
        self._typed = self._rare("textValue") | {k: v for k, v in self._inputs.items() if v.strip()}
        self._text = document.get("textBoxes")
        self._children: list[list[int]] | None = None
        self.authored = self._authored(snapshot.get("media"))

    def string(self, index: Any) -> str:
        return self.texts[index] if isinstance(index, int) and 0 <= index < len(self.texts) else ""

    def name(self, node: int) -> str:
        return self.string(self.names[node]) if 0 <= node < len(self.names) else ""

    def value(self, node: int) -> str:
        values = self.nodes.get("nodeValue")
        return self.string(values[node]) if isinstance(values, list) and 0 <= node < len(values) else ""

    def attributes(self, node: int) -> dict[str, str]:
        rows = self.nodes.get("attributes")
        row = rows[node] if isinstance(rows, list) and 0 <= node < len(rows) else None
        if not isinstance(row, list):
            return {}
        return {self.string(row[i]): self.string(row[i + 1]) for i in range(0, len(row) - 1, 2)}

    def source(self, node: int) -> str:
        """The URL that an img (also inside picture) chose."""
        return self._sources.get(node, "")

    def still(self, node: int) -> str:
        """The name of the asset that has what a video shows, if the snapshot has one."""
        elements = self._light_elements()
        return f"{STILL}{elements.index(node)}" if node in elements else ""

    def typed(self, node: int) -> str:
        """What stands in an input or textarea."""
        return self._typed.get(node, "")

    def selected_option(self, node: int) -> str:
        """The text of a select's chosen option, else of its first."""
        chosen = self.nodes.get("optionSelected")
        index = chosen.get("index") if isinstance(chosen, dict) else None
        selected = {i for i in index if isinstance(i, int)} if isinstance(index, list) else set()
        first, stack = "", list(reversed(self.children(node)))
        while stack:
            child = stack.pop()
            if self.name(child) == "OPTION":
                text = " ".join(" ".join(self.value(t) for t in self.children(child)).split())
                if child in selected:
                    return text
                first = first or text
            else:
                stack.extend(reversed(self.children(child)))
        return first

    def children(self, node: int) -> list[int]:
        if self._children is None:
            self._children = [[] for _ in range(self.count)]
            for child, parent in enumerate(self.parents):
                if 0 <= parent < child:
                    self._children[parent].append(child)
        return self._children[node] if 0 <= node < self.count else []

    def _rare(self, name: str) -> dict[int, str]:
        data = self.nodes.get(name)
        if not isinstance(data, dict):
            return {}
        index, value = data.get("index"), data.get("value")
        if not isinstance(index, list) or not isinstance(value, list):
            return {}
        return {i: self.string(v) for i, v in zip(index, value, strict=False) if isinstance(i, int)}

    def _authored(self, media: Any) -> dict[int, dict[str, str]] | None:
        """Node → what its style sheets gave; None where the snapshot has none that fits its tree."""
        given = media.get("authored") if isinstance(media, dict) else None
        if not isinstance(given, dict) or not isinstance(given.get("rows"), list):
            return None
        elements = self._light_elements()
        if given.get("elements") != len(elements):
            return None
        found: dict[int, dict[str, str]] = {}
        for row in given["rows"]:
            if not isinstance(row, list) or len(row) != 3 or not isinstance(row[2], dict):
                return None
            number, tag, own = row
            if not isinstance(number, int) or not 0 <= number < len(elements) or self.name(elements[number]) != tag:
                return None
            found[elements[number]] = {k: v for k, v in own.items() if isinstance(k, str) and isinstance(v, str)}
        return found

    def _light_elements(self) -> list[int]:
        """The elements of the document, those of shadow roots and pseudo elements left out, in document order."""
        types, shadows = _ints(self.nodes.get("nodeType")), self.nodes.get("shadowRootType")
        index = shadows.get("index") if isinstance(shadows, dict) else None
        hidden = {i for i in index if isinstance(i, int)} if isinstance(index, list) else set()
        found = []
        for node, kind in enumerate(types):
            if node in hidden or (0 <= node < len(self.parents) and self.parents[node] in hidden):
                hidden.add(node)
            elif kind == _ELEMENT and not self.name(node).startswith("::"):
                found.append(node)
        return found

    def boxes(self) -> list[Box]:
        """Every laid-out box in document order, linked into one tree; the first is the document's."""
        index = _ints(self.layout.get("nodeIndex"))
        bounds, texts = self.layout.get("bounds"), self.layout.get("text")
        orders = _ints(self.layout.get("paintOrders"))
        boxes: list[Box] = []
        by_node: dict[int, Box] = {}
        for i, node in enumerate(index):
            x, y, width, height = self._rect(bounds, i)
            text = texts[i] if isinstance(texts, list) and i < len(texts) else -1
            box = Box(self, i, node, self.name(node), x, y, width, height, orders[i] if i < len(orders) else 0)
            box.styles = self.styles[i] if i < len(self.styles) else None
            box.text = self.string(text) if isinstance(text, int) and text >= 0 else None
            box.parent = by_node.get(node) or self._parent_box(node, by_node)
            if box.parent is not None:
                box.parent.children.append(box)
            by_node.setdefault(node, box)
            boxes.append(box)
        straighten(boxes)
        self._attach_lines(boxes)
        boxes = _open(boxes)
        _rank(boxes)
        return boxes

    def _parent_box(self, node: int, by_node: dict[int, Box]) -> Box | None:
        seen = 0
        while 0 <= node < len(self.parents) and seen < self.count:
            parent = self.parents[node]
            if parent >= node:  # a parent comes before its children; anything else is a cycle
                return None
            if parent in by_node:
                return by_node[parent]
            node, seen = parent, seen + 1
        return None

    def _rect(self, bounds: Any, i: int) -> tuple[float, float, float, float]:
        row = bounds[i] if isinstance(bounds, list) and 0 <= i < len(bounds) else None
        if not isinstance(row, list) or len(row) < 4 or not all(isinstance(v, int | float) for v in row[:4]):
            return 0.0, 0.0, 0.0, 0.0
        x, y, width, height = (_finite(v) / self.scale for v in row[:4])
        return x, y, max(0.0, width), max(0.0, height)

    def _attach_lines(self, boxes: list[Box]) -> None:
        for owner, bounds, start, length in self._text_boxes():
            if not 0 <= owner < len(boxes) or boxes[owner].text is None:
                continue
            box = boxes[owner]
            x, y, width, height = bounds
            text = _utf16(box.text or "", start, length)
            box.fragments.append(Fragment(x, y, width, height, text, start))
        for box in boxes:
            if box.fragments:
                box.fragments.sort(key=lambda f: f.start)
                _follow_transform(box)

    def _text_boxes(self) -> list[tuple[int, tuple[float, float, float, float], int, int]]:
        data = self._text if isinstance(self._text, dict) else {}
        owners, starts, lengths = (_ints(data.get(k)) for k in ("layoutIndex", "start", "length"))
        bounds = data.get("bounds")
        count = min(len(owners), len(starts), len(lengths))
        return [(owners[i], self._rect(bounds, i), starts[i], lengths[i]) for i in range(count)]


def _open(boxes: list[Box]) -> list[Box]:
    """Without what a closed `details` lays out and does not paint."""
    shut: set[int] = set()
    for box in boxes:
        owner = box.parent
        if owner is None:
            continue
        closed = owner.tag == "DETAILS" and box.tag != "SUMMARY" and "open" not in owner.dom.attributes(owner.node)
        if owner.index in shut or closed:
            shut.add(box.index)
    if not shut:
        return boxes
    for box in boxes:
        if box.index not in shut and box.children:
            box.children = [child for child in box.children if child.index not in shut]
    return [box for box in boxes if box.index not in shut]


def open_dom(snapshot: dict[str, Any]) -> Dom:
    """A checked snapshot's Dom. Raises SnapshotError."""
    check_snapshot(snapshot)
    return Dom(snapshot)


_PLACES = {"::marker": -2, "::before": -1, "::after": 1}


def _rank(boxes: list[Box]) -> None:
    """Put pseudo elements where they are read (the snapshot lists them first) and number all boxes in that order."""
    for box in boxes:
        if len(box.children) > 1:
            box.children.sort(key=lambda child: _PLACES.get(child.tag, 0))
    stack = [box for box in reversed(boxes) if box.parent is None]
    rank = 0
    while stack:
        box = stack.pop()
        box.rank = rank
        rank += 1
        stack.extend(reversed(box.children))


def _ints(values: Any) -> list[int]:
    if not isinstance(values, list):
        return []
    return [v if isinstance(v, int) else -1 for v in values]


def _finite(value: float) -> float:
    return max(-_FAR * 10, min(_FAR * 10, float(value))) if math.isfinite(value) else 0.0


def _utf16(text: str, start: int, length: int) -> str:
    """A slice counted in UTF-16 code units, as the browser counts."""
    if text.isascii() or all(c < "\U00010000" for c in text):
        return text[max(0, start) : max(0, start) + max(0, length)]
    data = text.encode("utf-16-le", "surrogatepass")
    return data[max(0, start) * 2 : (max(0, start) + max(0, length)) * 2].decode("utf-16-le", "replace")


def _follow_transform(box: Box) -> None:
    """Lines lie where layout put them, the box where transforms moved it: move and scale the lines after it."""
    left, top = min(f.x for f in box.fragments), min(f.y for f in box.fragments)
    right = max(f.x + f.width for f in box.fragments)
    bottom = max(f.y + f.height for f in box.fragments)
    if abs(left - box.x) < 0.6 and abs(top - box.y) < 0.6 and abs(right - left - box.width) < 0.6:
        return
    sx = box.width / (right - left) if right > left else 1.0
    sy = box.height / (bottom - top) if bottom > top else 1.0
    for f in box.fragments:
        f.x, f.y = box.x + (f.x - left) * sx, box.y + (f.y - top) * sy
        f.width, f.height = f.width * sx, f.height * sy
