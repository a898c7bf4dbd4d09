"""The look of the labelling pages, and what of Label Studio's frame they do without."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_NO_PANELS = """
.lsf-sidepanels__wrapper { display: none; }
.lsf-sidepanels { padding: 0 !important; }
.lsf-sidepanels .lsf-sidepanels__content { width: 100% !important; max-width: none !important; flex: 1 1 100%; }
"""


@cache
def _style() -> str:
    lines = Path(__file__).with_name("style.css").read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith("/*"))


def page(body: str, *, panels: bool = False) -> str:
    """A labelling page around its body. Without `panels` it has no lists of regions, which are for boxes only."""
    style = _style() + ("" if panels else _NO_PANELS)
    return f"<View>\n<Style>{style}</Style>\n{body}\n</View>\n"
