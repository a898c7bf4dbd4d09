"""The design tree and its notation: parse, print, import, compile. Pure: no I/O, no browser, no network."""

from design.errors import GessoError, NotationError, SnapshotError, TreeError
from design.from_dom import FontFace, Imported, Slot, from_snapshot, from_snapshots, load_snapshot
from design.notation import parse, print_design
from design.to.figma import to_figma
from design.to.html import to_html
from design.tree import Design, Node

__all__ = [
    "Design",
    "FontFace",
    "GessoError",
    "Imported",
    "Node",
    "NotationError",
    "Slot",
    "SnapshotError",
    "TreeError",
    "from_snapshot",
    "from_snapshots",
    "load_snapshot",
    "parse",
    "print_design",
    "to_figma",
    "to_html",
]
