"""Reads a Label Studio JSON export into label events. Label Studio validates nothing, so everything is checked here."""

from __future__ import annotations

import json
import os
import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from annotations.errors import GessoError
from annotations.project import NAMESPACE, RATING_MAX

MAX_EXPORT_BYTES = 1 << 30
EVENTS = pa.schema(
    [
        ("event_id", pa.string()),  # a UUID of (task, annotation, control): the key of a later export's update
        ("task_id", pa.string()),
        ("task", pa.string()),
        ("capture_id", pa.string()),  # of a pairwise event: the left one
        ("other_capture_id", pa.string()),  # of a pairwise event: the right one
        ("rating", pa.int8()),
        ("selected", pa.string()),
        ("skipped", pa.bool_()),
        ("annotator", pa.string()),
        ("annotation_id", pa.string()),
        ("created_at", pa.timestamp("us", "UTC")),
        ("updated_at", pa.timestamp("us", "UTC")),
        ("lead_seconds", pa.float32()),
    ]
)
PROBLEMS = pa.schema([("where", pa.string()), ("kind", pa.string()), ("reason", pa.string()), ("raw", pa.string())])
RAW_LIMIT = 2000


class ExportError(GessoError):
    """The file as a whole is no export."""


class LabelError(GessoError):
    """One annotation is not a label. `kind` is to count by."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


@dataclass(frozen=True)
class Export:
    """What an export held: events in file order, and the annotations that were none, with their reasons."""

    events: pa.Table
    problems: pa.Table


@dataclass(frozen=True)
class Stored:
    """What a label table holds after an export went in."""

    path: Path
    added: int
    total: int
    problems: list[str]


def read_export(path: Path) -> Export:
    """Every annotation of a JSON export as an event or as a problem. Raises ExportError where the file is no export."""
    events: list[dict[str, Any]] = []
    problems: list[dict[str, Any]] = []
    for number, task in enumerate(_load(Path(path))):
        annotations = task.get("annotations") if isinstance(task, dict) else None
        if not isinstance(annotations, list):
            problems.append(_problem(f"task {number}", LabelError("not_a_task", "has no list of annotations"), task))
            continue
        for annotation in annotations:
            name = annotation.get("id", "?") if isinstance(annotation, dict) else "?"
            try:
                events.append(_event(task, annotation))
            except LabelError as error:
                problems.append(_problem(f"task {task.get('id', number)} annotation {name}", error, annotation))
    return Export(pa.Table.from_pylist(events, EVENTS), pa.Table.from_pylist(problems, PROBLEMS))


def store_export(export_file: Path, name: str, home: Path) -> Stored:
    """Merge an export into `<home>/labels/<name>.parquet`, and its problems into `<name>-problems.parquet`.

    An event that is there already is replaced where the export's is newer, so reading a file twice changes nothing.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
        raise ExportError(f"{name!r} is no name for a label table: use letters, digits, dots, - and _")
    export = read_export(export_file)
    folder = Path(home) / "labels"
    path = folder / f"{name}.parquet"
    before = _read(path, EVENTS)
    merged = {row["event_id"]: row for row in before}
    for row in export.events.to_pylist():
        known = merged.get(row["event_id"])
        if known is None or _moment(row) >= _moment(known):
            merged[row["event_id"]] = row
    folder.mkdir(parents=True, exist_ok=True)
    _write(path, [merged[key] for key in sorted(merged)], EVENTS)
    trouble = folder / f"{name}-problems.parquet"
    known_problems = {tuple(row.values()): row for row in [*_read(trouble, PROBLEMS), *export.problems.to_pylist()]}
    if known_problems:
        _write(trouble, [known_problems[key] for key in sorted(known_problems)], PROBLEMS)
    lines = [f"{row['where']}: {row['reason']}" for row in export.problems.to_pylist()]
    return Stored(path, added=len(merged) - len(before), total=len(merged), problems=lines)


def _load(path: Path) -> list[Any]:
    try:
        size = path.stat().st_size
        if size > MAX_EXPORT_BYTES:
            raise ExportError(f"{path} has {size} bytes, over the limit of {MAX_EXPORT_BYTES}: export in parts")
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise ExportError(f"no export at {path}: export the project as JSON from Label Studio") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ExportError(f"{path} is not JSON ({error}): export the project as JSON, not as JSON-MIN or CSV") from None
    if not isinstance(content, list):
        raise ExportError(f"{path} holds no list of tasks: export the project as JSON, not as JSON-MIN or CSV")
    return content


def _problem(where: str, error: LabelError, raw: Any) -> dict[str, Any]:
    text = json.dumps(raw, ensure_ascii=False, sort_keys=True, default=str)[:RAW_LIMIT]
    return {"where": where, "kind": error.kind, "reason": str(error), "raw": text}


def _event(task: dict[str, Any], annotation: Any) -> dict[str, Any]:
    data = task.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("task_id"), str) or not isinstance(annotation, dict):
        raise LabelError("not_ours", "the task carries no task_id: label the tasks that gesso wrote")
    kind = data.get("task")
    keys = {"rating": ("capture_id",), "pairwise": ("left_capture_id", "right_capture_id")}.get(str(kind))
    if keys is None or not all(isinstance(data.get(key), str) for key in keys):
        raise LabelError("not_ours", f"task {kind!r} or its captures are unknown: label the tasks that gesso wrote")
    skipped = bool(annotation.get("was_cancelled"))
    rating, selected = None, None
    if not skipped:
        value = _only_value(annotation.get("result"), str(kind))
        rating, selected = (_rating(value), None) if kind == "rating" else (None, _selected(value))
    identity = str(annotation.get("unique_id") or annotation.get("id"))
    created = _time(annotation.get("created_at"), "created_at")
    return {
        "event_id": str(uuid.uuid5(NAMESPACE, f"{data['task_id']}/{identity}/{kind}")),
        "task_id": data["task_id"],
        "task": kind,
        "capture_id": data[keys[0]],
        "other_capture_id": data[keys[1]] if len(keys) > 1 else None,
        "rating": rating,
        "selected": selected,
        "skipped": skipped,
        "annotator": _annotator(annotation.get("completed_by")),
        "annotation_id": identity,
        "created_at": created,
        "updated_at": _time(annotation.get("updated_at") or annotation.get("created_at"), "updated_at"),
        "lead_seconds": _seconds(annotation.get("lead_time")),
    }


def _only_value(result: Any, kind: str) -> dict[str, Any]:
    found = (
        [one for one in result if isinstance(one, dict) and one.get("type") == kind] if isinstance(result, list) else []
    )
    if len(found) != 1 or not isinstance(found[0].get("value"), dict):
        raise LabelError("no_value", f"has {len(found)} {kind} values instead of one: ask for it again")
    value: dict[str, Any] = found[0]["value"]
    return value


def _rating(value: dict[str, Any]) -> int:
    rating = value.get("rating")
    if isinstance(rating, bool) or not isinstance(rating, int) or not 1 <= rating <= RATING_MAX:
        raise LabelError("rating_range", f"rating is {str(rating)[:40]!r}: it must be one of 1 to {RATING_MAX}")
    return rating


def _selected(value: dict[str, Any]) -> str:
    selected = value.get("selected")
    if selected not in ("left", "right"):
        raise LabelError("not_a_side", f"selected is {str(selected)[:40]!r}: it must be 'left' or 'right'")
    return str(selected)


def _annotator(value: Any) -> str:
    """A user id, or an address where the export carries the whole user."""
    if isinstance(value, dict):
        value = value.get("email") or value.get("id")
    return "" if value is None else str(value)[:200]


def _time(value: Any, name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise LabelError("no_time", f"{name} is {str(value)[:40]!r}: it must be an ISO 8601 time") from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _seconds(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e7 else None


def _moment(row: dict[str, Any]) -> datetime:
    moment: datetime = row["updated_at"]
    return moment


def _read(path: Path, schema: pa.Schema) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    try:
        rows: list[dict[str, Any]] = pq.read_table(path, schema=schema).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise ExportError(f"{path} cannot be read ({error}): move it away and read the exports again") from None
    return rows


def _write(path: Path, rows: list[dict[str, Any]], schema: pa.Schema) -> None:
    aside = path.with_name(f".{path.name}.part")
    with aside.open("wb") as file:
        pq.write_table(pa.Table.from_pylist(rows, schema), file, compression="zstd")
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
