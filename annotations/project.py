"""A Label Studio project of a dataset version: its labelling config, its tasks, and the pictures they show.

The picture paths are those of Label Studio's local files storage, relative to the project folder.
"""

from __future__ import annotations

import json
import random
import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import quote

import pyarrow.parquet as pq

from annotations.errors import GessoError

Task: TypeAlias = Literal["rating", "pairwise"]
TASKS: tuple[Task, ...] = ("rating", "pairwise")
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "gesso:label-task/1")
LOCAL_FILES = "/data/local-files/?d="
RATING_MAX = 5
EXTENSIONS = {"jpeg": "jpg"}
_SAFE = re.compile(r"[A-Za-z0-9_-]{1,128}")

_CONFIGS: dict[Task, str] = {
    "rating": f"""<View>
  <Header value="How well is this screen designed?" size="4"/>
  <Image name="image" value="$image" zoom="true" maxWidth="100%"/>
  <Rating name="rating" toName="image" maxRating="{RATING_MAX}" defaultValue="0" required="true"/>
</View>
""",
    "pairwise": """<View>
  <Header value="Which screen is designed better?" size="4"/>
  <Pairwise name="better" toName="left,right" leftClass="left" rightClass="right"/>
  <View style="display: grid; grid-template-columns: 1fr 1fr; gap: 24px;">
    <Image name="left" value="$left" maxWidth="100%"/>
    <Image name="right" value="$right" maxWidth="100%"/>
  </View>
</View>
""",
}


class ProjectError(GessoError):
    """An unknown task, or a dataset version with too few screens for it."""


@dataclass(frozen=True)
class Screen:
    """A row that can be shown: its capture and the name of its picture."""

    capture_id: str
    file: str
    site: str


def label_config(task: str) -> str:
    """The labelling page as Label Studio XML. Raises ProjectError for an unknown task."""
    return _CONFIGS[_known(task)]


def tasks(dataset_dir: Path, task: str, count: int, seed: int, *, under: str = "images") -> list[dict[str, Any]]:
    """Up to `count` tasks to import, drawn by seed; `data.task_id` is a UUID of what is asked, so a repeat is known.

    `under` is the pictures' folder, as the local files storage names it.
    """
    kind = _known(task)
    screens = sorted(_screens(dataset_dir), key=lambda screen: screen.capture_id)
    if len(screens) < (1 if kind == "rating" else 2):
        raise ProjectError(
            f"{dataset_dir} has {len(screens)} screens, too few for {kind}: curate more, or name another"
        )
    draw = random.Random(f"{seed}:{kind}")
    if kind == "rating":
        return [_rating(screen, under) for screen in draw.sample(screens, min(count, len(screens)))]
    return [_pairwise(left, right, under) for left, right in _pairs(screens, count, draw)]


def export_images(dataset_dir: Path, capture_ids: Iterable[str], folder: Path) -> int:
    """Write the original pictures of these captures into a folder, those that are not there yet. Returns how many."""
    wanted, written = set(capture_ids), 0
    folder.mkdir(parents=True, exist_ok=True)
    for row in _rows(dataset_dir, ("capture_id", "format", "image")):
        target = folder / _file(row)
        data = row["image"]["bytes"]
        if row["capture_id"] in wanted and not (target.exists() and target.stat().st_size == len(data)):
            aside = target.with_name(f".{target.name}.part")
            aside.write_bytes(data)
            aside.replace(target)
            written += 1
    return written


def write_project(dataset_dir: Path, task: str, count: int, seed: int, folder: Path) -> Path:
    """Write `config.xml`, `tasks.json` and `images/` into a folder that is named for dataset, version and task."""
    dataset_dir = Path(dataset_dir)
    project = Path(folder) / f"{dataset_dir.resolve().parent.name}-{dataset_dir.resolve().name}-{_known(task)}"
    wanted = tasks(dataset_dir, task, count, seed, under=quote(f"{project.name}/images"))
    keys = [key for key in ("capture_id", "left_capture_id", "right_capture_id") if key in wanted[0]["data"]]
    export_images(dataset_dir, (one["data"][key] for one in wanted for key in keys), project / "images")
    (project / "config.xml").write_text(label_config(task), encoding="utf-8")
    (project / "tasks.json").write_text(json.dumps(wanted, indent=1, ensure_ascii=False), encoding="utf-8")
    return project


def _known(task: str) -> Task:
    if task not in TASKS:
        raise ProjectError(f"unknown task {task!r}: give one of {', '.join(TASKS)}")
    return task


def _rating(screen: Screen, under: str) -> dict[str, Any]:
    task_id = uuid.uuid5(NAMESPACE, f"rating/{screen.capture_id}")
    data = {
        "task_id": str(task_id),
        "task": "rating",
        "capture_id": screen.capture_id,
        "image": _address(screen, under),
    }
    return {"data": data}


def _pairwise(left: Screen, right: Screen, under: str) -> dict[str, Any]:
    task_id = uuid.uuid5(NAMESPACE, f"pairwise/{left.capture_id}/{right.capture_id}")
    data = {"task_id": str(task_id), "task": "pairwise"}
    data |= {"left_capture_id": left.capture_id, "right_capture_id": right.capture_id}
    return {"data": {**data, "left": _address(left, under), "right": _address(right, under)}}


def _pairs(screens: list[Screen], count: int, draw: random.Random) -> list[tuple[Screen, Screen]]:
    """Unordered pairs without repeats, sides by lot; pairs of two sites before pairs of one, which say less."""
    chosen: dict[frozenset[str], tuple[Screen, Screen]] = {}
    most = len(screens) * (len(screens) - 1) // 2
    if count * 4 >= most:
        every = [(a, b) for i, a in enumerate(screens) for b in screens[i + 1 :]]
        draw.shuffle(every)
        every.sort(key=lambda pair: pair[0].site == pair[1].site)
        return [pair if draw.random() < 0.5 else pair[::-1] for pair in every[:count]]
    several = len({screen.site for screen in screens}) > 1
    for attempt in range(count * 50):
        left, right = draw.sample(screens, 2)
        if several and left.site == right.site and attempt < count * 25:
            continue
        chosen.setdefault(frozenset((left.capture_id, right.capture_id)), (left, right))
        if len(chosen) == count:
            break
    return list(chosen.values())


def _address(screen: Screen, under: str) -> str:
    return f"{LOCAL_FILES}{under}/{screen.file}"


def _file(row: dict[str, Any]) -> str:
    """A file name of nothing but what ids and formats are made of: both came with the data."""
    name, kind = row["capture_id"], row.get("format") or "png"
    if not (isinstance(name, str) and _SAFE.fullmatch(name) and _SAFE.fullmatch(kind)):
        raise ProjectError(f"capture id {str(name)[:40]!r} or format {str(kind)[:20]!r} is none of ours: curate again")
    return f"{name}.{EXTENSIONS.get(kind, kind)}"


def _screens(dataset_dir: Path) -> Iterator[Screen]:
    for row in _rows(dataset_dir, ("capture_id", "format", "site")):
        yield Screen(row["capture_id"], _file(row), row.get("site") or "")


def _rows(dataset_dir: Path, columns: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    shards = sorted(Path(dataset_dir).glob("*-of-*.parquet"))
    if not shards:
        raise ProjectError(f"{dataset_dir} has no shards: give the folder of a dataset version")
    for shard in shards:
        with pq.ParquetFile(shard) as file:
            names = [name for name in columns if name in file.schema_arrow.names]
            for batch in file.iter_batches(batch_size=64, columns=names):
                yield from batch.to_pylist()
