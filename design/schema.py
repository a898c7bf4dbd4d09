"""The tree as JSON, and the JSON Schema of that. Both come from the tree's own types, so they cannot lag behind."""

from __future__ import annotations

import types
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from design.errors import TreeError
from design.tree import (
    MAX_DEPTH,
    At,
    Bound,
    Cell,
    Component,
    Conic,
    Design,
    Linear,
    Node,
    Prop,
    Radial,
    Run,
    Shadow,
    SlotPaint,
    Solid,
    Stop,
    Stroke,
    TextStyle,
    Track,
    Word,
)

FORMAT = "gesso-design/1"
_CLASSES: tuple[type, ...] = (
    Design, Component, Node, At, Cell, Track, Prop, Word, Bound, Run, TextStyle, Solid, Linear, Radial, Conic,
    SlotPaint, Stop, Stroke, Shadow,
)  # fmt: skip
_IN_UNIONS: tuple[type, ...] = (Solid, Linear, Radial, Conic, SlotPaint, Run, Word, Bound, TextStyle)
_TAGS: dict[Any, str] = {cls: cls.__name__.lower() for cls in _IN_UNIONS}
_BY_TAG = {tag: cls for cls, tag in _TAGS.items()}
_HINTS: dict[Any, dict[str, Any]] = {cls: get_type_hints(cls) for cls in _CLASSES}


def to_json(design: Design) -> dict[str, Any]:
    """The design as JSON values; what is as it is by default is left out."""
    return {"format": FORMAT} | _encoded(design, 0)


def _encoded(value: Any, depth: int) -> Any:
    if depth > 8 * MAX_DEPTH:
        raise TreeError(f"the design is nested deeper than {MAX_DEPTH}: flatten it")
    if isinstance(value, tuple):
        return [_encoded(item, depth + 1) for item in value]
    if not is_dataclass(value) or isinstance(value, type):
        return value
    found: dict[str, Any] = {"type": _TAGS[type(value)]} if type(value) in _TAGS else {}
    for field in fields(value):
        item = getattr(value, field.name)
        if field.default is MISSING or item != field.default:
            found[field.name] = _encoded(item, depth + 1)
    return found


def from_json(value: Any) -> Design:
    """The design of such values. Raises TreeError that names the place."""
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise TreeError(f"this is no {FORMAT}: give what to_json made")
    try:
        made = _decoded(Design, {key: item for key, item in value.items() if key != "format"}, "design")
    except RecursionError:
        raise TreeError(f"the design is nested deeper than {MAX_DEPTH}: flatten it") from None
    assert isinstance(made, Design)
    return made


def _decoded(hint: Any, value: Any, at: str) -> Any:
    if is_dataclass(hint):
        return _object(hint, value, at)
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return _decoded(_chosen(get_args(hint), value, at), value, at)
    if origin is Literal:
        if value not in get_args(hint):
            raise TreeError(f"{at}: {str(value)[:40]!r} is none of {', '.join(map(str, get_args(hint)))}")
        return value
    if origin is tuple:
        return _items(get_args(hint), value, at)
    wanted = (int, float) if hint is float else hint
    if not isinstance(value, wanted) or (isinstance(value, bool) and hint is not bool):
        raise TreeError(f"{at}: {str(value)[:40]!r} is no {getattr(hint, '__name__', hint)}")
    return float(value) if hint is float else value


def _items(hints: tuple[Any, ...], value: Any, at: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise TreeError(f"{at}: {str(value)[:40]!r} is no list")
    if len(hints) == 2 and hints[1] is Ellipsis:
        hints = (hints[0],) * len(value)
    if len(hints) != len(value):
        raise TreeError(f"{at}: {len(value)} values where there are {len(hints)}")
    return tuple(_decoded(hint, item, f"{at}[{i}]") for i, (hint, item) in enumerate(zip(hints, value, strict=True)))


def _object(cls: Any, value: Any, at: str) -> Any:
    if not isinstance(value, dict):
        raise TreeError(f"{at}: {str(value)[:40]!r} is no object")
    hints = _HINTS[cls]
    given = {key: item for key, item in value.items() if key != "type" or "type" in hints}
    if unknown := sorted(set(given) - set(hints)):
        raise TreeError(f"{at}: {cls.__name__} has no {unknown[0][:40]!r}")
    missing = [f.name for f in fields(cls) if f.default is MISSING and f.name not in given]
    if missing:
        raise TreeError(f"{at}: {missing[0]!r} is missing")
    return cls(**{key: _decoded(hints[key], item, f"{at}.{key}") for key, item in given.items()})


def _chosen(options: tuple[Any, ...], value: Any, at: str) -> Any:
    """Which of a union's types a value is of."""
    if isinstance(value, dict) and len(found := [o for o in options if is_dataclass(o)]) > 0:
        tagged = _BY_TAG.get(value.get("type", ""))
        if tagged in found:
            return tagged
        if len(found) == 1:
            return found[0]
        raise TreeError(f"{at}: {str(value.get('type'))[:40]!r} is none of {', '.join(_TAGS[o] for o in found)}")
    if value is None and types.NoneType in options:
        return types.NoneType
    if isinstance(value, str):
        literal = next((o for o in options if get_origin(o) is Literal), None)
        return literal or next((o for o in options if o is str), options[0])
    if isinstance(value, bool):
        return bool if bool in options else options[0]
    return next((o for o in options if o in (float, int)), options[0])


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of `to_json`'s values."""
    definitions = {cls.__name__: _of_class(cls) for cls in _CLASSES}
    design = definitions.pop("Design")
    design["properties"] = {"format": {"const": FORMAT}} | design["properties"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Gesso design",
        **design,
        "required": ["format"],
        "$defs": definitions,
    }


def _of_class(cls: Any) -> dict[str, Any]:
    hints = _HINTS[cls]
    properties = {field.name: _of_hint(hints[field.name]) for field in fields(cls)}
    required = [field.name for field in fields(cls) if field.default is MISSING]
    if tag := _TAGS.get(cls):
        properties = {"type": {"const": tag}} | properties
        required = ["type", *required]
    about = " ".join((cls.__doc__ or "").split("\n\n")[0].split())
    return {
        "type": "object",
        "description": about,
        "properties": properties,
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def _of_hint(hint: Any) -> dict[str, Any]:
    if is_dataclass(hint):
        return {"$ref": f"#/$defs/{hint.__name__}"}  # type: ignore[union-attr]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return {"anyOf": [_of_hint(option) for option in arguments]}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return {"type": "array", "items": _of_hint(arguments[0])}
        return {
            "type": "array",
            "prefixItems": [_of_hint(a) for a in arguments],
            "items": False,
            "minItems": len(arguments),
        }
    return {"type": {str: "string", bool: "boolean", int: "integer", float: "number", types.NoneType: "null"}[hint]}
