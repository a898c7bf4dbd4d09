"""Dataset versions on disk: `<home>/datasets/<name>/<version>/`, numbered 1, 2, 3 …"""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Any

from curation.errors import GessoError

FILE = "manifest.json"
TAKEDOWNS = "takedowns.jsonl"  # beside it: what was taken down since
UNREDACTED = ("review.parquet", "rejected.parquet", "report.html")  # of a version, what redaction does not reach


class DatasetError(GessoError):
    """No such dataset or version, or a folder that is none."""


def versions_of(home: Path, name: str) -> list[int]:
    """The finished versions of a dataset, ascending."""
    folder = home / "datasets" / name
    return sorted(int(p.parent.name) for p in folder.glob(f"*/{FILE}") if p.parent.name.isdigit())


def resolve_dataset(home: Path, name: str) -> Path:
    """The folder of `name` (newest version), `name@3`, or a path. Raises DatasetError that lists what there is."""
    home = Path(home)
    if (Path(name) / FILE).is_file():
        return Path(name)
    wanted, _, number = name.partition("@")
    existing = sorted(p.name for p in (home / "datasets").glob("*/") if versions_of(home, p.name))
    if wanted not in existing:
        near = difflib.get_close_matches(wanted, existing, n=1)
        there = f"there are {', '.join(existing)}" if existing else "there is none yet: run gesso curate RECIPE"
        raise DatasetError(f"no dataset {wanted!r} in {home}: " + (f"did you mean {near[0]!r}?" if near else there))
    numbers = versions_of(home, wanted)
    if not number:
        return home / "datasets" / wanted / str(numbers[-1])
    if not number.isdigit() or int(number) not in numbers:
        there = ", ".join(f"{wanted}@{n}" for n in numbers)
        raise DatasetError(f"no version {number!r} of dataset {wanted!r} in {home}: there are {there}")
    return home / "datasets" / wanted / str(int(number))


def read_manifest(folder: Path) -> dict[str, Any]:
    """A version's manifest. Raises DatasetError where the folder holds none."""
    try:
        manifest: dict[str, Any] = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise DatasetError(f"{folder} is not a dataset version: it has no readable {FILE}") from None
    return manifest


def redacts(manifest: dict[str, Any]) -> tuple[str, ...]:
    """The kinds of personal data that a version masks in its shards."""
    return tuple(manifest.get("recipe", {}).get("shards", {}).get("redact") or ())


def taken_down(folder: Path) -> frozenset[str]:
    """The captures that a version holds and that were taken down after it was made; a torn line says nothing."""
    try:
        lines = (folder / TAKEDOWNS).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return frozenset()
    found: set[str] = set()
    for line in lines:
        try:
            found.update(json.loads(line or "{}")["capture_ids"])
        except (ValueError, KeyError):
            continue
    return frozenset(found)


def newest(home: Path) -> str:
    """`name@version` of what was made last in a home. Raises DatasetError where there is none."""
    made = [path for path in (Path(home) / "datasets").glob(f"*/*/{FILE}") if path.parent.name.isdigit()]
    if not made:
        raise DatasetError(f"no dataset in {home}: run gesso curate RECIPE")
    last = max(made, key=lambda path: (path.stat().st_mtime, path.parent.name))
    return f"{last.parents[1].name}@{last.parent.name}"
