"""What gives an element its extents: its content, its container, or a number of its own.

From what the style sheets say, where the snapshot holds it; geometry alone cannot tell a frame that is as wide as its
text from one that happens to be.
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

from design.dom.snapshot import Box

Sizing: TypeAlias = Literal["", "hug", "fill", "share", "fixed"]  # "": not known; share: a part of the container's
Sizings: TypeAlias = tuple[Sizing, Sizing]
UNKNOWN: Sizings = ("", "")
_NEAR = 1.0  # CSS px
_FAR = 1.5  # of a box's width: its limit is not to be seen from there
_REPLACED = frozenset(
    {"IMG", "CANVAS", "VIDEO", "IFRAME", "OBJECT", "EMBED", "svg", "INPUT", "SELECT", "TEXTAREA", "HR"}
)
_CONTROLS = frozenset({"INPUT", "SELECT", "TEXTAREA"})  # as high as their line, whatever says so
_BLOCKS = frozenset({"block", "flex", "grid", "list-item", "flow-root"})
_CONTENT = re.compile(r"(?:min-|max-|fit-)content\b")
_SIDES = (("left", "right"), ("top", "bottom"))
_AXES = ("width", "height")


def sizing(box: Box) -> Sizings:
    """How wide and how high it is by: both "" where the style sheets are not known."""
    if not box.authored("width") or box.css("display") == "contents":
        return UNKNOWN
    owner = container(box)
    if owner is None:
        return UNKNOWN
    if box.css("display").startswith("table-"):
        return "fill", "fill" if box.css("display") == "table-cell" else "hug"
    high: Sizing = "" if box.tag in _CONTROLS else _limited(box, 1, _of(box, owner, 1))
    return _limited(box, 0, _of(box, owner, 0)), high


def container(box: Box) -> Box | None:
    """The box that lays this one out."""
    owner = box.parent
    while owner is not None and owner.css("display") == "contents":
        owner = owner.parent
    return owner


def keeps(box: Box) -> bool:
    """Whether a box's height follows its width: a picture's, or one with an aspect ratio."""
    if box.authored("height") != "auto" or not box.authored("width"):
        return False
    return box.tag in ("IMG", "VIDEO", "CANVAS", "svg") or box.css("aspect-ratio") not in ("", "auto")


def centred(box: Box) -> bool:
    """Whether it stands in the middle of its row, or of its grid's cell, by an alignment or margins of its own."""
    owner = container(box)
    if owner is None or not owner.css("display").endswith(("flex", "grid")):
        return False
    if owner.css("display").endswith("flex") and owner.css("flex-direction").startswith("column"):
        return False
    held = all(box.authored(f"margin-{side}", "0") == "auto" for side in _SIDES[1])
    return held or _own_alignment(box, owner, "align") == "center"


def floor(box: Box) -> float:
    """The least height that makes a box as high as it is, where its content does not; 0 for others."""
    least = box.px("min-height")
    return least if box.authored("height") == "auto" and least and box.height - least < _NEAR else 0.0


def most(box: Box) -> float:
    """The width that a box which fills its container would not go beyond, where that is near; 0 for others."""
    limit = box.px("max-width")
    near = box.width + _NEAR < limit < _FAR * box.width
    return limit if near and box.css("max-width").endswith("px") and sizing(box)[0] == "fill" else 0.0


def _of(box: Box, owner: Box, axis: int) -> Sizing:
    given = box.authored(_AXES[axis])
    out = box.css("position") in ("absolute", "fixed")
    if "%" in given:
        if re.match(r"(?:min|clamp|max)\(", given) and _among(given, box.height if axis else box.width):
            return "fixed"
        return "fill" if _spans(box, owner, axis) or given.startswith("calc(100%") else "share"
    if given == "auto":
        if out:
            return "fill" if all(box.authored(side) not in ("", "auto") for side in _SIDES[axis]) else "hug"
        return _auto(box, owner, axis)
    if _CONTENT.match(given):
        return "hug"
    return "fill" if given in ("stretch", "-webkit-fill-available") else "fixed"


def _auto(box: Box, owner: Box, axis: int) -> Sizing:
    """Of a box in the flow that says nothing of itself."""
    display = owner.css("display")
    fixed: Sizing = "fixed" if box.tag in _REPLACED else "hug"
    if display.endswith("flex"):
        along = 1 if owner.css("flex-direction").startswith("column") else 0
        if axis == along:
            if box.css("flex-grow") not in ("", "0"):
                return "fill"
            basis = box.css("flex-basis")
            return fixed if basis in ("", "auto", "content") else "share" if "%" in basis else "fixed"
        stretched = _own_alignment(box, owner, "align") in ("normal", "stretch")
    elif display.endswith("grid"):
        stretched = _own_alignment(box, owner, "align" if axis else "justify") in ("normal", "stretch", "legacy")
    else:
        stretched = (
            not axis
            and box.css("display") in _BLOCKS
            and box.css("float") in ("none", "")
            and box.tag not in ("BUTTON", "SUMMARY")
        )
    moved = any(box.authored(f"margin-{side}", "0") == "auto" for side in _SIDES[axis])
    if moved and display.endswith(("flex", "grid")):
        stretched = False
    return "fill" if stretched and box.tag not in _REPLACED else fixed


def _own_alignment(box: Box, owner: Box, word: str) -> str:
    own = box.css(f"{word}-self")
    own = own if own not in ("", "auto") else owner.css(f"{word}-items")
    return own or "normal"


def _limited(box: Box, axis: int, found: Sizing) -> Sizing:
    """What would fill and has come to its own limit is as large as that."""
    most = box.px(f"max-{_AXES[axis]}")
    if found == "fill" and box.parent is not None and box.parent.tag == "BODY" and _spans(box, box.parent, axis):
        return found  # the limit is the window
    extent = box.height if axis else box.width
    return "fixed" if found in ("fill", "share", "hug") and most and extent > most - _NEAR else found


def _among(given: str, extent: float) -> bool:
    """Whether a length is one of those in px that an expression chooses from."""
    return any(abs(float(number) - extent) < _NEAR for number in re.findall(r"([\d.]+)px", given))


def _spans(box: Box, owner: Box, axis: int) -> bool:
    """Whether it takes all of its container's inside."""
    extent, inside = (box.height, owner.height) if axis else (box.width, owner.width)
    for side in _SIDES[axis]:
        inside -= owner.px(f"padding-{side}") + owner.px(f"border-{side}-width")
        inside -= 0.0 if box.authored(f"margin-{side}", "0") == "auto" else box.px(f"margin-{side}")
    return abs(extent - inside) < _NEAR
