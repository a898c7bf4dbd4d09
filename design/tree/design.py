"""A whole design: its tokens, its components and its frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from design.errors import TreeError
from design.tree.node import Node, walk
from design.tree.paint import Shadow, Solid
from design.tree.text import TextStyle
from design.tree.values import COMPONENT, one_line, positive, put, token

T = TypeVar("T")
Named = tuple[tuple[str, T], ...]


@dataclass(frozen=True, slots=True)
class Component:
    """A layer to be used many times. Components of one name are variants of it, told apart by `variant`
    (property, value); the first is what an instance is that names none.

    What can be given to an instance is what layers of `root` are bound to (`Node.bind`, `Node.shown`).
    """

    name: str
    root: Node
    variant: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if not COMPONENT.match(self.name):
            raise TreeError(f"{self.name[:80]!r} is no component's name: a capital, then letters, digits, - and _")
        variant = tuple((token(key, "variant property"), one_line(value, 64)) for key, value in self.variant)
        if not all(value for _, value in variant):
            raise TreeError(f"a variant of {self.name} has an empty value: give it a word")
        if len({key for key, _ in variant}) != len(variant):
            raise TreeError(f"a variant of {self.name} has one property twice: give each once")
        put(self, variant=variant)


@dataclass(frozen=True, slots=True)
class Design:
    """Tokens, components and root frames. Tokens are (name, value) pairs in the order in which they are written.

    palette     colours, referred to as `$name`
    fonts       CSS family lists, `^name`
    styles      type, by its name in `Node.style`
    components  no two with one name and variant, and none that holds itself
    spaces      px of paddings and gaps; a node has the token whose value it has
    corners     px of radii, in the same way
    shadows     one or several shadows; a node has the token that equals all of its shadows
    """

    roots: tuple[Node, ...] = ()
    palette: Named[str] = ()
    fonts: Named[str] = ()
    styles: Named[TextStyle] = ()
    components: tuple[Component, ...] = ()
    spaces: Named[float] = ()
    corners: Named[float] = ()
    shadows: Named[tuple[Shadow, ...]] = ()

    def __post_init__(self) -> None:
        for names in (self.palette, self.fonts, self.styles, self.spaces, self.corners, self.shadows):
            for name, _ in names:
                token(name, "token's name")
            if len({name for name, _ in names}) != len(names):
                raise TreeError("two tokens have one name: give each its own")
        put(self, palette=tuple((name, _literal(color)) for name, color in self.palette))
        families = tuple((name, TextStyle(family).family) for name, family in self.fonts)
        if any(family.startswith("^") for _, family in families):
            raise TreeError("a font token names another: give it a family list")
        put(self, fonts=families, spaces=_numbers(self.spaces), corners=_numbers(self.corners))
        if not all(shadows for _, shadows in self.shadows):
            raise TreeError("a shadow token is empty: give it a shadow")
        put(self, shadows=tuple((name, tuple(shadows)) for name, shadows in self.shadows))
        check_components(self.components)


def _numbers(values: Named[float]) -> Named[float]:
    return tuple((name, positive(value)) for name, value in values)


def _literal(color: str) -> str:
    if color.startswith("$"):
        raise TreeError(f"palette colour {color[:80]!r} names another: give it as #rrggbb")
    return Solid(color).color


def check_components(components: tuple[Component, ...]) -> None:
    """Raises TreeError where two are the same variant, or where a component holds itself, through others or not."""
    if not components:
        return
    uses: dict[str, set[str]] = {}
    seen = set()
    for component in components:
        key = component.name, frozenset(component.variant)
        if key in seen:
            raise TreeError(f"component {component.name} is there twice with one variant: give each its own")
        seen.add(key)
        inner = {node.component for node, _ in walk(component.root) if node.component}
        uses.setdefault(component.name, set()).update(inner)
    done: set[str] = set()
    for name in uses:
        open_: list[str] = []
        stack = [(name, False)]
        while stack:
            current, leaving = stack.pop()
            if leaving:
                open_.pop()
                done.add(current)
            elif current in open_:
                cycle = " → ".join([*open_[open_.index(current) :], current][:8])
                raise TreeError(f"a component holds itself ({cycle}): take one of the instances out")
            elif current not in done and current in uses:
                open_.append(current)
                stack.append((current, True))
                stack.extend((inner, False) for inner in uses[current])
