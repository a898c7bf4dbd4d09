"""The one way to write a notation text: short keys, their order, comments where they stood."""

from __future__ import annotations

from collections.abc import Sequence

from design.errors import NotationError
from design.notation.read import Reader
from design.notation.write import printed


def format_text(text: str, *, mend: bool = False) -> tuple[str, tuple[NotationError, ...]]:
    """The text as it is printed, with its comments before the line that they stood before.

    Raises NotationError where it does not parse; with `mend` leaves out what cannot be read, and gives the errors.
    """
    errors: list[NotationError] = []
    reader = Reader(on_error=errors.append if mend else None)
    reader.feed(text)
    design = reader.finish()
    places: list[tuple[int, tuple[str | int, str | int]]]
    places = [(line, key) for key, line in reader.token_lines.items() if key[0] != "+"]
    tops = [*(component.root for component in design.components), *design.roots]
    for top in tops:
        places += [(line, (id(top), place)) for place, line in enumerate(reader.layer_lines[id(top)])]
    before = _owners(reader.comments, sorted(places, key=lambda entry: entry[0]))
    out: list[str] = []
    for keys, line in printed(design):
        comments = [comment for key in keys for comment in before.pop(key, ())]
        out += [" " * (len(line) - len(line.lstrip(" "))) + comment for comment in comments]
        out.append(line)
    out += [comment for comments in before.values() for comment in comments]
    return "".join(f"{line}\n" for line in out), tuple(errors)


def _owners(comments: list[tuple[int, str]], places: Sequence[tuple[int, object]]) -> dict[object, list[str]]:
    """What each comment stands before: the next line that says something, or None at the end."""
    found: dict[object, list[str]] = {}
    at = 0
    for line, comment in comments:
        while at < len(places) and places[at][0] < line:
            at += 1
        found.setdefault(places[at][1] if at < len(places) else None, []).append(comment)
    return found
