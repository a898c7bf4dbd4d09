"""What a component and its properties are called."""

from __future__ import annotations

import re

from design.tree import COMPONENT, FRAMES, Node, TextStyle, walk

_GENERIC = ("", "Section", "Article", "Group")


def component_name(root: Node, taken: set[str]) -> str:
    """A free name: the layer's own where it has one, else what it looks like."""
    own = "".join(re.findall(r"[A-Za-z0-9]+", root.name))[:40]
    base = own if root.name not in _GENERIC and COMPONENT.match(own) else _guess(root)
    name, number = base, 2
    while name in taken:
        name, number = f"{base}{number}", number + 1
    return name


def _guess(root: Node) -> str:
    nodes = [node for node, _ in walk(root)]
    texts = [node for node in nodes if node.kind == "t"]
    pictures = [node for node in nodes if node.kind in ("img", "svg")]
    painted = bool(root.fills or root.strokes or root.shadows)
    inner = any(node.kind in FRAMES and (node.fills or node.strokes) for node in nodes[1:])
    words = sum(len(run.text) for node in texts for run in node.runs)
    if painted and len(texts) == 1 and not inner and words <= 40:
        return "Button" if any(root.padding) or root.kind in ("row", "col") else "Badge"
    if painted and not texts and pictures:
        return "Icon"
    if painted and len(texts) >= 1:
        return "Card"
    if pictures and texts:
        return "Item" if len(texts) == 1 else "Feature"
    return "Entry" if texts else "Tile"


def property_name(node: Node, taken: set[str]) -> str:
    """A free name for what a layer's property gives."""
    if node.kind == "t":
        size = node.style.size if isinstance(node.style, TextStyle) else 0.0
        heading = size >= 20 or (isinstance(node.style, str) and re.match(r"h\d", node.style))
        base = "title" if heading else "text"
    elif node.kind == "svg":
        base = "icon"
    elif node.kind == "img":
        base = "image"
    else:
        base = "fill"
    name, number = base, 2
    while name in taken:
        name, number = f"{base}-{number}", number + 1
    return name
