"""One HTML document from its parts: styles and script inline, data in blocks that nothing but JSON.parse ever reads.

Where the data is much, most blocks lie in a folder beside the document, as scripts that each hand over one value: that
is what a browser reads from the file system without a server.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
STYLES = ("tokens.css", "report.css", "views.css", "panel.css")
SCRIPTS = (
    *("broken", "dom", "memory", "blocks", "captures", "pictures", "colour", "filters", "bar", "funnel", "gallery"),
    *("decide", "sliders", "thresholds", "pairs", "relations", "atlas", "plane", "map", "hands", "panel", "facts"),
    *("plots", "sizes", "tables", "keys", "app"),
)
FOLDER = "report.files"
BESIDE = " 'self' file:"
CHUNK = 32  # items a data block
DANGEROUS = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>
{style}</style>
</head>
<body>
<div id="app"><div class="page booting"><h1>{answer}</h1>
<p class="answer-line" role="status">Opening the report …</p>
<noscript><p>This report draws itself with JavaScript, from data inside this file: allow scripts.</p></noscript>
</div></div>
{blocks}
<script>{script}</script>
</body>
</html>
"""


def document(title: str, answer: str, blocks: dict[str, Any], *, beside: bool = False) -> str:
    """`blocks`: element id → JSON-able data. Only our own script may run, by its hash; nothing leaves the machine.

    `beside` also lets scripts run that lie where the document lies: the files of `scripts`.
    """
    script = "\n" + _script()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'{BESIDE if beside else ''}; "
        "style-src 'unsafe-inline'; img-src data: blob:; font-src data:; frame-src 'self'; base-uri 'none'; "
        "form-action 'none'"
    )
    return PAGE.format(
        policy=policy,
        title=escape(title),
        answer=escape(answer),
        style="".join((HERE / name).read_text(encoding="utf-8") for name in STYLES),
        blocks="\n".join(
            f'<script type="application/json" id="{escape(name)}">{embed(data)}</script>'
            for name, data in blocks.items()
        ),
        script=script,
    )


def scripts(key: str, blocks: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(file name, text) of each block as a file; `key` says which document it belongs to."""
    for name, data in blocks.items():
        yield f"{name}.js", f"gesso({embed(key)},{embed(name)},{embed(data)});\n"


def embed(data: Any) -> str:
    """JSON that cannot end the element it stands in, whatever the text in it."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character, safe in DANGEROUS.items():
        text = text.replace(character, safe)
    return text.encode("utf-8", "replace").decode("utf-8")  # lone surrogates of hostile titles


def chunks(name: str, items: list[Any]) -> dict[str, list[Any]]:
    """Numbered blocks of CHUNK items each, so that the page reads only what it shows."""
    return {f"{name}-{start // CHUNK}": items[start : start + CHUNK] for start in range(0, len(items), CHUNK)}


def packed(text: str) -> str:
    """Gzip without a clock, as base64."""
    return base64.b64encode(gzip.compress(text.encode("utf-8", "replace"), 9, mtime=0)).decode()


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _script() -> str:
    broken, *parts = [(HERE / "js" / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS]
    whole = "\n".join(parts)
    guarded = f"try {{\n{whole}}} catch (error) {{ broken(error); throw error; }}"
    return f'"use strict";\n(() => {{\n{broken}\n{guarded}\n}})();\n'
