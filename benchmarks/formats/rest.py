"""One design as the REST API would answer it."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.formats.properties import Properties, PropertyWriter, minified, node_type
from design.tree import Design, Node


def rest_json(design: Design) -> str:
    """What the REST API answers for the same nodes, without ids of styles, geometry of vectors and prototyping."""
    work = PropertyWriter(design, styles=False, explicit=False)
    count = iter(range(1, 1_000_000))
    tops = [component.root for component in design.components] + list(design.roots)
    return minified({"document": {"id": "0:0", "type": "DOCUMENT", "children": [_rest(work, n, count) for n in tops]}})


def _rest(work: PropertyWriter, node: Node, count: Iterator[int]) -> Properties:
    """One node as the REST API gives it: every paint with its blend mode, every box with its place."""
    own = work.of(node, None)
    paints = own.pop("fills", None)
    for key in ("width", "height", "ranges", "component", "properties"):
        own.pop(key, None)
    found: Properties = {
        "id": f"1:{next(count)}",
        "name": node.name or node_type(node).title(),
        "type": node_type(node),
    }
    found |= {"blendMode": own.pop("blendMode", "PASS_THROUGH")}
    width, height = (length if isinstance(length, float) else 100.0 for length in (node.width, node.height))
    place = (node.at.x, node.at.y) if node.at else (0.0, 0.0)
    found["absoluteBoundingBox"] = {"x": place[0], "y": place[1], "width": width, "height": height}
    found["constraints"] = own.pop("constraints", {"vertical": "TOP", "horizontal": "LEFT"})
    found["fills"] = [{"blendMode": "NORMAL"} | _with_alpha(paint) for paint in paints or []]
    found["strokes"] = [{"blendMode": "NORMAL"} | _with_alpha(paint) for paint in own.pop("strokes", [])]
    if node.kind == "t":
        style = work.type(node.style)
        font = style.pop("fontName", {"family": "Inter", "style": "Regular"})
        found["characters"] = own.pop("characters")
        found["style"] = {
            "fontFamily": font["family"],
            "fontPostScriptName": f"{font['family']}-{font['style']}".replace(" ", ""),
            "fontWeight": 400 if font["style"] == "Regular" else 700,
            "fontSize": style.get("fontSize", 16.0),
            "textAlignHorizontal": own.pop("textAlignHorizontal", "LEFT"),
            "textAlignVertical": "TOP",
            "letterSpacing": style.get("letterSpacing", {}).get("value", 0.0),
            "lineHeightPx": style.get("lineHeight", {}).get("value", 20.0),
            "lineHeightUnit": "PIXELS",
        }
    for key in ("fontName", "fontSize", "lineHeight", "letterSpacing", "textAutoResize"):
        own.pop(key, None)
    found |= {key: value for key, value in own.items() if key != "name"}
    found["effects"] = own.get("effects", [])
    if node.children:
        found["children"] = [_rest(work, child, count) for child in node.children]
    return found


def _with_alpha(paint: Properties) -> Properties:
    return paint | ({"color": paint["color"] | {"a": 1.0}} if "color" in paint else {})
