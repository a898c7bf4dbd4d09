"""The words of the notation, both spellings. What is printed is the short one."""

from __future__ import annotations

from design.tree import BLENDS, FITS, KINDS, SOFT_BREAK

WEIGHTS = {
    100: "Thin",
    200: "ExtraLight",
    300: "Light",
    400: "Regular",
    500: "Medium",
    600: "SemiBold",
    700: "Bold",
    800: "ExtraBold",
    900: "Black",
}
WEIGHT_OF = {name.lower(): weight for weight, name in WEIGHTS.items()}
PRINTED_KINDS = tuple(kind for kind in KINDS if kind != "use")
SPELLED_KINDS = {
    "column": "col",
    "text": "t",
    "rectangle": "rect",
    "ellipse": "oval",
    "image": "img",
    "vector": "svg",
    "stack": "box",
}
FLAGS: dict[str, tuple[str, object]] = {
    "js": ("justify", "start"),
    "jc": ("justify", "center"),
    "je": ("justify", "end"),
    "jb": ("justify", "between"),
    "as": ("align", "start"),
    "ac": ("align", "center"),
    "ae": ("align", "end"),
    "ab": ("align", "baseline"),
    "ss": ("self_align", "start"),
    "sc": ("self_align", "center"),
    "se": ("self_align", "end"),
    "sb": ("self_align", "baseline"),
    "tl": ("text_align", "left"),
    "tc": ("text_align", "center"),
    "tr": ("text_align", "right"),
    "tj": ("text_align", "justify"),
    "vt": ("vertical", "top"),
    "vm": ("vertical", "middle"),
    "vb": ("vertical", "bottom"),
    "wrap": ("wrap", True),
    "clip": ("clip", True),
    "hide": ("visible", False),
    "scroll": ("scroll", "xy"),
    "scrollx": ("scroll", "x"),
    "scrolly": ("scroll", "y"),
    "nofill": ("fills", ()),
    "up": ("upper", True),
    "ul": ("underline", True),
}
SPELLED_FLAGS: dict[str, tuple[str, object]] = {
    "uppercase": ("upper", True),
    "underline": ("underline", True),
    "hidden": ("visible", False),
}
# spelled key → the field it sets, or the name of the value that follows it
SPELLED = {
    "name": "name",
    "size": "size",
    "width": "width",
    "height": "height",
    "min-width": "min_width",
    "max-width": "max_width",
    "min-height": "min_height",
    "max-height": "max_height",
    "at": "at",
    "padding": "padding",
    "gap": "gap",
    "justify": "justify",
    "align": "align",
    "self": "self_align",
    "columns": "columns",
    "rows": "row_tracks",
    "cell": "cell",
    "span": "span",
    "fill": "fills",
    "stroke": "stroke",
    "radius": "radii",
    "shadow": "shadow",
    "inner-shadow": "inner",
    "opacity": "opacity",
    "blend": "blend",
    "blur": "blur",
    "backdrop": "backdrop",
    "rotate": "rotation",
    "style": "style",
    "text-align": "text_align",
    "vertical": "vertical",
    "lines": "max_lines",
    "ratio": "ratio",
    "role": "role",
    "link": "link",
    "bind": "bind",
    "show": "shown",
    "text": "runs",
    "raw": "raw",
}
CHOICES = {
    "justify": ("start", "center", "end", "between"),
    "align": ("start", "center", "end", "baseline"),
    "self_align": ("start", "center", "end", "baseline"),
    "text_align": ("left", "center", "right", "justify"),
    "vertical": ("top", "middle", "bottom"),
    "blend": BLENDS,
}
TOKEN_LINES = {
    "$": "color",
    "^": "font",
    "%": "style",
    "=": "space",
    "~": "corner",
    "!": "shadow",
}
SPELLED_LINES = {word: sign for sign, word in TOKEN_LINES.items()}
DASHES = {"~": "dashed", ".": "dotted"}
PLACES = {">": "outside", "|": "center"}
ESCAPES = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", SOFT_BREAK: "\\l", '"': '\\"', "'": "\\'"}
UNESCAPED = {"n": "\n", "t": "\t", "l": SOFT_BREAK}
FIT = "|".join(FITS)
