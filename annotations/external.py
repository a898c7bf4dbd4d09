"""Labels given elsewhere (the gallery of a report, the studio of a generator) as the same events, from JSON lines.

docs/labels-trust.md describes the lines. A line that is there already is not written again; a line with a known `id`
and a later `at` is an update, one with `"delete": true` takes the statement back.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from annotations.errors import GessoError
from annotations.events import LEFT, NAMESPACE, RIGHT, append_events, events_table, read_events
from annotations.judgements import RATINGS, SEVERITY

MAX_BYTES, MAX_LINE = 256 << 20, 64 << 10
BATCH = 50_000  # events of one part
PICKED, PASSED_OVER = 1.0, 2.0


class LabelFileError(GessoError):
    """A file that cannot be imported, with its first bad line."""


def _zoned(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class _Line(BaseModel):
    """What every line has. Without `id`, a person has one opinion of one thing, and the later one holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Name
    annotator: Name
    at: Annotated[datetime, AfterValidator(_zoned)]
    id: Name | None = None
    delete: bool = False
    dataset: Annotated[str, Field(max_length=200)] | None = None
    lead_seconds: Annotated[float, Field(ge=0, lt=1e7)] | None = None
    origin: Literal["manual", "prediction", "prediction-changed"] = "manual"
    prediction_version: Name | None = None


class Like(_Line):
    kind: Literal["like"]
    item: Sha256
    liked: bool


class Rating(_Line):
    kind: Literal["rating"]
    item: Sha256
    value: Annotated[int, Field(ge=1, le=5)]
    aspect: str = "overall"

    @model_validator(mode="after")
    def _known(self) -> Rating:
        if self.aspect not in RATINGS:
            raise ValueError(f"aspect must be one of {', '.join(RATINGS)}")
        return self


class Label(_Line):
    kind: Literal["label"]
    item: Sha256
    aspect: Literal["page_type", "nsfw"]
    label: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]

    @model_validator(mode="after")
    def _known(self) -> Label:
        if self.aspect == "nsfw" and self.label not in SEVERITY:
            raise ValueError(f"label of nsfw must be one of {', '.join(SEVERITY)}")
        return self


class Comparison(_Line):
    kind: Literal["comparison"]
    left: Sha256
    right: Sha256
    choice: Literal["left", "right", "tie", "both_bad"]

    @model_validator(mode="after")
    def _two(self) -> Comparison:
        if self.left == self.right:
            raise ValueError("left and right are the same picture")
        return self


class Pick(_Line):
    """One of several that were shown side by side, in the order of `items`."""

    kind: Literal["pick"]
    items: Annotated[list[Sha256], Field(min_length=2, max_length=64)]
    picked: Sha256

    @model_validator(mode="after")
    def _shown(self) -> Pick:
        if self.picked not in self.items or len(set(self.items)) < len(self.items):
            raise ValueError("picked must be one of items, and no item may come twice")
        return self


_ANY: TypeAdapter[Any] = TypeAdapter(Annotated[Like | Rating | Label | Comparison | Pick, Field(discriminator="kind")])


@dataclass(frozen=True)
class Imported:
    """How many lines there were, how many events of them are new, and the lines that are no labels."""

    lines: int
    events: int
    problems: list[str]


def import_labels(path: Path, home: Path, *, keep_going: bool = False) -> Imported:
    """Write a file's labels as events. Raises LabelFileError at a bad line, before anything is written.

    With `keep_going`, bad lines are left out and named. May be killed and repeated: what is there is not written again.
    """
    parts: list[list[dict[str, Any]]] = [[]]
    problems: list[str] = []
    known: dict[str, set[str]] = defaultdict(set)
    before = read_events(home).select(["annotation_key", "revision"])
    for key, revision in zip(*(column.to_pylist() for column in before.columns), strict=True):
        known[key].add(revision)
    lines = 0
    for number, raw in _lines(Path(path)):
        lines += 1
        try:
            statement = rows_of(_ANY.validate_json(raw))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"][1:]) or "line"
            problems.append(f"{path}:{number}: {where}: {first['msg']}")
            if not keep_going:
                raise LabelFileError(f"{problems[0]}: mend it, or import the rest with --keep-going") from None
            continue
        key, revision = statement[0]["annotation_key"], statement[0]["revision"]
        if revision in known[key]:
            continue
        for row in statement:
            row["op"] = row["op"] or ("update" if known[key] else "create")
        known[key].add(revision)
        if len(parts[-1]) >= BATCH:  # between statements, so that a kill leaves none in halves
            parts.append([])
        parts[-1] += statement
    added = sum(append_events(home, events_table(part)) for part in parts if part)
    return Imported(lines, added, problems)


def rows_of(line: Like | Rating | Label | Comparison | Pick) -> list[dict[str, Any]]:
    """A line's rows for `events_table`; `op` is empty where the home must say whether it is new."""
    about, key = _statement(line)
    shared = {
        "op": "delete" if line.delete else "",
        "annotation_key": key,
        "revision": hashlib.sha256(about.encode()).hexdigest()[:16],
        "source": line.source,
        "dataset": line.dataset,
        "config_hash": "",
        "annotator": line.annotator,
        "origin": line.origin,
        "prediction_version": line.prediction_version,
        "lead_seconds": line.lead_seconds,
        "created_at": line.at,
        "updated_at": line.at,
    }
    if isinstance(line, Like):
        return [shared | {"task": "like", "item_sha256": line.item, "aspect": "overall", "value": float(line.liked)}]
    if isinstance(line, Rating):
        return [
            shared | {"task": "critique", "item_sha256": line.item, "aspect": line.aspect, "value": float(line.value)}
        ]
    if isinstance(line, Label):
        return [shared | {"task": "critique", "item_sha256": line.item, "aspect": line.aspect, "label": line.label}]
    if isinstance(line, Comparison):
        item, pair = sorted((line.left, line.right))
        chosen = {"left": line.left, "right": line.right}.get(line.choice)
        return [
            shared
            | {
                "task": "pairwise", "item_sha256": item, "pair_sha256": pair, "aspect": "preference",
                "side": LEFT if item == line.left else RIGHT, "label": line.choice,
                "value": 0.5 if chosen is None else float(chosen == item),
            }
        ]  # fmt: skip
    return [
        shared
        | {
            "task": "best_of_n", "item_sha256": item, "aspect": "rank", "side": side,
            "value": PICKED if item == line.picked else PASSED_OVER,
        }
        for side, item in enumerate(line.items)
    ]  # fmt: skip


def _statement(line: Like | Rating | Label | Comparison | Pick) -> tuple[str, str]:
    """What was said in one form, and the key of the thing that it is said of."""
    about = line.model_dump_json()
    if line.id is not None:
        thing = f"id\n{line.id}"
    elif isinstance(line, Comparison):
        thing = "\n".join(sorted((line.left, line.right)))
    elif isinstance(line, Pick):
        thing = "\n".join(sorted(line.items))
    else:
        thing = f"{line.item}\n{getattr(line, 'aspect', '')}"
    return about, str(uuid.uuid5(NAMESPACE, "\n".join((line.source, line.annotator, line.kind, thing))))


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise LabelFileError(f"{path} has more than {MAX_BYTES >> 20} MB: import it in parts")
        with path.open("rb") as file:
            for number, raw in enumerate(file, start=1):
                if len(raw) > MAX_LINE:
                    raise LabelFileError(f"{path}:{number} has more than {MAX_LINE >> 10} KB: that is no label")
                if raw.strip():
                    yield number, raw
    except FileNotFoundError:
        raise LabelFileError(f"no file {path}: give JSON lines as docs/labels-trust.md describes them") from None
    except OSError as error:
        raise LabelFileError(f"{path} cannot be read ({error.strerror}): give a file of JSON lines") from None


def line(kind: str, **fields: Any) -> str:
    """One line, checked, without its newline. Raises LabelFileError for what is no label."""
    try:
        made = _ANY.validate_python({"kind": kind, **fields})
    except ValidationError as error:
        raise LabelFileError(f"{kind}: {error.errors(include_url=False)[0]['msg']}") from None
    return json.dumps(json.loads(made.model_dump_json(exclude_none=True)), ensure_ascii=False)
