"""A crawl's statistics in Prometheus' text format, as its node exporter's textfile collector reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# Groups of counters become one metric with a label; the longest prefix comes first.
LABELLED = {
    "gesso/frontier/": ("gesso_frontier_requests", "state", "gauge"),
    "gesso/failures/": ("gesso_failures_by_kind_total", "kind", "counter"),
    "gesso/verdicts/": ("gesso_verdicts_total", "verdict", "counter"),
    "downloader/response_status_count/": ("scrapy_response_status_total", "status", "counter"),
}
GAUGES = ("per_minute", "/max", "elapsed", "memusage", "depth_max", "request_depth")
_ODD = re.compile(r"[^a-zA-Z0-9_]")


def prometheus_text(stats: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    """Every number among the statistics, each metric with its type, all of a metric's lines together."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for key in sorted(stats):
        value = stats[key]
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
            continue
        name, more, kind = _metric(key)
        shown = ",".join(f'{_name(k)}="{_escaped(v)}"' for k, v in {**labels, **more}.items())
        found.setdefault(name, (kind, {}))[1][f"{name}{{{shown}}}"] = value
    blocks = [
        f"# TYPE {name} {kind}\n" + "".join(f"{line} {value}\n" for line, value in lines.items())
        for name, (kind, lines) in sorted(found.items())
    ]
    return "".join(blocks)


def _metric(key: str) -> tuple[str, dict[str, str], str]:
    for prefix, (name, label, kind) in LABELLED.items():
        if key.startswith(prefix):
            return name, {label: key.removeprefix(prefix)}, kind
    name = _name(key if key.startswith("gesso/") else f"scrapy/{key}")
    if any(part in key for part in GAUGES):
        return name, {}, "gauge"
    return f"{name}_total", {}, "counter"


def _name(text: str) -> str:
    name = _ODD.sub("_", text)
    return f"_{name}" if name[:1].isdigit() else name


def _escaped(value: str) -> str:
    return str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
