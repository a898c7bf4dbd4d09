"""The folder of an export: one version and one set of options, each file whole or absent, a record at the end."""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from curation.engine import written_aside
from curation.errors import GessoError

FORMAT = "gesso-export/1"
RECORD = "export.json"
BEGUN = ".export-begun.json"
LOCK = ".export.lock"


class ExportError(GessoError):
    """The target is unknown, the folder holds something else, or what an export needs is missing."""


@dataclass(frozen=True)
class Export:
    """What an export made, or found made. `left_out` counts by reason what the target has no place for."""

    path: Path
    to: str
    rows: int
    files: int
    bytes: int
    left_out: dict[str, int] = field(default_factory=dict)
    unchanged: bool = False

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"path": str(self.path)}


class ExportFolder:
    """Where an export is written. Files of a run that was killed are used again; files of another export never are."""

    def __init__(self, path: Path, to: str, source: str, dataset: str, options: Mapping[str, Any]) -> None:
        self.path = Path(path)
        self.key = {"format": FORMAT, "to": to, "dataset": dataset, "source": source, "options": dict(options)}

    def finished(self) -> Export | None:
        """The export that stands here already, whole, or None."""
        record = _read(self.path / RECORD)
        if record is None or {name: record.get(name) for name in self.key} != self.key:
            return None
        files = record.get("files", [])
        for file in files:
            path = self.path / str(file["file"])
            if not path.is_file() or path.stat().st_size != file["bytes"]:
                return None
        return self._export(record, unchanged=True)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Claim the folder. Raises ExportError where it holds another export, other files, or another writer."""
        self.path.mkdir(parents=True, exist_ok=True)
        begun = _read(self.path / BEGUN) or _read(self.path / RECORD)
        if begun is not None and {name: begun.get(name) for name in self.key} != self.key:
            what = f"{begun.get('dataset')} to {begun.get('to')}"
            raise ExportError(f"{self.path} holds an export of {what} with other options or input: give another --out")
        if begun is None and any(p.name != LOCK for p in self.path.iterdir()):
            raise ExportError(f"{self.path} is not empty, and no export of ours: give another --out")
        with (self.path / LOCK).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise ExportError(f"another run is writing {self.path}: wait for it, or give another --out") from None
            self._put(BEGUN, self.key)
            for torn in self.path.rglob(".*.part"):
                torn.unlink()
            yield
        (self.path / LOCK).unlink(missing_ok=True)

    def has(self, name: str) -> bool:
        """Whether a run that was killed wrote this file whole."""
        return (self.path / name).is_file()

    @contextmanager
    def file(self, name: str) -> Iterator[Path]:
        """A path to write to; it becomes `name` when the block ends well."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_aside(path) as aside:
            aside.touch()
            yield aside

    def finish(self, rows: int, left_out: Mapping[str, int]) -> Export:
        """Write the record, with each file's size and sha256."""
        names = sorted(
            p.relative_to(self.path).as_posix()
            for p in self.path.rglob("*")
            if p.is_file() and p.name not in (BEGUN, LOCK, RECORD)
        )
        files = [{"file": n, "bytes": (self.path / n).stat().st_size, "sha256": _sha256(self.path / n)} for n in names]
        record = self.key | {"rows": rows, "left_out": dict(sorted(left_out.items())), "files": files}
        self._put(RECORD, record)
        (self.path / BEGUN).unlink()
        return self._export(record)

    def _put(self, name: str, value: Mapping[str, Any]) -> None:
        with written_aside(self.path / name) as aside:
            aside.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    def _export(self, record: Mapping[str, Any], *, unchanged: bool = False) -> Export:
        files = record["files"]
        return Export(
            path=self.path,
            to=record["to"],
            rows=record["rows"],
            files=len(files),
            bytes=sum(file["bytes"] for file in files),
            left_out=record["left_out"],
            unchanged=unchanged,
        )


def _read(path: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _sha256(path: Path) -> str:
    with path.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()
