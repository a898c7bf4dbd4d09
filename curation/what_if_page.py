"""A what-if as one HTML file: the counts, and a grid of captures that change or nearly do. No script, no request."""

from __future__ import annotations

import base64
import io
from html import escape
from pathlib import Path

from PIL import Image

from crawlers.captures import CaptureStore, StoreError
from curation.features.base import ValueProblem
from curation.features.decode import decode_image
from curation.what_if import Count, Example, WhatIf

WIDTH, HEIGHT = 220, 280  # px of a thumbnail at most
TOKENS = Path(__file__).parent / "report" / "tokens.css"
STYLE = """
body { margin: 0 auto; max-width: 1200px; padding: var(--s-32) var(--s-16) var(--s-64); }
h1 { font-size: var(--t-28); font-weight: 600; margin: 0 0 var(--s-16); }
h2 { font-size: var(--t-16); font-weight: 600; margin: var(--s-48) 0 var(--s-12); }
code { font-family: var(--mono); font-size: var(--t-12); overflow-wrap: anywhere; }
table { border-collapse: collapse; }
td, th { padding: var(--s-4) var(--s-24) var(--s-4) 0; text-align: left; font-weight: 400; }
td + td, th + th { text-align: right; }
th, .quiet { color: var(--ink-2); }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: var(--s-24) var(--s-16); }
figure { margin: 0; font-size: var(--t-12); overflow-wrap: anywhere; }
figure img, figure .none { display: block; width: 100%; height: 240px; object-fit: contain; object-position: 0 100%; }
figcaption { margin-top: var(--s-8); }
"""


def write(outcome: WhatIf, store: CaptureStore | None, path: Path) -> Path:
    """Write the page. A picture that is missing or broken leaves its place empty."""
    rules = "".join(
        f"<p><code>{escape(r.name)}: {escape(r.sql)}</code>{_replaced(outcome, r.name)}</p>" for r in outcome.rules
    )
    parts = [
        f"<h1>What if</h1>{rules}",
        _counts("captures", outcome.states),
        _counts("rejected by", [c for c in outcome.reasons if c.before or c.after]),
        _counts("split", outcome.splits),
        _grid("No longer kept", outcome.out, store),
        _grid("Kept now", outcome.back, store),
        _grid("Nearest to the threshold", outcome.borderline, store),
    ]
    head = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
        f"style-src 'unsafe-inline'\"><title>What if</title><style>{TOKENS.read_text(encoding='utf-8')}{STYLE}</style>"
    )
    path.write_text(f"{head}<body>{''.join(parts)}</body></html>\n", encoding="utf-8")
    return path


def _replaced(outcome: WhatIf, name: str) -> str:
    old = outcome.replaced.get(name)
    return f' <span class="quiet">instead of</span> <code>{escape(old)}</code>' if old else ""


def _counts(what: str, counts: list[Count]) -> str:
    rows = "".join(
        f"<tr><td>{escape(c.name)}<td>{c.before:,}<td>{c.after:,}<td>{c.after - c.before:+,}" for c in counts
    )
    return f"<h2>{escape(what.capitalize())}</h2><table><tr><th>{escape(what)}<th>now<th>then<th>change{rows}</table>"


def _grid(title: str, examples: list[Example], store: CaptureStore | None) -> str:
    if not examples:
        return ""
    cells = "".join(_cell(example, store) for example in examples)
    return f'<h2>{escape(title)}</h2><div class="grid">{cells}</div>'


def _cell(example: Example, store: CaptureStore | None) -> str:
    picture = _thumbnail(example, store)
    shown = f'<img alt="" src="data:image/jpeg;base64,{picture}">' if picture else '<div class="none"></div>'
    value = f"{escape(example.operand)} {example.value:.4g}<br>" if example.value is not None else ""
    fate = example.after if example.before == example.after else f"{example.before} → {example.after}"
    return (
        f"<figure>{shown}<figcaption>{value}{escape(fate)}<br>"
        f'<span class="quiet">{escape(example.site)}<br><code>{escape(example.capture_id)}</code></span>'
        "</figcaption></figure>"
    )


def _thumbnail(example: Example, store: CaptureStore | None) -> str | None:
    """JPEG as base64; the bytes are hostile, so they pass the same limits as everywhere."""
    if store is None or not example.image_sha256:
        return None
    try:
        small = decode_image(store.read_blob(example.image_sha256, example.format)).small
    except (StoreError, ValueProblem):
        return None
    width = min(WIDTH, small.width)
    small = small.resize((width, max(1, round(small.height * width / small.width))), Image.Resampling.BOX)
    small = small.crop((0, 0, small.width, min(HEIGHT, small.height)))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=72)
    return base64.b64encode(out.getvalue()).decode()
