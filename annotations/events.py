"""Label events: what people said, append-only, as Parquet. The one form that labels have, wherever they were given.

One annotation (one click on Submit) gives one row for each aspect that it says something about. An edit gives new rows
with a later `updated_at`, a deletion a row with op `delete`; nothing is ever rewritten. `current` folds that into what
holds.

Kept in `<home>/labels/events/*.parquet`. A part is written aside, synced and renamed, and an event_id that is there
already is not written again: whoever appends may be killed at any moment and do the same once more.
"""

from __future__ import annotations

import hashlib
import os
import re
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from annotations.errors import GessoError

Task: TypeAlias = Literal["critique", "pairwise", "best_of_n", "elements", "caption_check", "like"]
TASKS: tuple[str, ...] = ("critique", "pairwise", "best_of_n", "elements", "caption_check", "like")
OPS = ("create", "update", "delete")
ORIGINS = ("manual", "prediction", "prediction-changed")
LEFT, RIGHT = 0, 1
SKIP = "skip"
"""The aspect of an annotation that declines to answer. It has neither value nor label."""

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "gesso:label-event/1")
MAX_PARTS = 256
MAX_TEXT = 20_000

BOX = pa.struct([("x", pa.float32()), ("y", pa.float32()), ("width", pa.float32()), ("height", pa.float32())])
EVENTS = pa.schema(
    [
        # Which statement this is.
        (
            "event_id",
            pa.string(),
        ),  # a UUID of the statement: the same one pulled twice has the same
        ("op", pa.string()),  # create, update or delete; delete says that the annotation no longer holds
        ("annotation_key", pa.string()),  # groups the rows of one annotation over all its revisions
        ("revision", pa.string()),  # groups the rows of one revision; a digest of what was said and when
        ("source", pa.string()),  # label_studio, gallery, generator, …
        ("dataset", pa.string()),  # name@version that the items were taken from
        # What was asked.
        ("task", pa.string()),  # one of TASKS
        ("task_key", pa.string()),  # UUID of (items, config_hash): the same question, whoever is asked
        ("config_hash", pa.string()),  # of the labelling page; empty for other sources
        ("item_sha256", pa.string()),  # sha256 of the picture that the row is about
        (
            "pair_sha256",
            pa.string(),
        ),  # pairwise: the other picture; item_sha256 < pair_sha256, whatever was shown where
        ("side", pa.int8()),  # where the item stood: LEFT or RIGHT of a pair, 0 … n-1 of a list; null when alone
        # What was answered.
        ("annotator", pa.string()),
        ("aspect", pa.string()),  # see VALUES below
        ("value", pa.float64()),
        ("label", pa.string()),
        ("box", BOX),  # fractions of the picture's width and height, 0 … 1
        ("region_id", pa.string()),  # elements: the box over its revisions
        # What it is worth.
        ("origin", pa.string()),  # manual, prediction (taken as it was), prediction-changed
        ("prediction_version", pa.string()),  # of the prediction that was shown; null where none was
        ("prediction_value", pa.float64()),  # what the model held for this aspect, shown or (blind) not
        ("prediction_label", pa.string()),
        ("blind", pa.bool_()),  # of the cohort that is never shown a prediction
        ("gold", pa.bool_()),  # the answer is known:
        ("expected_value", pa.float64()),
        ("expected_label", pa.string()),
        ("lead_seconds", pa.float32()),  # how long the annotation took, all its aspects together
        ("created_at", pa.timestamp("us", "UTC")),
        ("updated_at", pa.timestamp("us", "UTC")),
        # Where it stands in Label Studio; null for other sources.
        ("server", pa.string()),
        ("project_id", pa.int64()),
        ("task_id", pa.int64()),
        ("annotation_id", pa.int64()),
    ]
)
VALUES = """
critique      overall, layout, typography, color, lighting, subject, background, polish: value 1 … 5
              page_type: label · nsfw: label safe, suggestive, explicit · comment: label is the text
pairwise      preference: value 1 the item is better, 0 the other one, 0.5 tie or both bad;
              label is what was clicked: left, right, tie, both_bad
best_of_n     rank: value 1 (best) … n, one row an item
elements      element: label the kind, box, region_id; one row a box
caption_check verdict: label accept, edit, reject · caption: label is the text that holds, unless rejected
like          overall: value 1 liked, 0 disliked
any           skip: neither value nor label
"""
_REQUIRED = (
    *("event_id", "op", "annotation_key", "revision", "source", "task"),
    *("item_sha256", "annotator", "aspect", "updated_at"),
)
_SHA256 = r"^[0-9a-f]{64}$"


class EventError(GessoError):
    """Rows that are no label events, or a part that cannot be read."""


def events_folder(home: Path) -> Path:
    """Where the parts of a home lie."""
    return Path(home) / "labels" / "events"


def event_id(annotation_key: str, revision: str, op: str, aspect: str, item: str = "", region: str = "") -> str:
    """The id that this statement has whenever and wherever it is read."""
    return str(uuid.uuid5(NAMESPACE, "\n".join((annotation_key, revision, op, aspect, item, region))))


def events_table(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Rows as a checked table of EVENTS. Fields that are missing are null; event_id, op, blind and gold have defaults.

    Raises EventError with the first field that breaks the rules.
    """
    filled = []
    for row in rows:
        op = row.get("op") or "create"
        named = {"op": op, "blind": False, "gold": False, **row}
        if not named.get("event_id"):
            key, revision, aspect, item, region = (
                str(row.get(name) or "")
                for name in ("annotation_key", "revision", "aspect", "item_sha256", "region_id")
            )
            named["event_id"] = event_id(key, revision, op, aspect, item, region)
        filled.append(named)
    try:
        table = pa.Table.from_pylist(filled, EVENTS)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise EventError(f"a label event has a field of the wrong type ({error}): see annotations/events.py") from None
    check_events(table)
    return table


def check_events(table: pa.Table) -> None:
    """Raise EventError where a table's rows are not what EVENTS says."""
    if table.schema.names != EVENTS.names:
        strange = sorted(set(table.schema.names) ^ set(EVENTS.names))
        raise EventError(f"the columns are not those of a label event ({', '.join(strange)}): write them with EVENTS")
    for name in _REQUIRED:
        if table[name].null_count:
            raise EventError(f"{table[name].null_count} label events have no {name}: every event needs one")
    rules: list[tuple[str, pa.ChunkedArray]] = [
        ("op", pc.is_in(table["op"], pa.array(OPS))),
        ("task", pc.is_in(table["task"], pa.array(TASKS))),
        ("item_sha256", pc.match_substring_regex(table["item_sha256"], _SHA256)),
        ("pair_sha256", pc.match_substring_regex(table["pair_sha256"], _SHA256)),
        ("pair_sha256", pc.less(table["item_sha256"], table["pair_sha256"])),
        ("origin", pc.is_in(table["origin"], pa.array([*ORIGINS, None], pa.string()))),
        ("value", pc.is_finite(table["value"])),
        ("label", pc.less_equal(pc.utf8_length(table["label"]), MAX_TEXT)),
        ("lead_seconds", pc.greater_equal(table["lead_seconds"], 0)),
    ]
    for name, good in rules:
        bad = pc.index(pc.fill_null(good, True), False).as_py()
        if bad >= 0:
            found = str(table[name][bad].as_py())[:60]
            raise EventError(f"label event {table['event_id'][bad]}: {name} is {found!r}, see annotations/events.py")
    ids = table["event_id"]
    if len(pc.unique(ids)) != len(ids):
        raise EventError("two label events have one event_id: an annotation says each aspect of an item once")


def append_events(home: Path, table: pa.Table) -> int:
    """Write the events that are not there yet as one more part. Returns how many. Safe to kill and to repeat."""
    check_events(table)
    folder = events_folder(home)
    folder.mkdir(parents=True, exist_ok=True)
    new = table.filter(pc.invert(pc.is_in(table["event_id"], pc.unique(_known_ids(folder)))))
    if not len(new):
        return 0
    number = max((int(part.name[:8]) for part in _parts(folder)), default=-1) + 1
    _write_part(folder, number, new)
    if len(_parts(folder)) > MAX_PARTS:
        _compact(folder)
    return len(new)


def read_events(home: Path) -> pa.Table:
    """Every event in the order of writing, each once. An empty table where nothing was ever labelled."""
    return _without_repeats(_read_parts(_parts(events_folder(home))))


def current(events: pa.Table) -> pa.Table:
    """The rows that hold: of each annotation its last revision, of deleted annotations none.

    Later is what has the later `updated_at`; at the same moment a delete, then what was written last.
    """
    keys = events["annotation_key"].to_pylist()
    moments = events["updated_at"].cast(pa.int64()).to_pylist()
    ops, revisions = events["op"].to_pylist(), events["revision"].to_pylist()
    last: dict[str, tuple[int, bool, int, str]] = {}
    for row, (key, moment, op, revision) in enumerate(zip(keys, moments, ops, revisions, strict=True)):
        candidate = (moment, op == "delete", row, revision)
        if key not in last or candidate[:3] > last[key][:3]:
            last[key] = candidate
    holds = [
        not last[key][1] and last[key][3] == revision and op != "delete"
        for key, revision, op in zip(keys, revisions, ops, strict=True)
    ]
    return events.filter(pa.array(holds, pa.bool_()))


def read_current(home: Path) -> pa.Table:
    """`current` of everything in a home."""
    return current(read_events(home))


def _parts(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.parquet") if re.match(r"\d{8}-", path.name))


def _known_ids(folder: Path) -> pa.ChunkedArray:
    chunks = [chunk for part in _parts(folder) for chunk in _read_part(part, ["event_id"])["event_id"].chunks]
    return pa.chunked_array(chunks, pa.string())


def _read_part(path: Path, columns: list[str] | None = None) -> pa.Table:
    try:
        return pq.read_table(path, columns=columns, schema=EVENTS)
    except (pa.ArrowException, OSError) as error:
        raise EventError(f"{path} cannot be read ({error}): move it away and pull again") from None


def _read_parts(parts: list[Path]) -> pa.Table:
    return pa.concat_tables([EVENTS.empty_table(), *(_read_part(part) for part in parts)])


def _without_repeats(table: pa.Table) -> pa.Table:
    """Each event_id once, the first of them: a compaction that was killed leaves parts and their sum."""
    if len(pc.unique(table["event_id"])) == len(table):
        return table
    seen: set[str] = set()
    first = []
    for one in table["event_id"].to_pylist():
        first.append(one not in seen)
        seen.add(one)
    return table.filter(pa.array(first, pa.bool_()))


def _write_part(folder: Path, number: int, table: pa.Table) -> Path:
    digest = hashlib.sha256("\n".join(table["event_id"].to_pylist()).encode()).hexdigest()[:12]
    path = folder / f"{number:08d}-{digest}.parquet"
    aside = folder / f".{path.name}.{os.getpid()}.part"
    with aside.open("wb") as file:
        pq.write_table(table, file, compression="zstd")
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    _sync(folder)
    return path


def _compact(folder: Path) -> None:
    """Put all parts into one. The sum takes the first part's number, so that the order of writing stays."""
    parts = _parts(folder)
    whole = _without_repeats(_read_parts(parts))
    kept = _write_part(folder, int(parts[0].name[:8]), whole)
    for part in parts:
        if part != kept:
            part.unlink(missing_ok=True)
    _sync(folder)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
