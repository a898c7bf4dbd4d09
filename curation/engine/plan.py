"""The plan of a run: which features, in which order, under which fingerprints, and what of them is missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from curation.errors import GessoError
from curation.features import create
from curation.features.base import Feature, NotAtHand
from curation.recipe import FeatureChoice

INPUTS = ("image", "dom")  # what a feature may need besides other features


class EngineError(GessoError):
    """Features that need each other in a circle or make the same column, or an engine that cannot be had."""


@dataclass(frozen=True)
class Plan:
    """The features of a run, each after those it needs; `notes` says what was left out and why."""

    features: tuple[Feature, ...]
    fingerprints: dict[str, str]
    notes: tuple[str, ...] = ()

    def folder(self, home: Path, name: str) -> Path:
        return home / "features" / f"{name}-{self.fingerprints[name]}"

    def fields(self, name: str) -> pa.Schema:
        return next(feature.schema for feature in self.features if feature.name == name)


def plan(choices: Iterable[FeatureChoice], home: Path, also: Iterable[str] = ()) -> Plan:
    """Settle on features: those chosen, those that `also` or other features need, in an order that serves needs first.

    Raises FeatureError for an unknown name, EngineError for needs in a circle.
    """
    chosen = {choice.name: create(choice.name, choice.params) for choice in choices}
    for name in also:
        chosen.setdefault(name, create(name))
    done: dict[str, Feature] = {}
    fingerprints: dict[str, str] = {}
    notes: list[str] = []
    left_out: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in done or name in left_out:
            return
        if name in path:
            raise EngineError(f"features need each other in a circle: {' → '.join((*path, name))}")
        feature = chosen.get(name) or create(name)
        others = other_features(feature)
        for need in others:
            visit(need, (*path, name))
        try:
            if missing := [need for need in others if need in left_out]:
                raise NotAtHand(f"{name} left out: it needs {missing[0]}")
            feature.connect({need: done[need] for need in others})
            feature.check(home)
        except NotAtHand as why:
            left_out.add(name)
            notes.append(str(why))
            return
        done[name] = feature
        fingerprints[name] = feature.fingerprint({need: fingerprints[need] for need in others})

    for name in sorted(chosen):
        visit(name, ())
    _no_shared_columns(done.values())
    return Plan(tuple(done.values()), fingerprints, tuple(notes))


def other_features(feature: Feature) -> list[str]:
    """The features whose rows a feature is made from."""
    return [need for need in feature.needs if need not in INPUTS]


def levels(features: Iterable[Feature]) -> list[list[Feature]]:
    """Groups in which no feature needs another; those that want pixels come in one group, to share the decode."""
    depth: dict[str, int] = {}
    for feature in features:
        depth[feature.name] = 1 + max((depth[n] for n in feature.needs if n in depth), default=-1)
    groups: dict[int, list[Feature]] = {}
    for feature in features:
        groups.setdefault(depth[feature.name], []).append(feature)
    return [groups[level] for level in sorted(groups)]


def _no_shared_columns(features: Iterable[Feature]) -> None:
    owner: dict[str, str] = {}
    for feature in features:
        for column in feature.schema.names:
            if column in owner:
                raise EngineError(
                    f"features {owner[column]!r} and {feature.name!r} both make a column {column!r}: drop one"
                )
            owner[column] = feature.name
