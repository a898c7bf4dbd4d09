"""Design tokens → the W3C Design Tokens format (Community Group, version 2025.10), as a JSON object."""

from __future__ import annotations

from typing import Any

from design.tree import Design, Shadow, Solid, TextStyle


def to_tokens(design: Design) -> dict[str, Any]:
    """Groups `color`, `font`, `typography`, `space`, `radius` and `shadow`, each where the design has such tokens."""
    palette, fonts = dict(design.palette), dict(design.fonts)
    groups: dict[str, dict[str, Any]] = {
        "color": {name: _token("color", _color(Solid(color), palette)) for name, color in design.palette},
        "font": {name: _token("fontFamily", _families(family)) for name, family in design.fonts},
        "typography": {name: _token("typography", _type(style, fonts)) for name, style in design.styles},
        "space": {name: _token("dimension", _px(value)) for name, value in design.spaces},
        "radius": {name: _token("dimension", _px(value)) for name, value in design.corners},
        "shadow": {name: _token("shadow", _shadows(shadows, palette)) for name, shadows in design.shadows},
    }
    return {name: tokens for name, tokens in groups.items() if tokens}


def _token(type_: str, value: Any) -> dict[str, Any]:
    return {"$type": type_, "$value": value}


def _px(value: float) -> dict[str, Any]:
    return {"value": value, "unit": "px"}


def _color(solid: Solid, palette: dict[str, str]) -> Any:
    """A colour, or a reference to a token that stands for just this one."""
    name = solid.color[1:]
    if solid.color.startswith("$"):
        if name in palette and solid.alpha == 1:
            return f"{{color.{name}}}"
        solid = Solid(palette.get(name, "#888888"), solid.alpha)
    digits = solid.color[1:] + ("ff" if len(solid.color) == 7 else "")
    red, green, blue, alpha = (round(int(digits[i : i + 2], 16) / 255, 4) for i in (0, 2, 4, 6))
    return {"colorSpace": "srgb", "components": [red, green, blue], "alpha": alpha, "hex": solid.color[:7]}


def _families(family: str) -> Any:
    names = [name for part in family.split(",") if (name := part.strip().strip("\"'"))]
    return names if len(names) > 1 else (names or ["sans-serif"])[0]


def _type(style: TextStyle, fonts: dict[str, str]) -> dict[str, Any]:
    name = style.family[1:] if style.family.startswith("^") else ""
    value: dict[str, Any] = {
        "fontFamily": f"{{font.{name}}}" if name in fonts else _families("sans-serif" if name else style.family),
        "fontSize": _px(style.size),
        "fontWeight": style.weight,
        "letterSpacing": _px(style.letter_spacing),
        # The format has line height as a factor of the size; 1.2 is what browsers take for a font that says nothing.
        "lineHeight": round(style.line_height / style.size, 4) if style.line_height else 1.2,
    }
    return value | ({"fontStyle": "italic"} if style.italic else {})


def _shadows(shadows: tuple[Shadow, ...], palette: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "color": _color(shadow.color, palette),
            "offsetX": _px(shadow.x),
            "offsetY": _px(shadow.y),
            "blur": _px(shadow.blur),
            "spread": _px(shadow.spread),
            "inset": shadow.inner,
        }
        for shadow in shadows
    ]
