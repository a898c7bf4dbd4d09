"""Payloads damaged at random: nodes dropped, replaced or given another type."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(1 << 70), 1 << 70),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(
        ["", "12", "1e400", "http://[", "//a.test/x.png", "https://a.test:99999/", "\ud800", "NaN", "\x00"]
    ),
    st.sampled_from([[], {}, [[]], [None], {"": None}, [{}], ["http://img.test/1.png"]]),
)


@st.composite
def damaged(draw: st.DrawFn, payload: Any, *, most: int = 6) -> Any:
    """The payload with up to `most` of its nodes changed."""
    box = [copy.deepcopy(payload)]
    for _ in range(draw(st.integers(1, most))):
        places = _places(box)
        holder, key = places[draw(st.integers(0, len(places) - 1))]
        how = draw(st.sampled_from(["drop", "replace", "wrap", "repeat"]))
        if how == "drop" and holder is not box:
            del holder[key]
        elif how == "wrap":
            holder[key] = [holder[key]] if draw(st.booleans()) else {"x": holder[key]}
        elif how == "repeat":
            holder[key] = [holder[key], copy.deepcopy(holder[key])]
        else:
            holder[key] = copy.deepcopy(draw(VALUES))  # else a later change would reach the strategy's own
    return box[0]


def _places(value: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting and len(found) < 5000:
        node = waiting.pop()
        keys = list(node) if isinstance(node, dict) else range(len(node))
        for key in keys:
            found.append((node, key))
            if isinstance(node[key], dict | list) and node[key]:
                waiting.append(node[key])
    return found
