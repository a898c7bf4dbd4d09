"""The dataset card: README.md with the YAML front matter that dataset hubs read, from manifest and profile alone.

It says what went in, what was turned away and why, who permitted what, and what the rows are biased towards.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from curation.profile import Group, Profile, Share

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
LANGUAGE = re.compile(r"^([a-z]{2,3})(?:[-_].*)?$", re.I)
SHIFT = 0.05  # a share that selection moved by more is named
DOMINANT = 0.5  # and so is a value that has more than this share of the rows
MEANING = {
    "image": "the bytes (the original ones, where the recipe neither scales nor redacts), and a name",
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
SHARDS = "*-of-*.parquet"  # of all splits, from the card's folder
READ = """    import datasets
    rows = datasets.load_dataset("THIS FOLDER")

    import duckdb
    duckdb.sql("SELECT site, count(*) FROM '{shards}' GROUP BY site")"""


def write(manifest: dict[str, Any], profile: Profile | None = None) -> str:
    """Markdown; texts from recipes and pages are escaped. Without a profile, it has no sections on sources and bias."""
    counts = manifest["counts"]
    parts = [
        "---\n" + yaml.safe_dump(_front(manifest, profile), sort_keys=False, allow_unicode=True) + "---",
        f"# {manifest['name']}",
        _plain(manifest["description"]),
        f"{counts['input']:,} captures went in: **{counts['kept']:,} kept**, {counts['rejected']:,} rejected with a "
        f"named reason (`rejected.parquet`), {counts['failed']:,} that could not be decoded.",
        READ.format(shards=SHARDS),
        *_decisions(manifest),
        "## Splits",
        "A site, and whatever is related to it, lies in one split.",
        _table(
            ("split", "rows", "sites", "components"),
            [(name, s["rows"], s["sites"], s["components"]) for name, s in manifest["splits"].items()],
        ),
        *_provenance(manifest, profile),
        *(_biases(manifest, profile) if profile else ()),
        "## Columns",
        _table(("column", "type", "what"), [(f"`{n}`", t, MEANING.get(n, "")) for n, t in manifest["columns"].items()]),
        *_features(manifest),
        "## Recipe",
        _recipe(manifest["recipe"]),
    ]
    if manifest["notes"]:
        parts += ["## Notes", "\n".join(f"- {_plain(note)}" for note in manifest["notes"])]
    return "\n\n".join(part for part in parts if part) + "\n"


def _front(manifest: dict[str, Any], profile: Profile | None) -> dict[str, Any]:
    kept = manifest["counts"]["kept"]
    filled = [name for name, split in manifest["splits"].items() if split["rows"]]
    front: dict[str, Any] = {
        "pretty_name": manifest["name"],
        "license": "other",
        "license_name": "as-stated-row-by-row",
        "task_categories": ["text-to-image", "image-to-text"],
        "tags": ["user-interface", "screenshots", "design"],
        "annotations_creators": ["machine-generated"],
        "source_datasets": ["original"],
        "size_categories": [next((name for most, name in SIZES if kept < most), "n>1M")],
    }
    if profile and (languages := _languages(profile)):
        front["language"] = languages
    front["configs"] = [
        {
            "config_name": "default",
            "data_files": [{"split": name, "path": f"{name}-*.parquet"} for name in filled],
        }
    ]
    return front


def _languages(profile: Profile) -> list[str]:
    """Codes of the languages that kept rows state."""
    values = [
        share.value
        for group in profile.groups
        if group.column in ("locale", "lang")
        for share in group.shares
        if share.kept and share.value
    ]
    return sorted({match[1].lower() for value in values if (match := LANGUAGE.match(value))})


def _decisions(manifest: dict[str, Any]) -> list[str]:
    """The funnel: what turned captures away, and how many."""
    decoded = manifest["counts"]["input"] - manifest["counts"]["failed"]
    rows = [_step(step, decoded) for step in manifest["funnel"]]
    parts = [
        "## What was rejected, and why",
        "Each capture is rejected with the name of the first rule that it fails, and keeps its scores. Relations come "
        "after the rules: of related captures, the better one by the recipe's rank stays.",
        _table(("step", "rule", "rejected", "of decoded", "left"), rows),
    ]
    if manifest["failed"]:
        parts += ["Not decoded:", _table(("kind", "captures"), sorted(manifest["failed"].items()))]
    if any(manifest["relations"].values()):
        pairs = [(name, number) for name, number in manifest["relations"].items() if number]
        parts += ["Related pairs that were found:", _table(("relation", "pairs"), pairs)]
    return parts


def _step(step: dict[str, Any], decoded: int) -> tuple[str, str, int, str, int]:
    sql = " ".join(step.get("sql", "").split())
    rule = (sql if "`" in sql else f"`{sql}`") if sql else step.get("stage", "relation")
    return step["name"], rule, step["rejected"], _percent(step["rejected"], decoded), step["left"]


def _provenance(manifest: dict[str, Any], profile: Profile | None) -> list[str]:
    rows: list[tuple[Any, ...]] = [(name, s["input"], s["kept"]) for name, s in manifest["sources"].items()]
    head: tuple[str, ...] = ("source", "captures", "kept")
    if profile:
        head = ("source", "spiders", "fetched", "sites", "captures", "kept", "rejected", "failed")
        rows = [
            (
                s.name or "",
                ", ".join(filter(None, s.spiders)),
                _days(s.first, s.last),
                s.sites,
                s.input,
                s.kept,
                s.rejected,
                s.failed,
            )
            for s in profile.sources
        ]
    rights = [
        (r["source"], "yes" if r["allowed"] else "no", r["licence"] or "none stated", r["kept"])
        for r in manifest["rights"]
    ]
    parts = [
        "## Provenance and rights",
        "A picture belongs to whoever made it. `rights` holds the evidence row by row: what robots.txt, headers, meta "
        "elements, tdmrep and image metadata said when the picture was fetched.",
        _table(head, rows),
        _table(("source", "allowed", "licence as stated", "rows"), rights),
    ]
    if profile and profile.evidence:
        parts.append(_table(("evidence read from", "effect", "kept rows"), list(profile.evidence)))
    return parts


def _biases(manifest: dict[str, Any], profile: Profile) -> list[str]:
    """Computed sentences, then the figures they come from."""
    if not manifest["counts"]["kept"]:
        return []
    sites, kept = profile.sites, manifest["counts"]["kept"]
    top = sum(n for _, n in sites.largest)
    lines = [
        f"**Sites.** {sites.number:,} sites; the largest, {_plain(sites.largest[0][0])}, has "
        f"{_percent(sites.largest[0][1], kept)} of the rows, the {len(sites.largest)} largest {_percent(top, kept)}. "
        f"That is as even as {sites.effective:,.1f} sites of one size."
    ]
    lines += [text for group in profile.groups if (text := _sentence(group))]
    if "caption" in manifest["columns"]:
        lines.append("**Captions** are written by a program, not by people, and share its habits.")
    tables = [_group_table(group) for group in profile.groups if group.values > 1]
    return ["## Known biases", "\n".join(f"- {line}" for line in lines), *tables]


def _sentence(group: Group) -> str:
    """What one group leans to, what selection moved, and how many rows do not say."""
    named = [share for share in group.shares if share.value is not None]
    if not named or not any(share.kept for share in named):
        return ""
    first = named[0]
    facts = []
    if group.part(first) > DOMINANT:
        facts.append(f"{_plain(first.value or '')} has {_share(group.part(first))} of the rows")
    for share in named:
        if abs(group.shift(share)) > SHIFT:
            before, after = _share(share.input / group.input), _share(group.part(share))
            facts.append(f"selection moved {_plain(share.value or '')} from {before} to {after}")
    unknown = next((share for share in group.shares if share.value is None), None)
    if unknown and unknown.kept:
        facts.append(f"{_share(group.part(unknown))} of the rows do not say")
    name = group.column.replace("_", " ").capitalize()
    return f"**{name}.** {'; '.join(facts)}." if facts else ""


def _group_table(group: Group) -> str:
    rows = [_group_row(group, share) for share in group.shares]
    if group.others.input:
        rows.append(_group_row(group, group.others))
    return _table((group.column, "captures", "kept", "of kept rows", "moved by selection"), rows)


def _group_row(group: Group, share: Share) -> tuple[str, int, int, str, str]:
    shift = f"{100 * group.shift(share):+.1f} points"
    return share.value or "not stated", share.input, share.kept, _share(group.part(share)), shift


def _features(manifest: dict[str, Any]) -> list[str]:
    """What was computed, and how often it had no value."""
    rows = []
    for feature in manifest["features"]:
        model = (
            str(feature["params"].get("model") or "").rstrip("/").rsplit("/", 1)[-1]
        )  # a folder's name, not its place
        errors = ", ".join(f"{kind} {number}" for kind, number in feature["errors"].items())
        rows.append((f"`{feature['name']}`", model, feature["fingerprint"], errors))
    return ["## Features", _table(("feature", "model", "fingerprint", "no value"), rows)]


def _days(first: Any, last: Any) -> str:
    if first is None or last is None:  # a table from elsewhere need not say when
        return "not stated"
    a, b = f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}"
    return a if a == b else f"{a} to {b}"


def _percent(part: int, whole: int) -> str:
    return _share(part / whole if whole else 0.0)


def _share(share: float) -> str:
    return f"{100 * share:.1f} %"


def _recipe(recipe: dict[str, Any]) -> str:
    """YAML in an indented block: nothing in it can end the block. The description stands at the top already."""
    fields = {name: value for name, value in recipe.items() if name != "description"}
    text = yaml.safe_dump(fields, sort_keys=False, allow_unicode=True)
    return "\n".join(f"    {line}" for line in text.rstrip("\n").split("\n"))


def _table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "-|" * len(head)]
    lines += ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def _cell(value: Any) -> str:
    text = " ".join((f"{value:,}" if isinstance(value, int) else str(value)).split())
    return (text if text.startswith("`") else _plain(text)).replace("|", "\\|")


def _plain(text: str) -> str:
    """Markdown and HTML in a text stay text."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join("\\" + c if c in "\\`*_[]#" else c for c in escaped)
