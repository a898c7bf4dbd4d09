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
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from crawlers.captures import CaptureStore
from curation import captures_table, card, columns, engine, feature_table, manifest, redact, review, shards, stages
from curation.dataset import read_manifest, versions_of
from curation.engine import written_aside
from curation.errors import GessoError
from curation.profile import read_profile
from curation.recipe import Recipe
from curation.select import SelectError, Selection

Progress = Callable[[str, int, int], None]
ALWAYS = ("decode", "hashes", "ink")  # decisions and relations stand on these
REPORT = "report.html"
TABLES = ("review.parquet", "rejected.parquet", "relations.parquet", "README.md")


class CurateError(GessoError):
    """Nothing to curate, or another run is at it."""


@dataclass(frozen=True)
class DatasetVersion:
    """What a run made, or found made.

    `rejected_by` counts by rule, relation and balance, in the order of the funnel; `computed` counts the feature values
    (capture × feature) that this run had to compute.
    """

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
    computed: int = 0

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
    on: engine.Choice = engine.LOCAL,
) -> DatasetVersion:
    """Make the next version of `recipe.name` under `home`, or return the one that this input and recipe already made.

    `store` defaults to `<home>/captures` and may be any fsspec URL; `on` says which engine computes features. Raises
    GessoErrors of one line: StoreError, CurateError, FeatureError, SelectError, EngineError and what features raise
    when their model cannot be had.
    """
    home = Path(home)
    place = store or str(home / "captures")
    captured = CaptureStore(place)
    captures = _chosen(captured, recipe, home)
    plan = engine.plan(recipe.features, home, ALWAYS)
    key = manifest.key_of(recipe, captures_table.digest(captures), plan)
    with _alone(home / "datasets" / recipe.name) as folder:
        before = None if force else _made_before(home, recipe.name, key)
        if before is not None and not _may_change(folder / str(before)):
            return _unchanged(folder, before, home, place, report, progress)
        _try_sql(recipe, captures_table.SCHEMA, plan)
        table, computed = _features(plan, captures, captured, home, progress, on)
        images = captured if recipe.shards.images else None
        version = _make(recipe, home, key, plan, table, images, before, progress)
        if report and not (version.path / REPORT).is_file():
            _write_report(version.path, home, place, progress)
    return replace(version, computed=computed)


def curate_table(
    recipe: Recipe,
    home: Path,
    source: Path,
    *,
    store: str | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> DatasetVersion:
    """As `curate`, from Parquet that holds captures and features: no capture log is read and no feature computed.

    Image bytes come from the capture store, unless the recipe says `shards: {images: false}`; then none is needed.
    Raises TableError, CurateError, SelectError, StoreError.
    """
    home = Path(home)
    table, digest = _given(recipe, home, Path(source))
    images = CaptureStore(store or str(home / "captures")) if recipe.shards.images else None
    redact.require(table.schema, recipe.shards.redact)
    stages.try_sql(recipe, table.schema)
    plan = engine.Plan((), {}, ())
    key = manifest.key_of(recipe, digest, plan)
    with _alone(home / "datasets" / recipe.name) as folder:
        before = None if force else _made_before(home, recipe.name, key)
        if before is not None:
            return _version(folder / str(before), before, unchanged=True)
        return _make(recipe, home, key, plan, table, images, None, progress)


def table_of(
    recipe: Recipe, home: Path, store: str | None = None, source: Path | None = None, progress: Progress | None = None
) -> pa.Table:
    """The feature table that the recipe decides over, of the store or of `source`; features are computed if missing."""
    if source is not None:
        return _given(recipe, home, source)[0]
    captured = CaptureStore(store or str(home / "captures"))
    captures = _chosen(captured, recipe, home)
    plan = engine.plan(recipe.features, home, ALWAYS)
    _try_sql(recipe, captures_table.SCHEMA, plan)
    return _features(plan, captures, captured, home, progress, engine.LOCAL)[0]


def _given(recipe: Recipe, home: Path, source: Path) -> tuple[pa.Table, str]:
    table, digest = feature_table.of_files(source, home)
    if recipe.captures.where is not None:
        table = feature_table.chosen(table, _where(table, recipe.captures.where), recipe.captures.where)
    return table, digest


def _features(
    plan: engine.Plan,
    captures: pa.Table,
    store: CaptureStore,
    home: Path,
    progress: Progress | None,
    on: engine.Choice,
) -> tuple[pa.Table, int]:
    """The feature table of these captures, and how many values had to be computed for it."""
    table = feature_table.at_hand(plan, captures, home)
    if table is not None:
        return table, 0
    wanted = set(captures["capture_id"].to_pylist())
    some = sorted((c for c in store.captures() if c.capture_id in wanted), key=lambda c: c.capture_id)
    computed = engine.compute(plan, some, store, home, progress, on)
    return feature_table.gather(plan, captures, home), computed


def _make(
    recipe: Recipe,
    home: Path,
    key: str,
    plan: engine.Plan,
    table: pa.Table,
    store: CaptureStore | None,
    before: int | None,
    progress: Progress | None,
) -> DatasetVersion:
    """Build aside, and publish unless `before` turns out to be the same."""
    folder = home / "datasets" / recipe.name
    build = folder / f".build-{key}"
    for stale in folder.glob(".build-*"):
        if stale != build:
            shutil.rmtree(stale)
    build.mkdir(exist_ok=True)
    for torn in build.glob(".*.part"):
        torn.unlink()
    _build(recipe, key, plan, table, store, home, build, progress)
    if before is not None and _same(build, folder / str(before)):
        shutil.rmtree(build)
        return _version(folder / str(before), before, unchanged=True)
    number = _publish(build, folder)
    return _version(folder / str(number), number)


def _write_report(version: Path, home: Path, store: str, progress: Progress | None) -> None:
    """Comes last: it shows the version's number, which a build does not have."""
    from curation.report import write_report

    write_report(version, home, store, progress)


def _chosen(store: CaptureStore, recipe: Recipe, home: Path) -> pa.Table:
    """The input: every capture that `captures.where` takes, sorted by id."""
    captures = captures_table.of_store(store, home)
    if not len(captures):
        raise CurateError(f"the capture store at {store.url} is empty: crawl first")
    if recipe.captures.where is None:
        return captures
    return columns.Rows(captures).at(_where(captures, recipe.captures.where))


def _where(table: pa.Table, sql: str) -> np.ndarray:
    with Selection(table) as selection:
        rows = np.flatnonzero(selection.booleans("captures.where", sql))
    if not len(rows):
        raise CurateError(f"captures.where takes none of {len(table)} captures: loosen {sql!r}")
    return rows


def _try_sql(recipe: Recipe, schema: pa.Schema, plan: engine.Plan) -> None:
    """Find wrong SQL before the hours of features, on a table without rows; and what redaction would miss."""
    schema = pa.schema([*schema, *(field for feature in plan.features for field in feature.schema)])
    redact.require(schema, recipe.shards.redact)
    try:
        stages.try_sql(recipe, schema)
    except SelectError as error:  # perhaps for the want of a feature's columns
        raise SelectError("; ".join((str(error), *plan.notes))) from None


def _build(
    recipe: Recipe,
    key: str,
    plan: engine.Plan,
    table: pa.Table,
    store: CaptureStore | None,
    home: Path,
    build: Path,
    progress: Progress | None,
) -> None:
    tell = progress or (lambda task, done, total: None)
    rows = len(table)
    tell("clusters", 0, rows)
    table, notes = stages.clustered(recipe, table, home)
    tell("clusters", rows, rows)
    tell("relations", 0, rows)
    related = stages.related(recipe, table, home, progress)
    tell("relations", rows, rows)
    tell("decisions", 0, rows)
    decided = stages.decide(recipe, table, related)
    tell("decisions", rows, rows)
    decisions, split, component = decided.decisions, decided.split, decided.component
    reviewed = review.Review(table, decisions, decided.margins, list(recipe.splits), split, component)
    if hidden := recipe.shards.redact:
        kept = np.flatnonzero(decisions.kept)
        redact.check(reviewed.places(kept), reviewed.named(kept), hidden)
    written = shards.write(reviewed, store, build, recipe.shards, recipe.seed, progress)
    tell("tables", 0, rows)
    review.write(reviewed, build)
    review.write_relations(reviewed, related, build / "relations.parquet")
    facts = manifest.build(recipe, key, plan, reviewed, related, written)
    schema = shards.shard_schema(redact.schema(reviewed.shard_schema(), hidden), store is not None)
    facts["columns"] = {f.name: str(f.type) for f in schema}
    facts["balance"] = decided.balance
    facts["clusters"] = manifest.clusters(table)
    facts["notes"] += [*notes, *decided.notes, *_without_value(facts), *_notes(facts)]
    _write_text(card.write(facts, read_profile(build / "review.parquet")), build / "README.md")
    _write_text(manifest.dump(manifest.with_files(facts, build, TABLES)), build / manifest.FILE)
    tell("tables", rows, rows)


def _without_value(facts: dict[str, Any]) -> Iterator[str]:
    """What no one would notice: a feature that failed for want of its server, or gave nothing at all."""
    for feature in facts["features"]:
        if feature["errors"] == facts["failed"]:  # nothing, or what could not be read: that is counted
            continue
        lost = sum(feature["errors"].values())
        again = any(kind in engine.PASSING for kind in feature["errors"])
        if again or lost == facts["counts"]["input"]:
            kinds = ", ".join(f"{kind} {count:,}" for kind, count in sorted(feature["errors"].items()))
            then = ": run again for them" if again else ""
            yield f"{feature['name']} has no value for {lost:,} captures ({kinds}){then}"


def _notes(facts: dict[str, Any]) -> list[str]:
    empty = [name for name, split in facts["splits"].items() if split["share"] > 0 and not split["rows"]]
    if not facts["counts"]["kept"]:
        return ["nothing was kept: see the funnel for the rule that took most"]
    return [f"split {name} is empty: there are too few independent sites" for name in empty]


def _write_text(text: str, path: Path) -> None:
    with written_aside(path) as aside:
        aside.write_text(text, encoding="utf-8")


@contextmanager
def _alone(folder: Path) -> Iterator[Path]:
    """One builder a dataset; the system lets go of the lock when its holder dies."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CurateError(f"another run is curating {folder.name!r}: wait for it, or rename the recipe") from None
        yield folder


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
