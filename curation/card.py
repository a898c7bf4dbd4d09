"""The dataset card: README.md with the YAML front matter that dataset hubs read, written from the manifest alone."""

from __future__ import annotations

from typing import Any

import yaml

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
MEANING = {
    "image": "the original bytes, and a name",
    "capture_id": "24 hex digits; the same picture from the same place has the same one",
    "site": "registrable domain or app: never in two splits",
    "rights": "evidence on permissions, as JSON",
    "verdicts": "what the crawler noticed",
    "phash": "256-bit perceptual hash, hex",
    "blankness": "0 to 1; 1 is an empty screen",
    "caption": "written from page or listing text and the palette",
    "design": "the page's design tree in Gesso notation",
    "embedding": "L2-normalised image embedding",
    "copies": "capture ids of the rejected captures that this row stands for",
    "split": "assigned by connected component of (relations ∪ site)",
}


def write(manifest: dict[str, Any]) -> str:
    """Markdown; texts from recipes and pages are escaped."""
    counts = manifest["counts"]
    parts = [
        "---\n" + yaml.safe_dump(_front(manifest), sort_keys=False, allow_unicode=True) + "---",
        f"# {manifest['name']}",
        _plain(manifest["description"]),
        f"{counts['input']} captures went in: **{counts['kept']} kept**, {counts['rejected']} rejected with a named "
        f"reason (`rejected.parquet`), {counts['failed']} that could not be decoded.",
        "## Decisions",
        _table(("step", "rule", "rejected", "left"), [_step(s) for s in manifest["funnel"]]),
        "## Splits",
        "A site, and whatever is related to it, lies in one split.",
        _table(
            ("split", "rows", "sites", "components"),
            [(name, s["rows"], s["sites"], s["components"]) for name, s in manifest["splits"].items()],
        ),
        "## Sources",
        _table(("source", "captures", "kept"), [(n, s["input"], s["kept"]) for n, s in manifest["sources"].items()]),
        "## Rights",
        "A picture belongs to whoever made it; `rights` holds the evidence row by row.",
        _table(
            ("source", "allowed", "licence as stated", "rows"),
            [
                (r["source"], "yes" if r["allowed"] else "no", r["licence"] or "–", r["kept"])
                for r in manifest["rights"]
            ],
        ),
        "## Columns",
        _table(("column", "type", "what"), [(f"`{n}`", t, MEANING.get(n, "")) for n, t in manifest["columns"].items()]),
    ]
    if manifest["notes"]:
        parts += ["## Notes", "\n".join(f"- {_plain(note)}" for note in manifest["notes"])]
    return "\n\n".join(part for part in parts if part) + "\n"


def _front(manifest: dict[str, Any]) -> dict[str, Any]:
    kept = manifest["counts"]["kept"]
    filled = [name for name, split in manifest["splits"].items() if split["rows"]]
    return {
        "pretty_name": manifest["name"],
        "task_categories": ["text-to-image", "image-to-text"],
        "tags": ["user-interface", "screenshots", "design"],
        "size_categories": [next((name for most, name in SIZES if kept < most), "n>1M")],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": name, "path": f"{name}-*.parquet"} for name in filled],
            }
        ],
    }


def _step(step: dict[str, Any]) -> tuple[str, str, int, int]:
    rule = f"`{' '.join(step['sql'].split())}`" if "sql" in step else "relation"
    return step["name"], rule, step["rejected"], step["left"]


def _table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "-|" * len(head)]
    lines += ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def _cell(value: Any) -> str:
    text = " ".join(str(value).split())
    return (text if text.startswith("`") else _plain(text)).replace("|", "\\|")


def _plain(text: str) -> str:
    """Markdown and HTML in a text stay text."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join("\\" + c if c in "\\`*_[]#" else c for c in escaped)
