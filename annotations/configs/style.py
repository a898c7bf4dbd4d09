"""The look of the labelling pages: Label Studio's own frame, the picture large, the answers under the hand."""

from __future__ import annotations

STYLE = """
.g-two { display: flex; gap: 24px; align-items: flex-start; flex-wrap: wrap; }
.g-two > .g-picture { flex: 1 1 480px; min-width: 0; }
.g-panel { flex: 0 1 360px; min-width: 300px; position: sticky; top: 0; }
.g-pair { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 16px; align-items: start; }
"""


def page(body: str) -> str:
    """A labelling page around its body."""
    return f"<View>\n<Style>{STYLE}</Style>\n{body}\n</View>\n"
