"""The house's colours for whatever is not a page: plots, picture grids and notebook output. Read from tokens.css."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any, Literal

from curation.errors import GessoError

Theme = Literal["light", "dark"]
SHEET = Path(__file__).parent / "report" / "tokens.css"
COLOUR = re.compile(r"--([a-z0-9-]+):\s*light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\)")


class TokenError(GessoError):
    """A theme that is neither light nor dark."""


@cache
def _pairs() -> dict[str, tuple[str, str]]:
    return {name: (light, dark) for name, light, dark in COLOUR.findall(SHEET.read_text(encoding="utf-8"))}


def colours(theme: Theme = "light") -> dict[str, str]:
    """Token → `#rrggbb`: paper, surface, line, ink, ink-2, accent, keep, reject, doubt … Raises TokenError."""
    if theme not in ("light", "dark"):
        raise TokenError(f"no theme {theme!r}: use 'light' or 'dark'")
    return {name: pair[theme == "dark"] for name, pair in _pairs().items()}


def scoped(selector: str) -> str:
    """CSS that gives `selector` the tokens; the scheme follows the system, or the notebook where it states its own."""
    values = " ".join(f"--{name}: light-dark({light}, {dark});" for name, (light, dark) in _pairs().items())
    light = f'body[data-jp-theme-light="true"] {selector}, body.vscode-light {selector}'
    dark = f'body[data-jp-theme-light="false"] {selector}, body.vscode-dark {selector}'
    return (
        f"{selector} {{ color-scheme: light dark; {values} }}\n"
        f"{light} {{ color-scheme: light; }}\n{dark} {{ color-scheme: dark; }}\n"
    )


def plot_style(theme: Theme = "light") -> dict[str, Any]:
    """rcParams for matplotlib: `plt.style.use(curation.plot_style())`. Lines rather than boxes, no legend needed."""
    from cycler import cycler

    of = colours(theme)
    return {
        "figure.facecolor": of["paper"],
        "savefig.facecolor": of["paper"],
        "axes.facecolor": of["paper"],
        "axes.edgecolor": of["line-strong"],
        "axes.labelcolor": of["ink-2"],
        "axes.titlecolor": of["ink"],
        "axes.titlelocation": "left",
        "axes.titlesize": 12,
        "axes.titleweight": "bold",
        "axes.labelsize": 10,
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.prop_cycle": cycler(color=[of["accent"], of["ink-2"], of["doubt"], of["line-strong"]]),
        "grid.color": of["line"],
        "text.color": of["ink"],
        "xtick.color": of["ink-2"],
        "ytick.color": of["ink-2"],
        "xtick.labelsize": 10,
        "ytick.labelsize": 10,
        "font.family": "sans-serif",
        "figure.figsize": (8, 3.2),
        "figure.dpi": 110,
        "figure.constrained_layout.use": True,
    }
