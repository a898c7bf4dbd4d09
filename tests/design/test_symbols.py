"""An icon that is a symbol of a sprite is drawn where it is used, at its size there and in the colour it inherits."""

from __future__ import annotations

from typing import Any

from design import from_snapshot, to_html

STYLES = ("display", "visibility", "opacity", "color", "fill", "stroke")
PATH = {"d": "M0 0h24v24", "fill": "none", "stroke": "currentColor"}


def sprite(*uses: tuple[str, dict[str, str]]) -> dict[str, Any]:
    """A page with a symbol in a hidden svg and, for each (colour, attributes), an svg of 12 px that uses it."""
    strings = [""]

    def string(text: str) -> int:
        strings.append(text)
        return len(strings) - 1

    nodes: list[tuple[int, str, dict[str, str]]] = [
        (-1, "DIV", {}),
        (0, "svg", {"width": "0", "height": "0"}),
        (1, "symbol", {"id": "tick", "viewBox": "0 0 24 24", "onclick": "alert(1)"}),
        (2, "path", PATH),
    ]
    laid: list[tuple[int, list[float], str]] = [(0, [0, 0, 400, 400], ""), (1, [0, 0, 0, 0], "")]
    for number, (color, attributes) in enumerate(uses):
        bounds = [20.0 * number, 0.0, 12.0, 12.0]
        laid += [(len(nodes), bounds, color), (len(nodes) + 1, bounds, color)]
        nodes += [(0, "svg", {}), (len(nodes), "use", {"href": "#tick"} | attributes)]
    plain = {"display": "block", "visibility": "visible", "opacity": "1"}
    document = {
        "nodes": {
            "parentIndex": [parent for parent, *_ in nodes],
            "nodeName": [string(name) for _, name, _ in nodes],
            "attributes": [[string(word) for pair in own.items() for word in pair] for *_, own in nodes],
        },
        "layout": {
            "nodeIndex": [node for node, *_ in laid],
            "bounds": [bounds for _, bounds, _ in laid],
            "styles": [[string((plain | {"color": color}).get(name, "")) for name in STYLES] for *_, color in laid],
            "text": [-1] * len(laid),
            "paintOrders": list(range(len(laid))),
        },
    }
    return {
        "format": "gesso-dom/1",
        "url": "http://made.test/",
        "page": {"width": 400, "height": 400},
        "computed_styles": list(STYLES),
        "snapshot": {"strings": strings, "documents": [document]},
    }


def sources(*uses: tuple[str, dict[str, str]]) -> list[str]:
    found = from_snapshot(sprite(*uses), components=False)
    assert "<svg" not in to_html(found.design, slots={})
    return [slot.svg for slot in found.slots.values() if slot.svg]


def test_a_symbol_has_the_colour_of_what_uses_it() -> None:
    found = sources(("rgb(0, 0, 255)", {}), ("rgb(255, 0, 0)", {}))
    blue, red = sorted(found, key=lambda source: "rgb(255, 0, 0)" in source)
    assert 'stroke="rgb(255, 0, 0)"' in red
    assert 'stroke="rgb(0, 0, 255)"' in blue
    assert "currentColor" not in red + blue


def test_a_symbol_fills_the_room_that_its_use_gives_it() -> None:
    found = sources(("rgb(1, 2, 3)", {}), ("rgb(1, 2, 3)", {"width": "6", "height": '6"><script>'}))
    whole, half = sorted(found, key=lambda source: 'width="6"' in source)
    assert '<svg id="tick" viewBox="0 0 24 24">' in whole
    assert '<svg id="tick" viewBox="0 0 24 24" width="6">' in half
    assert "script" not in whole + half
    assert "onclick" not in whole + half


def test_a_symbol_that_nobody_uses_is_not_drawn() -> None:
    snapshot = sprite(("rgb(1, 2, 3)", {}))
    layout = snapshot["snapshot"]["documents"][0]["layout"]
    layout["bounds"][1] = [50.0, 50.0, 30.0, 30.0]
    drawn = [slot.svg for slot in from_snapshot(snapshot).slots.values() if slot.svg]
    assert sum("M0 0h24v24" in source for source in drawn) == 1
