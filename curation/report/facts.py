"""From the tables of a dataset version to what the page shows: pure functions, numbers and text only."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from functools import lru_cache
from typing import Any

from curation.report import columns, groups, rules
from curation.report.tables import Row, Version

FACTS = (
    *("url", "spider", "run_id", "fetched_at", "http_status", "lang", "viewport_width", "viewport_height", "dpr"),
    *("format", "bytes", "image_sha256", "app_id", "developer", "categories", "rating", "rating_count", "locale"),
    *("position", "verdicts", "capture_id"),
)
STATES = ("kept", "rejected", "failed")


def assemble(version: Version) -> Row:
    """Everything but pictures, designs and long texts. Captures are referred to by their place in `version.table`."""
    manifest = version.manifest
    funnel = [_step(step, version) for step in manifest.get("funnel", [])]
    grouped = groups.groups(version)
    return {
        "title": version.name,
        "version": version.number,
        "description": manifest.get("description") or "",
        "counts": counted(version),
        "funnel": funnel,
        "sites": len(set(version.column("site"))),
        "hasDesigns": any(feature.get("name") == "design" for feature in manifest.get("features", [])),
        "notes": [str(note) for note in manifest.get("notes", [])],
        "sampledOf": version.sampled_of,
        "captures": captures(version),
        "pairs": pairs(version),
        "groups": grouped,
        "model": rules.model(version),
        "features": features(version),
        "splits": [
            {"name": name, "rows": 0, "sites": 0, "components": 0, "share": None, **split}
            for name, split in manifest.get("splits", {}).items()
        ],
        "leaks": leaks(version),
        **rights(version),
    }


def _step(step: Row, version: Version) -> Row:
    """A step of the funnel with the `reason` that its captures carry: a balance step's has its stage before it."""
    name = str(step["name"])
    prefixed = step.get("stage") == "balance" and not name.startswith("balance:")
    took = {key: step.get(key) for key in ("sql", "stage", "rejected", "left")}
    return {"name": name, "reason": f"balance:{name}" if prefixed else name, **took}


def counted(version: Version) -> dict[str, int]:
    """input, kept, rejected, failed: counted here again rather than believed, unless only a sample is at hand."""
    if version.sampled_of:
        given = version.manifest.get("counts", {})
        return {"input": version.sampled_of, **{state: int(given.get(state, 0)) for state in STATES}}
    states = Counter(version.column("state"))
    return {"input": len(version.table), **{state: states[state] for state in STATES}}


def captures(version: Version) -> Row:
    """The columns that the gallery, the filters, the map and the panel's head need at once."""
    place = {capture_id: index for index, capture_id in enumerate(version.ids)}
    column = version.column
    state, reason = column("state"), [reason or "" for reason in column("reason")]
    palettes = [[c for c in palette or [] if _is_hex(c)] for palette in column("palette")]
    shares = [share or [] for share in column("palette_shares")]
    return {
        "id": columns.texts(version.ids),
        "state": columns.words(state),
        "stage": columns.words(column("stage")),
        "rule": columns.words([r.split(":", 1)[0] if s == "failed" else r for s, r in zip(state, reason, strict=True)]),
        "reason": columns.words([text[:300] for text in reason]),
        "keptIndex": columns.whole([place.get(kept or "", -1) for kept in column("kept_id")]),
        "copies": columns.whole([len(copies or []) for copies in column("copies")]),
        "split": columns.words(column("split")),
        "cluster": columns.words(_clusters(version)),
        "site": columns.words(column("site")),
        "source": columns.words(column("source")),
        "url": columns.texts(_first(column("canonical_url"), column("url"))),
        "title": columns.texts(_first(column("title"), column("name")), 300),
        "app": columns.words(column("name")),
        "developer": columns.words(column("developer")),
        "view": columns.words(column("view")),
        "form": columns.words(column("form_factor")),
        "theme": columns.words(column("theme")),
        "width": columns.whole(_first(column("decoded_width"), column("width"))),
        "height": columns.whole(_first(column("decoded_height"), column("height"))),
        "palette": columns.texts(["".join(colour[1:] for colour in palette) for palette in palettes]),
        "shares": columns.texts([_percent(s[: len(p)]) for s, p in zip(shares, palettes, strict=True)]),
        "nodes": columns.whole(column("design_nodes")),
    }


def _first(one: list[Any], other: list[Any]) -> list[Any]:
    return [a or b for a, b in zip(one, other, strict=True)]


def _percent(shares: list[Any]) -> str:
    """In thousandths: short, and exact enough for a ribbon."""
    return ",".join(
        str(round(1000 * share)) if isinstance(share, float) and 0 <= share <= 1 else "0" for share in shares
    )


def _clusters(version: Version) -> list[str]:
    """A cluster by its name; where two have one name, by name and number."""
    numbers, names = version.column("cluster"), version.column("cluster_name")
    owners: dict[str, set[Any]] = defaultdict(set)
    for number, name in zip(numbers, names, strict=True):
        owners[name or ""].add(number)
    found = []
    for number, name in zip(numbers, names, strict=True):
        alone = bool(name) and len(owners[name]) == 1
        found.append("" if number is None and not name else str(name) if alone else f"{name or 'cluster'} {number}")
    return found


def pairs(version: Version) -> Row:
    found = version.pairs.to_pydict()
    return {
        "a": columns.whole(found["a"]),
        "b": columns.whole(found["b"]),
        "relation": columns.words(found["relation"]),
        "distance": columns.numbers(found["distance"]),
        "why": columns.words(found["why"]),
    }


def detail(row: Row) -> Row:
    """What the panel shows of one capture besides its columns."""
    evidence = _json(row.get("rights"))
    signals = evidence.get("signals", []) if isinstance(evidence, dict) else evidence
    signals = signals if isinstance(signals, list) else []
    about = {key: row[key] for key in FACTS if row.get(key) not in (None, "", [])}
    return {
        "caption": row.get("caption") or "",
        "captions": {
            name: row[name]
            for name in sorted(row)
            if name.startswith("caption_") and isinstance(row[name], str) and row[name]
        },
        "allowed": bool(row.get("allowed")),
        "licence": row.get("licence") or "",
        "signals": [_signal(signal) for signal in signals if isinstance(signal, dict)],
        "errors": list(row.get("errors") or []),
        "from": {k: ", ".join(map(str, v)) if isinstance(v, list) else clean(v) for k, v in about.items()},
    }


def features(version: Version) -> list[Row]:
    """Every numeric feature that varies; those that a keep rule names come first."""
    found = []
    manifest = version.manifest
    names = [column for feature in manifest.get("features", []) for column in feature.get("columns", [])]
    sql = " ".join(str(step.get("sql") or "") for step in manifest.get("funnel", []))
    for name in dict.fromkeys([*names, "cluster_distance"]):
        if name.startswith("decoded_") or name == "cluster":  # the plot of sizes and the map show them
            continue
        values = version.column(name)
        if any(isinstance(value, str | list | dict | bool | bytes) for value in values):
            continue
        if len({value for value in map(clean, values) if value is not None}) > 1:
            found.append({"name": name, "values": columns.numbers(values)})
    return sorted(found, key=lambda feature: str(feature["name"]) not in sql)


def leaks(version: Version) -> dict[str, int]:
    """Related pairs and sites whose kept captures lie in more than one split: both must be 0."""
    states, splits = version.column("state"), version.column("split")
    split = [name if state == "kept" else None for state, name in zip(states, splits, strict=True)]
    ends = zip(version.pairs["a"].to_pylist(), version.pairs["b"].to_pylist(), strict=True)
    crossing = sum(bool(split[a] and split[b] and split[a] != split[b]) for a, b in ends)
    sites: dict[str, set[str]] = defaultdict(set)
    for site, name in zip(version.column("site"), split, strict=True):
        if name:
            sites[site].add(name)
    return {
        "relations": crossing,
        "checkedRelations": len(version.pairs),
        "sites": sum(len(names) > 1 for names in sites.values()),
        "checkedSites": len(sites),
    }


def rights(version: Version) -> Row:
    """Captures by source, permission and licence; and each kind of signal with one example."""
    names = ("source", "allowed", "licence", "site", "state", "rights")
    table: dict[tuple[str, bool, str], list[tuple[str, str]]] = defaultdict(list)
    signals: dict[tuple[str, str], list[str]] = defaultdict(list)
    for source, allowed, licence, site, state, evidence in zip(*map(version.column, names), strict=True):
        table[(source or "", bool(allowed), licence or "")].append((site or "", state))
        for key, text in _signals(evidence or "").items():
            signals[key].append(text)
    return {
        "rights": [
            {
                "source": source,
                "allowed": allowed,
                "licence": licence,
                "captures": len(members),
                "sites": len({site for site, _ in members}),
                "kept": sum(state == "kept" for _, state in members),
            }
            for (source, allowed, licence), members in sorted(table.items(), key=lambda e: (-len(e[1]), e[0]))
        ],
        "signals": [
            {"source": source, "effect": effect, "captures": len(evidence), "example": min(evidence)[:200]}
            for (source, effect), evidence in sorted(signals.items())
        ],
    }


@lru_cache(maxsize=4096)
def _signals(evidence: str) -> dict[tuple[str, str], str]:
    return {(s["source"], s["effect"]): s["evidence"] for s in detail({"rights": evidence})["signals"]}


def clean(value: Any) -> Any:
    """JSON has no NaN, and six digits are more than any score means; times become text."""
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value.isoformat() if hasattr(value, "isoformat") else value


def _signal(signal: Row) -> dict[str, str]:
    return {key: str(signal.get(key) or "")[:4000] for key in ("source", "effect", "evidence")}


def _json(text: Any) -> Any:
    try:
        return json.loads(text or "{}")
    except ValueError:
        return {}


def _is_hex(colour: Any) -> bool:
    return isinstance(colour, str) and len(colour) == 7 and colour[0] == "#" and _hex_digits(colour[1:])


def _hex_digits(text: str) -> bool:
    return all(character in "0123456789abcdefABCDEF" for character in text)
