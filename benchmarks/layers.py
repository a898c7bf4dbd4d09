"""Layers of html-to-figma and its kin, drawn as the HTML of what Figma would show of them.

What is assumed of Figma: a frame or rectangle is a box in its parent; fills lie over each other in their order; an
image fills its box (FILL) or fits into it (FIT), centred; a stroke lies inside its box; a drop shadow is CSS's of the
same numbers. A text is set in its family's Regular, since a layer names neither weight nor style; its line height is
shared out above and below; it breaks at its box's width and grows downwards. SVG is drawn by itself, without the page's
style sheets, and scaled to its box. Where Figma's behaviour is open, the converter is given the better of it: a
page's own fonts count as installed, the whole list of families counts, and all images that the page loaded resolve.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from typing import Any

from design import FontFace

Layer = Mapping[str, Any]

PAPER = "#FFFFFF"  # a new frame's fill
CASES = {"UPPER": "uppercase", "LOWER": "lowercase", "TITLE": "capitalize"}
DECORATIONS = {"UNDERLINE": "underline", "STRIKETHROUGH": "line-through"}
ALIGNS = {"LEFT": "left", "CENTER": "center", "RIGHT": "right", "JUSTIFIED": "justify"}
CORNERS = ("topLeft", "topRight", "bottomRight", "bottomLeft")
SQUARE = "0px 0px 0px 0px"
SVG = "data:image/svg+xml"
UNQUOTED = {ord(character): f"%{ord(character):02X}" for character in "'\"()\\\n"}


def draw(root: Layer, images: Mapping[str, str], fonts: Sequence[tuple[FontFace, str]] = ()) -> str:
    """A page with the layers of `root`. `images` and `fonts` give data URIs; an image that is missing is not drawn."""
    faces = "".join(
        f"@font-face{{font-family:{_quoted(face.family)};font-weight:{_plain(face.weight)};"
        f"font-style:{_plain(face.style)};src:url({uri})}}"
        for face, uri in fonts
    )
    style = f"html,body{{margin:0;background:{PAPER}}}body{{position:relative;overflow:hidden;{_size(root)}}}"
    return (
        f'<!doctype html><html><head><meta charset="utf-8"><style>{faces}{style}</style></head>'
        f"<body>{_layer(root, images)}</body></html>"
    )


def image_urls(root: Layer) -> set[str]:
    """The addresses of all images that layers are filled with."""
    found = {str(fill.get("url")) for fill in _fills(root) if fill.get("type") == "IMAGE" and fill.get("url")}
    for child in root.get("children") or ():
        found |= image_urls(child)
    return found


def _layer(layer: Layer, images: Mapping[str, str]) -> str:
    kind = layer.get("type")
    if kind == "TEXT":
        return _text(layer)
    inside = "".join(_layer(child, images) for child in layer.get("children") or ())
    drawn = [_image(f"{SVG};base64,{_base64(str(layer.get('svg') or ''))}")] if kind == "SVG" else []
    paints = []
    for fill in _fills(layer):
        uri = images.get(str(fill.get("url")), "") if fill.get("type") == "IMAGE" else ""
        if uri.startswith(SVG):  # becomes a vector, which lies over the fills and has no way to fill or fit
            drawn.append(_image(uri))
        else:
            paints.append(_paint(fill, uri))
    radius = " ".join(f"{_number(layer.get(f'{corner}Radius')):g}px" for corner in CORNERS)
    style = [
        f"position:absolute;left:{_number(layer.get('x'))}px;top:{_number(layer.get('y'))}px;{_size(layer)}",
        f"border-radius:{radius}" if radius != SQUARE else "",
        f"background:{','.join(reversed([p for p in paints if p]))}" if any(paints) else "",
        _shadows(layer),
        f"opacity:{_number(layer.get('opacity'), 1)}" if layer.get("opacity", 1) != 1 else "",
        "overflow:hidden" if layer.get("clipsContent") else "",
    ]
    return f'<div style="{_style(style)}">{"".join(drawn)}{_stroke(layer)}{inside}</div>'


def _text(layer: Layer) -> str:
    size, line = _number(layer.get("fontSize"), 12), _value(layer.get("lineHeight"))
    colors = [_color(fill) for fill in _fills(layer) if fill.get("type") == "SOLID"]
    spacing = _value(layer.get("letterSpacing"))
    style = [
        f"position:absolute;left:{_number(layer.get('x'))}px;top:{_number(layer.get('y'))}px",
        f"width:{_number(layer.get('width')) or 1}px;white-space:pre-wrap;overflow-wrap:break-word",
        f"color:{colors[-1] if colors else '#000000'}",
        f"font-family:{layer.get('fontFamily') or 'Roboto'};font-size:{size}px;font-weight:400",
        f"line-height:{line}px" if line else "line-height:normal",
        f"letter-spacing:{spacing}px" if spacing else "",
        f"text-align:{ALIGNS.get(str(layer.get('textAlignHorizontal')), 'left')}",
        f"text-transform:{CASES[case]}" if (case := str(layer.get("textCase"))) in CASES else "",
        f"text-decoration:{DECORATIONS[kind]}" if (kind := str(layer.get("textDecoration"))) in DECORATIONS else "",
    ]
    fits = f'data-height="{_number(layer.get("height")) or 1}" data-line="{line}" data-size="{size}"'
    return f'<div {fits} style="{_style(style)}">{html.escape(str(layer.get("characters") or ""))}</div>'


def _fills(layer: Layer) -> list[Mapping[str, Any]]:
    fills = layer.get("fills")
    return [fill for fill in fills if fill and fill.get("visible", True)] if isinstance(fills, list) else []


def _paint(fill: Mapping[str, Any], uri: str) -> str:
    if fill.get("type") == "SOLID":
        color = _color(fill)
        return f"linear-gradient({color},{color})"
    size = "contain" if fill.get("scaleMode") == "FIT" else "cover"
    return f"url('{uri.translate(UNQUOTED)}') center/{size} no-repeat" if uri else ""


def _stroke(layer: Layer) -> str:
    strokes, weight = layer.get("strokes") or (), _number(layer.get("strokeWeight"), 1)
    if not strokes or weight <= 0:
        return ""
    line = f"border:{weight}px solid {_color(strokes[-1])}"
    return f'<div style="position:absolute;inset:0;box-sizing:border-box;border-radius:inherit;{line}"></div>'


def _shadows(layer: Layer) -> str:
    shadows = []
    for effect in layer.get("effects") or ():
        offset = effect.get("offset") or {}
        lengths = (offset.get("x"), offset.get("y"), effect.get("radius"), effect.get("spread"))
        given = {"color": effect.get("color"), "opacity": (effect.get("color") or {}).get("a")}
        shadows.append(f"{' '.join(f'{_number(length)}px' for length in lengths)} {_color(given)}")
    return f"box-shadow:{','.join(shadows)}" if shadows else ""


def _image(uri: str) -> str:
    return f'<img src="{html.escape(uri)}" alt="" style="position:absolute;inset:0;width:100%;height:100%">'


def _size(layer: Layer) -> str:
    return f"width:{_number(layer.get('width')) or 1}px;height:{_number(layer.get('height')) or 1}px"


def _style(parts: Sequence[str]) -> str:
    return html.escape(";".join(part for part in parts if part))


def _color(paint: Mapping[str, Any]) -> str:
    """A paint's colour, of channels from 0 to 1, as CSS."""
    color = paint.get("color") or {}
    channels = ",".join(str(round(255 * _number(color.get(channel)))) for channel in "rgb")
    return f"rgba({channels},{_number(paint.get('opacity'), 1)})"


def _value(length: Any) -> float:
    """What `{"unit": "PIXELS", "value": …}` says; 0 for no length."""
    return _number(length.get("value")) if isinstance(length, Mapping) else 0


def _number(value: Any, otherwise: float = 0) -> float:
    return round(float(value), 3) if isinstance(value, int | float) else otherwise


def _quoted(family: str) -> str:
    return '"' + "".join(character for character in family if character not in '\\"<\n') + '"'


def _plain(value: str) -> str:
    return "".join(character for character in value if character.isalnum() or character in " .-")


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
