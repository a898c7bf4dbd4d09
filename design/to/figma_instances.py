"""Which instances Figma can hold as instances, and what they change of their component."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from design.tree import FRAMES, Component, Design, Node, Prop, Word, expand, variant_of, walk

# What Figma lets an instance change of a layer inside it, and what of its own frame besides.
_INSIDE = {
    *("fills", "strokes", "radii", "shadows", "opacity", "blur", "backdrop", "blend", "visible", "raw", "role", "name"),
    *("style", "text_align", "upper", "underline", "runs", "max_lines", "link"),
}
_ROOT = _INSIDE | {"width", "height", "min_width", "max_width", "min_height", "max_height", "rotation"}
_ROOT |= {"at", "self_align", "cell"}
_STRUCTURE = ("children", "kind", "bind", "shown", "component", "props")
_COMPARED = tuple(f.name for f in fields(Node) if f.name not in _STRUCTURE)
Path = tuple[int, ...]


@dataclass(frozen=True)
class Instance:
    """An instance of the component with that number in the design.

    `changed` maps paths (the number of a child, a level each) to what is there in the component and in the instance;
    the empty path is the instance's own frame and always there.
    """

    component: int
    changed: dict[Path, tuple[Node, Node]]


class Instances:
    """Compares what an instance stands for with what its component shows by itself."""

    def __init__(self, design: Design) -> None:
        self.components = design.components
        self.variants: dict[str, list[int]] = {}
        for number, component in enumerate(design.components):
            self.variants.setdefault(component.name, []).append(number)
        self.shown: dict[int, Node] = {}

    def order(self) -> list[int]:
        """The components' numbers, each behind those that it uses."""
        done: dict[int, None] = {}
        for start in range(len(self.components)):
            stack = [(start, False)]
            while stack:
                at, ready = stack.pop()
                if at in done:
                    continue
                if ready:
                    done[at] = None
                    continue
                stack.append((at, True))
                for node, _ in walk(self.components[at].root):
                    stack += [(number, False) for number in self.variants.get(node.component, ()) if number != at]
        return list(done)

    def resolve(self, node: Node) -> Instance | Node:
        """The instance that Figma can make of a `use`, else the layers that it stands for. Raises as `expand` does."""
        made, plain = self._layers(node), self._layers(node, bound=True)
        numbers = self.variants.get(node.component)
        if not numbers:
            return plain
        component = variant_of([self.components[number] for number in numbers], node.props)
        if component.root.kind not in FRAMES:  # Figma's components are frames
            return plain
        number = next(number for number in numbers if self.components[number] is component)
        if number not in self.shown:
            self.shown[number] = self._layers(_plain_use(component))
        base = self.shown[number]
        changed: dict[Path, tuple[Node, Node]] = {(): (base, made)}
        stack: list[tuple[Path, Node, Node]] = [((), base, made)]
        while stack:
            path, a, b = stack.pop()
            if a.kind != b.kind or (a.kind in FRAMES and len(a.children) != len(b.children)):
                return plain
            differing = {name for name in _COMPARED if getattr(a, name) != getattr(b, name)}
            if differing - (_INSIDE if path else _ROOT) or (a.kind == "svg" and "fills" in differing):
                return plain
            if differing:
                changed[path] = a, b
            if a.kind in FRAMES:
                stack.extend(((*path, i), x, y) for i, (x, y) in enumerate(zip(a.children, b.children, strict=True)))
        return Instance(number, dict(sorted(changed.items())))

    def _layers(self, node: Node, bound: bool = False) -> Node:
        made = expand(Design((node,), components=self.components), hidden=True, bound=bound).roots[0]
        return made if node.visible else replace(made, visible=False)


def _plain_use(component: Component) -> Node:
    return Node("use", component=component.name, props=tuple(Prop(key, Word(text)) for key, text in component.variant))


def aligned(design: Design) -> Design:
    """A design in which no child aligns otherwise than its siblings, for Figma has no place for that.

    Such a child gets a frame around it, as wide as the parent, that puts it where it was.
    """
    return replace(
        design,
        roots=tuple(_aligned(root) for root in design.roots),
        components=tuple(replace(c, root=_aligned(c.root)) for c in design.components),
    )


def _aligned(node: Node) -> Node:
    if not node.children:
        return node
    children = tuple(_wrapped(_aligned(child), node) for child in node.children)
    return (
        node if all(a is b for a, b in zip(children, node.children, strict=True)) else replace(node, children=children)
    )


def _wrapped(child: Node, parent: Node) -> Node:
    own = child.self_align
    if own is None or own == parent.align or own == "baseline" or child.at or parent.kind not in ("row", "col"):
        return child
    if (child.height if parent.kind == "row" else child.width) == "fill":
        return child
    across = "col" if parent.kind == "row" else "row"
    inner = replace(child, self_align=None)
    size = (
        {"height": "fill", "width": child.width} if parent.kind == "row" else {"width": "fill", "height": child.height}
    )
    along = "width" if parent.kind == "row" else "height"
    if size[along] != "fill":
        size[along] = "hug"
    return Node(across, "Align", justify=own, children=(inner,), **size)  # type: ignore[arg-type]
