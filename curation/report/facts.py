"""From the tables of a dataset version to what the page shows: pure functions, numbers and text only."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from typing import Any

from curation.report.tables import Row, Version

NEAREST = 6  # captures shown on each side of a threshold
TICKS = 800  # values drawn on a number line at most
FACTS = (
    *("url", "spider", "run_id", "fetched_at", "http_status", "lang", "viewport_width", "viewport_height", "dpr"),
    *("format", "bytes", "image_sha256", "app_id", "developer", "categories", "rating", "rating_count", "locale"),
    *("position", "verdicts", "capture_id"),
)


def assemble(version: Version) -> Row:
    """Everything but pictures, designs and long texts. Captures are referred to by their place in `version.rows`."""
    rows, manifest = version.rows, version.manifest
    place = {row["capture_id"]: index for index, row in enumerate(rows)}
    relations = [
        [place[r["a"]], place[r["b"]], r["relation"], clean(r["distance"])]
        for r in version.relations
        if r["a"] in place and r["b"] in place
    ]
    funnel = manifest.get("funnel", [])
    return {
        "title": version.name,
        "version": version.number,
        "description": manifest.get("description") or "",
        "counts": counted(rows),
        "funnel": funnel,
        "rules": [{"name": step["name"], "sql": step.get("sql"), "stage": step["stage"]} for step in funnel],
        "sites": len({row["site"] for row in rows}),
        "hasDesigns": any(feature.get("name") == "design" for feature in manifest.get("features", [])),
        "notes": [str(note) for note in manifest.get("notes", [])],
        "captures": columns([capture(row, place) for row in rows]),
        "relations": relations,
        "groups": groups(rows, relations, place),
        "borderline": borderline(rows, {step["name"]: step.get("sql") or "" for step in funnel}),
        "features": features(rows, manifest),
        "splits": [
            {"name": name, "rows": 0, "sites": 0, "components": 0, "share": None, **split}
            for name, split in manifest.get("splits", {}).items()
        ],
        "leaks": leaks(rows, relations),
        **rights(rows),
    }


def counted(rows: list[Row]) -> dict[str, int]:
    """input, kept, rejected, failed: counted here again rather than believed."""
    states = Counter(row["state"] for row in rows)
    return {"input": len(rows), **{state: states[state] for state in ("kept", "rejected", "failed")}}


def capture(row: Row, place: dict[str, int]) -> Row:
    """The columns of one capture that the gallery, the filters and the panel's head need at once."""
    reason = row.get("reason") or ""
    palette = [colour for colour in row.get("palette") or [] if _is_hex(colour)]
    return {
        "id": row["capture_id"],
        "state": row["state"],
        "stage": row.get("stage") or "",
        "rule": reason.split(":", 1)[0] if row["state"] == "failed" else reason,
        "reason": reason,
        "keptIndex": place.get(row.get("kept_id") or "", -1),
        "copies": len(row.get("copies") or []),
        "split": row.get("split") or "",
        "site": row.get("site") or "",
        "source": row.get("source") or "",
        "url": row.get("canonical_url") or row.get("url") or "",
        "title": row.get("title") or row.get("name") or "",
        "app": row.get("name") or "",
        "developer": row.get("developer") or "",
        "view": row.get("view") or "",
        "form": row.get("form_factor") or "",
        "theme": row.get("theme") or "",
        "width": row.get("decoded_width") or row.get("width") or 0,
        "height": row.get("decoded_height") or row.get("height") or 0,
        "palette": palette,
        "shares": [clean(share) for share in (row.get("palette_shares") or [])[: len(palette)]],
        "margins": [{key: clean(value) for key, value in margin.items()} for margin in row.get("margins") or []],
        "nodes": row.get("design_nodes"),
    }


def columns(records: list[Row]) -> dict[str, list[Any]]:
    """Records as columns: a third of the size of records as text."""
    return {key: [record[key] for record in records] for key in records[0]} if records else {"id": []}


def detail(row: Row) -> Row:
    """What the panel shows of one capture besides its columns."""
    evidence = _json(row.get("rights"))
    signals = evidence.get("signals", []) if isinstance(evidence, dict) else evidence
    about = {key: row[key] for key in FACTS if row.get(key) not in (None, "", [])}
    return {
        "caption": row.get("caption") or "",
        "allowed": bool(row.get("allowed")),
        "licence": row.get("licence") or "",
        "signals": [_signal(signal) for signal in signals if isinstance(signal, dict)],
        "errors": list(row.get("errors") or []),
        "from": {k: ", ".join(map(str, v)) if isinstance(v, list) else clean(v) for k, v in about.items()},
    }


def groups(rows: list[Row], relations: list[list[Any]], place: dict[str, int]) -> list[Row]:
    """Connected groups of copies; each member with its tie to the kept one. The most doubtful group comes first."""
    parent = list(range(len(rows)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    ties: dict[tuple[int, int], tuple[float, str]] = {}
    best: dict[int, tuple[float, str]] = {}
    for a, b, relation, distance in relations:
        tie = (distance or 0.0, relation)
        for pair in ((a, b), (b, a)):
            ties[pair] = min(ties.get(pair, tie), tie)
            best[pair[0]] = min(best.get(pair[0], tie), tie)
        parent[root(a)] = root(b)
    for index, row in enumerate(rows):
        if row.get("kept_id") in place:
            parent[root(index)] = root(place[row["kept_id"]])

    members: dict[int, list[int]] = defaultdict(list)
    for index in range(len(rows)):
        members[root(index)].append(index)
    found = []
    for group in members.values():
        if len(group) < 2:
            continue
        kept = next((i for i in group if rows[i]["state"] == "kept"), -1)
        found.append({"kept": kept, "members": [_member(rows, i, kept, ties, best) for i in _kept_first(group, kept)]})
    return sorted(found, key=lambda g: (-max(m["distance"] for m in g["members"]), g["members"][0]["index"]))


def _kept_first(group: list[int], kept: int) -> list[int]:
    return sorted(group, key=lambda index: (index != kept, index))


def _member(rows: list[Row], index: int, kept: int, ties: dict[Any, Any], best: dict[int, Any]) -> Row:
    distance, relation = (0.0, "") if index == kept else ties.get((kept, index)) or best.get(index, (0.0, ""))
    return {"index": index, "relation": relation, "distance": distance, "gone": rows[index].get("stage") == "relation"}


def borderline(rows: list[Row], sql: dict[str, str]) -> list[Row]:
    """For each comparison in a keep rule: the captures nearest to its threshold on both sides, in the rules' order."""
    edges: dict[tuple[Any, ...], list[tuple[float, float, int]]] = defaultdict(list)
    for index, row in enumerate(rows):
        for margin in row.get("margins") or []:
            value, distance = clean(margin["value"]), clean(margin["margin"])
            if value is not None and distance is not None:
                key = (margin["rule"], margin["operand"], margin["op"], margin["threshold"])
                edges[key].append((distance, value, index))
    order = list(sql)
    return [
        _edge(key, entries, rows, sql)
        for key, entries in sorted(edges.items(), key=lambda e: (order.index(e[0][0]) if e[0][0] in sql else 99, e[0]))
    ]


def _edge(key: tuple[Any, ...], entries: list[tuple[float, float, int]], rows: list[Row], sql: dict[str, str]) -> Row:
    rule, operand, op, threshold = key
    distinct = [e for e in entries if rows[e[2]].get("stage") != "relation"] or entries  # one of each group of copies
    fail = sorted(e for e in distinct if e[0] < 0)[::-1][:NEAREST]
    passing = sorted(e for e in distinct if e[0] >= 0)[:NEAREST]
    values = sorted(value for _, value, _ in entries)
    inner = [values[int(0.01 * (len(values) - 1))], values[int(0.99 * (len(values) - 1))]]
    shown = [*inner, threshold, *(e[1] for e in fail), *(e[1] for e in passing)]
    low, high = min(shown), max(shown)
    step = max(1, math.ceil(len(entries) / TICKS))
    ticks = [*sorted(entries, key=lambda e: (e[1], e[2]))[::step], *fail, *passing]
    return {
        "rule": rule,
        "operand": operand,
        "op": op,
        "threshold": threshold,
        "sql": sql.get(rule, ""),
        "failing": sum(e[0] < 0 for e in entries),
        "passing": sum(e[0] >= 0 for e in entries),
        "min": low,
        "max": high,
        "below": [[e[2], e[1]] for e in fail],
        "above": [[e[2], e[1]] for e in passing],
        "ticks": sorted({(min(high, max(low, e[1])), int(e[0] >= 0)) for e in ticks}),
    }


def features(rows: list[Row], manifest: Row) -> list[Row]:
    """Every numeric feature that varies, with the thresholds that rules set on it."""
    thresholds: dict[str, set[tuple[str, str, float]]] = defaultdict(set)
    for row in rows:
        for margin in row.get("margins") or []:
            thresholds[margin["operand"]].add((margin["rule"], margin["op"], margin["threshold"]))
    found = []
    names = [column for feature in manifest.get("features", []) for column in feature.get("columns", [])]
    for name in dict.fromkeys(names):
        if name.startswith("decoded_"):  # the plot of sizes shows them
            continue
        values = [clean(row.get(name)) for row in rows]
        numbers = {value for value in values if isinstance(value, int | float) and not isinstance(value, bool)}
        if len(numbers) < 2 or any(isinstance(value, str | list | dict | bool) for value in values):
            continue
        marks = [{"rule": rule, "op": op, "value": value} for rule, op, value in sorted(thresholds.get(name, ()))]
        found.append({"name": name, "values": values, "thresholds": marks})
    return sorted(found, key=lambda feature: not feature["thresholds"])


def leaks(rows: list[Row], relations: list[list[Any]]) -> dict[str, int]:
    """Related pairs and sites whose kept captures lie in more than one split: both must be 0."""
    split = [row.get("split") if row["state"] == "kept" else None for row in rows]
    pairs = [(split[a], split[b]) for a, b, *_ in relations if split[a] and split[b]]
    sites: dict[str, set[str]] = defaultdict(set)
    for row, name in zip(rows, split, strict=True):
        if name:
            sites[row["site"]].add(name)
    return {
        "relations": sum(a != b for a, b in pairs),
        "checkedRelations": len(relations),
        "sites": sum(len(names) > 1 for names in sites.values()),
        "checkedSites": len(sites),
    }


def rights(rows: list[Row]) -> Row:
    """Captures by source, permission and licence; and each kind of signal with one example."""
    table: dict[tuple[str, bool, str], list[Row]] = defaultdict(list)
    signals: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        about = detail(row)
        table[(row.get("source") or "", about["allowed"], about["licence"])].append(row)
        for key, evidence in {(s["source"], s["effect"]): s["evidence"] for s in about["signals"]}.items():
            signals[key].append(evidence)
    return {
        "rights": [
            {
                "source": source,
                "allowed": allowed,
                "licence": licence,
                "captures": len(members),
                "sites": len({row["site"] for row in members}),
                "kept": sum(row["state"] == "kept" for row in members),
            }
            for (source, allowed, licence), members in sorted(table.items(), key=lambda e: (-len(e[1]), e[0]))
        ],
        "signals": [
            {"source": source, "effect": effect, "captures": len(evidence), "example": min(evidence)[:200]}
            for (source, effect), evidence in sorted(signals.items())
        ],
    }


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
