"""What differs between two manifests' recipes, feature fingerprints and packages: paths with before and after."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Change:
    """One value; None where it is not there. `what` is a path such as `keep.blank` or `feature palette`."""

    what: str
    before: str | None
    after: str | None


def recipe_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """The recipe's values, then features whose code, weights or parameters changed, then packages."""
    sides = [dict(_flat("", manifest["recipe"])) for manifest in (before, after)]
    changes = list(_changes("", *sides))
    features = [{f["name"]: f["fingerprint"] for f in manifest["features"]} for manifest in (before, after)]
    changes += _changes("feature ", *features)
    changes += _changes("package ", before.get("versions", {}), after.get("versions", {}))
    return changes


def _changes(prefix: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name in dict.fromkeys((*before, *after)):
        a, b = before.get(name), after.get(name)
        if a != b:
            yield Change(prefix + name, a, b)


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """Dicts by key; lists of named things by their names, so that a rule that only moved is found again."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _flat(f"{path}.{key}" if path else str(key), inner)
    elif isinstance(value, list) and value and all(isinstance(v, Mapping) and "name" in v for v in value):
        for entry in value:
            rest = {key: inner for key, inner in entry.items() if key != "name"}
            only = next(iter(rest.values())) if len(rest) == 1 else rest
            yield from _flat(f"{path}.{entry['name']}", only)
    else:
        yield path, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
