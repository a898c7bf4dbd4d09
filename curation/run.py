"""Curation from end to end: captures → features → relations → decisions → splits → shards, as one dataset version.

A version is built aside in `datasets/<name>/.build-<key>/` and then renamed to the next number, so a kill leaves
features and whole shards to go on from, and never half a version.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from crawlers.captures import Capture, CaptureStore
from curation import captures_table, card, engine, manifest, relations, review, shards
from curation.dataset import read_manifest, versions_of
from curation.engine import written_aside
from curation.errors import GessoError
from curation.recipe import Recipe
from curation.select import Selection, select
from curation.splits import assign, components

Progress = Callable[[str, int, int], None]
ALWAYS = ("decode", "hashes", "ink")  # decisions and relations stand on these
REPORT = "report.html"
TABLES = ("review.parquet", "rejected.parquet", "relations.parquet", "README.md")


class CurateError(GessoError):
    """Nothing to curate, or another run is at it."""


@dataclass(frozen=True)
class DatasetVersion:
    """What a run made, or found made. `rejected_by` counts by rule and relation, in the order of the funnel."""

    name: str
    path: Path
    version: int
    input: int
    kept: int
    rejected: int
    failed: int
    rejected_by: dict[str, int]
    shards: int
    notes: list[str] = field(default_factory=list)
    unchanged: bool = False

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"path": str(self.path)}


def curate(
    recipe: Recipe,
    home: Path,
    *,
    store: str | None = None,
    force: bool = False,
    progress: Progress | None = None,
    report: bool = True,
) -> DatasetVersion:
    """Make the next version of `recipe.name` under `home`, or return the one that this input and recipe already made.

    `store` defaults to `<home>/captures`. Raises GessoErrors of one line: StoreError, CurateError, FeatureError,
    SelectError and what features raise when their model cannot be had.
    """
    home = Path(home)
    place = store or str(home / "captures")
    captured = CaptureStore(place)
    captures = _chosen(captured, recipe)
    plan = engine.plan(recipe.features, home, ALWAYS)
    key = manifest.key_of(recipe, captures, plan)
    folder = home / "datasets" / recipe.name
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        before = None if force else _made_before(home, recipe.name, key)
        if before is not None and not _may_change(folder / str(before)):
            return _unchanged(folder, before, home, place, report, progress)
        _try_sql(recipe, captures, plan)
        engine.compute(plan, captures, captured, home, progress)
        build = folder / f".build-{key}"
        for stale in folder.glob(".build-*"):
            if stale != build:
                shutil.rmtree(stale)
        build.mkdir(exist_ok=True)
        for torn in build.glob(".*.part"):
            torn.unlink()
        _build(recipe, key, plan, captures, captured, home, build, progress)
        if before is not None and _same(build, folder / str(before)):
            shutil.rmtree(build)
            return _unchanged(folder, before, home, place, report, progress)
        number = _publish(build, folder)
        if report:
            _write_report(folder / str(number), home, place, progress)
    return _version(folder / str(number), number)


def _write_report(version: Path, home: Path, store: str, progress: Progress | None) -> None:
    """Comes last: it shows the version's number, which a build does not have."""
    from curation.report import write_report

    write_report(version, home, store, progress)


def _chosen(store: CaptureStore, recipe: Recipe) -> list[Capture]:
    """The input: every capture that `captures.where` takes, sorted by id."""
    captures = sorted(store.captures(), key=lambda c: c.capture_id)
    if not captures:
        raise CurateError(f"the capture store at {store.url} is empty: crawl first")
    if recipe.captures.where is None:
        return captures
    with Selection(captures_table.from_captures(captures)) as selection:
        wanted = selection.evaluate("captures.where", recipe.captures.where, "BOOLEAN")
    chosen = [capture for capture, take in zip(captures, wanted, strict=True) if take]
    if not chosen:
        raise CurateError(f"captures.where takes none of {len(captures)} captures: loosen {recipe.captures.where!r}")
    return chosen


def _try_sql(recipe: Recipe, captures: list[Capture], plan: engine.Plan) -> None:
    """Find wrong SQL before the hours of features, on a table without rows."""
    empty = captures_table.from_captures(captures[:0])
    for feature in plan.features:
        for column in feature.schema:
            empty = empty.append_column(column, pa.array([], column.type))
    with Selection(empty) as selection:
        select(selection, recipe, {}, [])


def _build(
    recipe: Recipe,
    key: str,
    plan: engine.Plan,
    captures: list[Capture],
    store: CaptureStore,
    home: Path,
    build: Path,
    progress: Progress | None,
) -> None:
    table, errors = gather(plan, captures, home)
    ids: list[str] = table["capture_id"].to_pylist()
    failed = {k: e.removeprefix("decode: ") for k, some in errors.items() for e in some if e.startswith("decode: ")}
    if progress:
        progress("relations", 0, len(ids))
    found = relations.find(table, recipe.relations, progress)
    related = _by_id(found, ids)
    with Selection(table) as selection:
        decisions = select(selection, recipe, failed, related)
        margins = selection.margins(recipe.keep)
    if progress:
        progress("relations", len(ids), len(ids))
    component = components(ids, table["site"].to_pylist(), ((r.a, r.b) for r in related))
    splits = assign(component, [k for k in ids if decisions[k].state == "kept"], recipe.splits, recipe.seed)
    rows = review.shard_columns(table, decisions, splits)
    written = shards.write(rows, store, build, recipe.shards, recipe.seed, progress) if len(rows) else []
    reviewed = review.build(table, decisions, margins, splits, errors)
    _write(reviewed, build / "review.parquet")
    _write(reviewed.filter(pa.compute.not_equal(reviewed["state"], "kept")), build / "rejected.parquet")
    _write(_relations_table(found, ids), build / "relations.parquet")
    facts = manifest.build(recipe, key, plan, table, decisions, related, splits, component, errors, written)
    facts["columns"] = {f.name: str(f.type) for f in shards.shard_schema(rows.schema)}
    facts["notes"] += _notes(facts)
    _write_text(card.write(facts), build / "README.md")
    _write_text(manifest.dump(manifest.with_files(facts, build, TABLES)), build / manifest.FILE)


def gather(plan: engine.Plan, captures: list[Capture], home: Path) -> tuple[pa.Table, dict[str, list[str]]]:
    """One row a capture with all feature columns, and capture_id → `feature: kind: message` of what had no value."""
    table = captures_table.from_captures(captures)
    ids = table["capture_id"].to_pylist()
    errors: dict[str, list[str]] = {}
    for feature in plan.features:
        values = engine.read_feature(plan, feature.name, home, ids)
        for key, error in zip(ids, values["error"].to_pylist(), strict=True):
            if error is not None:
                errors.setdefault(key, []).append(f"{feature.name}: {error}")
        for column in feature.schema:
            table = table.append_column(column, values[column.name])
    return table.combine_chunks(), errors


def _by_id(found: pa.Table, ids: list[str]) -> list[relations.Relation]:
    rows = zip(*(found[n].to_pylist() for n in ("relation", "a", "b", "distance")), strict=True)
    return [relations.Relation(name, ids[a], ids[b], distance) for name, a, b, distance in rows]


def _relations_table(found: pa.Table, ids: list[str]) -> pa.Table:
    """With capture ids in the place of row numbers."""
    names = pa.array(ids, pa.string())
    named = {side: names.take(found[side].combine_chunks()) for side in ("a", "b")}
    return pa.table(named | {name: found[name] for name in ("relation", "distance", "why")})


def _notes(facts: dict[str, Any]) -> list[str]:
    empty = [name for name, split in facts["splits"].items() if split["share"] > 0 and not split["rows"]]
    if not facts["counts"]["kept"]:
        return ["nothing was kept: see the funnel for the rule that took most"]
    return [f"split {name} is empty: there are too few independent sites" for name in empty]


def _write(table: pa.Table, path: Path) -> None:
    with written_aside(path) as aside:
        pq.write_table(table, aside, compression="zstd", row_group_size=20_000)


def _write_text(text: str, path: Path) -> None:
    with written_aside(path) as aside:
        aside.write_text(text, encoding="utf-8")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One builder a dataset; the system lets go of the lock when its holder dies."""
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CurateError(f"another run is curating {folder.name!r}: wait for it, or rename the recipe") from None
        yield


def _made_before(home: Path, name: str, key: str) -> int | None:
    for number in reversed(versions_of(home, name)):
        if read_manifest(home / "datasets" / name / str(number)).get("key") == key:
            return number
    return None


def _may_change(version: Path) -> bool:
    """Whether values are missing for a reason that may have passed, such as a blob that is back."""
    features = read_manifest(version)["features"]
    return any(kind in engine.PASSING for feature in features for kind in feature["errors"])


def _same(build: Path, version: Path) -> bool:
    return (build / manifest.FILE).read_bytes() == (version / manifest.FILE).read_bytes()


def _unchanged(
    folder: Path, number: int, home: Path, store: str, report: bool, progress: Progress | None
) -> DatasetVersion:
    """The version that stands already; the report too, if a kill came before it."""
    if report and not (folder / str(number) / REPORT).is_file():
        _write_report(folder / str(number), home, store, progress)
    return _version(folder / str(number), number, unchanged=True)


def _publish(build: Path, folder: Path) -> int:
    taken = [int(p.name) for p in folder.iterdir() if p.name.isdigit()]
    number = max(taken, default=0) + 1
    build.rename(folder / str(number))
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return number


def _version(path: Path, number: int, *, unchanged: bool = False) -> DatasetVersion:
    facts = read_manifest(path)
    counts = facts["counts"]
    return DatasetVersion(
        name=facts["name"],
        path=path,
        version=number,
        input=counts["input"],
        kept=counts["kept"],
        rejected=counts["rejected"],
        failed=counts["failed"],
        rejected_by={step["name"]: step["rejected"] for step in facts["funnel"]},
        shards=len(facts["shards"]),
        notes=facts["notes"],
        unchanged=unchanged,
    )
