"""What runs inside a page, in a world of its own where it is `gesso`: functions that answer plain JSON.

The page is hostile: whoever calls these sets a time limit and checks what comes back. Each file is an object of
functions; all but `jitter`, which a tab is taught when pages are to be damaged, are there from the start.
"""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent
ALWAYS = ("overlays", "settle", "told", "sections")


def script(name: str) -> str:
    """The object of one file, as an expression."""
    return (HERE / f"{name}.js").read_text(encoding="utf-8").strip()


GESSO = f"Object.assign({', '.join(script(name) for name in ALWAYS)})"
JITTER = script("jitter")
