"""Reads what one annotation or prediction says, strictly: Label Studio's interface stores whatever it is sent.

A result is a list of regions `{from_name, to_name, type, value, id, origin}`; each reader takes those of one control.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotations.errors import GessoError
from annotations.events import ORIGINS

MAX_REGIONS = 2000
MAX_TEXT = 4000
RIM = 1e-3  # percent: what drawing up to the picture's rim leaves in rounding


class ResultError(GessoError):
    """A result that the task does not allow. `kind` is to count by."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


@dataclass(frozen=True)
class Box:
    """Fractions of the picture's width and height, 0 … 1."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Answer:
    """One thing that was said about one of the pictures shown; `item` counts them from 0. See events.VALUES."""

    aspect: str
    value: float | None = None
    label: str | None = None
    item: int = 0
    box: Box | None = None
    region_id: str | None = None
    origin: str = "manual"


Region = Mapping[str, Any]


@dataclass(frozen=True)
class Control:
    """A control of a labelling page: what its regions must carry."""

    name: str
    to: str
    type: str


def regions_by_control(result: Any, controls: Sequence[Control]) -> dict[str, list[Region]]:
    """The regions of each control. Raises ResultError where one belongs to none or says so wrongly."""
    if not isinstance(result, list):
        raise ResultError("not_a_list", f"the result is a {type(result).__name__}: it must be a list of regions")
    if len(result) > MAX_REGIONS:
        raise ResultError("too_many", f"the result has {len(result)} regions: at most {MAX_REGIONS} are read")
    known = {control.name: control for control in controls}
    found: dict[str, list[Region]] = {name: [] for name in known}
    for region in result:
        if not isinstance(region, Mapping):
            raise ResultError("not_a_region", f"{_short(region)} is no region")
        control = known.get(str(region.get("from_name")))
        if control is None:
            raise ResultError("unknown_control", f"{_short(region.get('from_name'))} is no control of this page")
        if region.get("to_name") != control.to:
            raise ResultError(
                "wrong_object", f"{control.name} is about {control.to}, not {_short(region.get('to_name'))}"
            )
        if region.get("type") != control.type:
            raise ResultError(
                "wrong_type", f"{control.name} is of type {control.type}, not {_short(region.get('type'))}"
            )
        if not isinstance(region.get("value"), Mapping):
            raise ResultError("no_value", f"{control.name} has no value")
        found[control.name].append(region)
    return found


def origin_of(region: Region) -> str:
    """Who drew it: a person, the model, or a person over the model's. Raises ResultError for anything else."""
    origin = region.get("origin") or "manual"
    if origin not in ORIGINS:
        raise ResultError("unknown_origin", f"origin is {_short(origin)}: it must be one of {', '.join(ORIGINS)}")
    return str(origin)


def only(regions: Sequence[Region], name: str, *, required: bool = False) -> Region | None:
    """The one region of a control, or None. Raises ResultError for several, or for none where one is required."""
    if len(regions) > 1:
        raise ResultError("twice", f"{name} is answered {len(regions)} times: once is right")
    if not regions and required:
        raise ResultError("missing", f"{name} is not answered, but it is required")
    return regions[0] if regions else None


def rating(region: Region, name: str, highest: int) -> int:
    """A whole number of 1 … `highest`."""
    value = region["value"].get("rating")
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= highest:
        raise ResultError("rating_range", f"{name} is {_short(value)}: it must be a whole number of 1 to {highest}")
    return value


def choice(region: Region, name: str, known: Collection[str]) -> str:
    """The one choice that was made."""
    value = region["value"].get("choices")
    if not isinstance(value, list) or len(value) != 1:
        raise ResultError("not_one_choice", f"{name} is {_short(value)}: it must be a list of one choice")
    if not isinstance(value[0], str) or value[0] not in known:
        raise ResultError(
            "unknown_choice", f"{name} is {_short(value[0])}: it must be one of {', '.join(sorted(known))}"
        )
    return value[0]


def text(region: Region, name: str) -> str:
    """What was written, without what surrounds it; several lines of one field are joined."""
    value = region["value"].get("text")
    lines = [value] if isinstance(value, str) else value
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise ResultError("not_text", f"{name} is {_short(value)}: it must be a list of texts")
    joined = "\n".join(line.strip() for line in lines).strip()
    if len(joined) > MAX_TEXT:
        raise ResultError("text_length", f"{name} has {len(joined)} characters: at most {MAX_TEXT} are read")
    if any(ord(character) < 32 and character not in "\n\t" for character in joined):
        raise ResultError("not_text", f"{name} has control characters in it")
    return joined


def labelled_box(region: Region, name: str, known: Collection[str]) -> tuple[str, Box, str]:
    """(label, box, region id). Label Studio's numbers are percent of the picture. Raises ResultError where the box has
    no area, is turned, or leaves the picture."""
    value = region["value"]
    labels = value.get("rectanglelabels")
    if not isinstance(labels, list) or len(labels) != 1:
        raise ResultError("not_one_label", f"{name} has the labels {_short(labels)}: a box has one")
    if not isinstance(labels[0], str) or labels[0] not in known:
        raise ResultError(
            "unknown_label", f"{name} has the label {_short(labels[0])}: it must be one of {', '.join(known)}"
        )
    numbers = [value.get(key) for key in ("x", "y", "width", "height")]
    if not all(isinstance(n, int | float) and not isinstance(n, bool) and math.isfinite(n) for n in numbers):
        raise ResultError("box_numbers", f"{name} has the box {_short(numbers)}: it must be four finite numbers")
    x, y, width, height = (float(n) for n in numbers)
    if width <= 0 or height <= 0:
        raise ResultError("box_area", f"{name} has a box of {width:g} × {height:g} %: it has no area")
    if x < -RIM or y < -RIM or x + width > 100 + RIM or y + height > 100 + RIM:
        raise ResultError("box_outside", f"{name} has a box that leaves the picture: {_short(numbers)}")
    if value.get("rotation") not in (None, 0, 0.0):
        raise ResultError(
            "box_turned", f"{name} has a box turned by {_short(value.get('rotation'))}°: boxes stand upright"
        )
    left, top = max(x, 0.0) / 100, max(y, 0.0) / 100
    box = Box(left, top, min(x + width, 100.0) / 100 - left, min(y + height, 100.0) / 100 - top)
    region_id = region.get("id")
    if not isinstance(region_id, str) or not region_id or len(region_id) > 64:
        raise ResultError("no_region_id", f"{name} has a box without an id")
    return labels[0], box, region_id


def ranking(region: Region, name: str, count: int) -> list[int]:
    """The items' numbers, best first: each of `count` once."""
    value = region["value"].get("ranker")
    order = value.get(name) if isinstance(value, Mapping) and len(value) == 1 else None
    if not isinstance(order, list) or not all(isinstance(one, str) for one in order):
        raise ResultError("not_a_ranking", f"{name} is {_short(value)}: it must be a list of items, best first")
    if sorted(order) != sorted(str(number) for number in range(count)):
        raise ResultError(
            "not_a_ranking", f"{name} is {_short(order)}: each of the {count} items must stand in it once"
        )
    return [int(one) for one in order]


def _short(value: Any) -> str:
    return repr(value)[:60]
