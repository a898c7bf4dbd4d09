"""The pictures of a dataset version that can be asked about: one a sha256, with what the models hold of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from annotations.errors import GessoError
from curation.dataset import open_dataset
from curation.dataset.opened import Dataset
from curation.heads import trained
from curation.heads.head import Head
from curation.heads.load import read_head

_COLUMNS = (
    "capture_id", "image_sha256", "format", "site", "form_factor", "width", "height", "viewport_width", "view",
    "dom_sha256", "caption", "nsfw", "tag_page_type", "tag_page_type_score", "clip_score", "embedding",
)  # fmt: skip
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FORMAT = re.compile(r"[a-z0-9]{1,8}")
SCORE = "aesthetic"
LOWEST, HIGHEST = 1.0, 5.0
STAR = 2  # a head that learned from grades scores them doubled, as annotations.training has it


class ItemsError(GessoError):
    """A dataset version that has nothing to ask about, or a column or head that it lacks."""


@dataclass(frozen=True)
class Items:
    """n pictures in the order of their sha256. Arrays are as long; what the dataset does not have is None.

    `grades` are 1 … 5, n × d `vectors` have length 1, `nsfw` and `shares` (of the page type) are 0 … 1. Missing values
    of a picture are NaN or an empty string.
    """

    dataset: Dataset
    rows: list[dict[str, Any]]
    version: str
    grades: np.ndarray | None
    vectors: np.ndarray | None
    nsfw: np.ndarray | None
    page_types: list[str] | None
    shares: np.ndarray | None

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def place(self) -> dict[str, int]:
        """sha256 → number."""
        return {row["image_sha256"]: number for number, row in enumerate(self.rows)}

    def sha256(self, number: int) -> str:
        return str(self.rows[number]["image_sha256"])

    def file(self, number: int) -> str:
        """The name of a picture's file: made of nothing but a hash and a format."""
        row = self.rows[number]
        kind = row.get("format") or "png"
        return f"{row['image_sha256']}.{'jpg' if kind == 'jpeg' else kind}"

    def picture(self, number: int) -> bytes:
        """The bytes as the dataset version has them, redacted where it is."""
        row = self.rows[number]
        return self.dataset.pictures.data(row["capture_id"], row["image_sha256"], row["format"])


def read_items(dataset: str, home: Path, *, score: str = SCORE, head: Head | None = None, version: str = "") -> Items:
    """The kept pictures of a dataset version. Grades come from `head` over the embeddings, else from a column.

    A published head's scores say which of two is better and not how good one is (see curation.features.aesthetic), so a
    column becomes grades by rank; a head that learned from grades gives them itself. Raises ItemsError or DatasetError.
    """
    opened = open_dataset(dataset, home)
    there = set(opened.kept.columns)
    wanted = [name for name in (*_COLUMNS, score) if name in there]
    table: pa.Table = opened.kept.project(", ".join(f'"{name}"' for name in dict.fromkeys(wanted))).to_arrow_table()
    if score != SCORE and score not in there:
        raise ItemsError(f"{opened.name} has no column {score!r}: it has {', '.join(sorted(there))[:300]}")
    first: dict[str, int] = {}
    for number, (sha, kind) in enumerate(
        zip(table["image_sha256"].to_pylist(), table["format"].to_pylist(), strict=True)
    ):
        if isinstance(sha, str) and _SHA256.fullmatch(sha) and _FORMAT.fullmatch(kind or "png"):
            first.setdefault(sha, number)
    if not first:
        raise ItemsError(f"{opened.name} has no pictures to ask about: curate more, or name another")
    table = table.take(pa.array([first[sha] for sha in sorted(first)]))
    vectors = _vectors(table)
    if head is not None and vectors is None:
        raise ItemsError(f"{opened.name} has no embeddings for the head: add embedding to the recipe and curate again")
    if head is not None:
        assert vectors is not None
        grades: np.ndarray | None = np.clip(np.asarray(head(vectors), np.float64)[:, 0] / STAR, LOWEST, HIGHEST)
    else:
        grades = _by_rank(_numbers(table, score))
        version = version or (f"{score}-{opened.fingerprint[:8]}" if grades is not None else "")
    if head is not None and not version:
        version = f"head-{_digest(head)}"
    return Items(
        dataset=opened,
        rows=table.drop_columns([name for name in ("embedding",) if name in table.schema.names]).to_pylist(),
        version=version or f"none-{opened.fingerprint[:8]}",
        grades=grades,
        vectors=vectors,
        nsfw=_numbers(table, "nsfw"),
        page_types=[one or "" for one in table["tag_page_type"].to_pylist()] if "tag_page_type" in there else None,
        shares=_numbers(table, "tag_page_type_score"),
    )


def trained_head(dataset: str, home: Path) -> tuple[Head, str] | None:
    """The aesthetic head that this home's labels put into force for the dataset's embedding, and its version."""
    opened = open_dataset(dataset, home)
    made = [one["fingerprint"] for one in opened.manifest.get("features", []) if one.get("name") == "embedding"]
    path = trained.current("aesthetic", home, made) if made else None
    return (read_head(path), f"aesthetic-head-{path.parent.name}") if path else None


def write_pictures(items: Items, numbers: Iterable[int], folder: Path) -> int:
    """Write these pictures into a folder, those that are not there yet. Returns how many. Safe to repeat."""
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    for number in sorted(set(numbers)):
        target = folder / items.file(number)
        if target.exists():
            continue
        aside = target.with_name(f".{target.name}.part")
        aside.write_bytes(items.picture(number))
        aside.replace(target)
        written += 1
    return written


def _numbers(table: pa.Table, name: str) -> np.ndarray | None:
    if name not in table.schema.names:
        return None
    values = table[name].cast(pa.float64()).to_numpy(zero_copy_only=False)
    return None if np.isnan(values).all() else np.asarray(values, np.float64)


def _vectors(table: pa.Table) -> np.ndarray | None:
    """n × d of length 1; a picture without an embedding has zeros, and is as far from everything as can be."""
    if "embedding" not in table.schema.names:
        return None
    rows: Sequence[Any] = table["embedding"].to_pylist()
    width = next((len(row) for row in rows if row is not None), 0)
    if not width:
        return None
    values = np.array([row if row is not None else [0.0] * width for row in rows], np.float32)
    return values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12)


def _by_rank(scores: np.ndarray | None) -> np.ndarray | None:
    """Scores → 1 … 5 by rank, equal scores alike; NaN stays."""
    if scores is None:
        return None
    known = ~np.isnan(scores)
    grades = np.full(len(scores), np.nan)
    values, inverse = np.unique(scores[known], return_inverse=True)
    counts = np.bincount(inverse, minlength=len(values))
    middle = (np.cumsum(counts) - (counts + 1) / 2) / max(known.sum() - 1, 1)
    grades[known] = LOWEST + (HIGHEST - LOWEST) * (middle[inverse] if known.sum() > 1 else 0.5)
    return grades


def _digest(head: Head) -> str:
    digest = hashlib.sha256(head.input.encode())
    for layer in head.layers:
        digest.update(np.ascontiguousarray(layer.weight).tobytes() + layer.activation.encode())
        digest.update(np.ascontiguousarray(layer.bias).tobytes())
    return digest.hexdigest()[:8]
