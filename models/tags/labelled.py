"""Captures with labels of what they show: the file of labels, the pictures that it names, and their embeddings.

A label names a picture of a store listing by the sha256 of its bytes, and a web page by its address and the window that
it was seen through. Screens that pass for two page types have both, the likelier one first; `other` counts nowhere.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from crawlers.captures import CaptureStore
from curation.features.base import Item
from curation.features.decode import decode_image
from curation.features.embedding import Embedding
from models.errors import GessoError

COLUMNS = ("split", "picture", "window", "page_type", "theme")
SPLITS = ("train", "test")
OTHER = "other"
BATCH = 16
KEPT_EVERY = 10  # batches
Progress = Callable[[str, int, int], None]


class LabelsError(GessoError):
    """The file of labels cannot be read."""


@dataclass(frozen=True)
class Label:
    """`picture` is a sha256, or an address with the `window` (desktop or phone) that it was seen through."""

    split: str
    picture: str
    window: str
    page_types: tuple[str, ...]
    theme: str

    @property
    def key(self) -> str:
        return f"{self.picture} {self.window}".strip()


@dataclass(frozen=True)
class Picture:
    """A picture by its key, what it belongs to (an app, or `web.<site>`), and its listing's categories."""

    key: str
    group: str
    data: bytes
    categories: tuple[str, ...] = ()


def read_labels(path: Path) -> tuple[Label, ...]:
    """Raises LabelsError, which names the line."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LabelsError(f"{path} cannot be read ({error}): give a CSV file of labels") from None
    found: dict[str, Label] = {}
    for number, row in enumerate(rows, 2):
        if any(not isinstance(row.get(column), str) for column in COLUMNS):
            raise LabelsError(f"{path}:{number}: needs the columns {', '.join(COLUMNS)}")
        label = Label(
            row["split"], row["picture"], row["window"], tuple(filter(None, row["page_type"].split("|"))), row["theme"]
        )
        if label.split not in SPLITS or not label.picture or not label.page_types:
            raise LabelsError(f"{path}:{number}: needs a split (train or test), a picture and a page_type")
        if label.key in found:
            raise LabelsError(f"{path}:{number}: {label.key} has a label already")
        found[label.key] = label
    if not found:
        raise LabelsError(f"{path} has no label")
    return tuple(found.values())


def listed(folder: Path, split: str) -> Iterator[Picture]:
    """The pictures of a split of shards with an app and categories (models/encoder/pack.py writes such), each once."""
    seen: set[str] = set()
    for path in sorted(folder.glob(f"{split}-*-of-*.parquet")):
        for batch in pq.ParquetFile(path).iter_batches(64, columns=["image", "app_id", "categories"]):
            for row in batch.to_pylist():
                data = row["image"]["bytes"]
                key = hashlib.sha256(data).hexdigest()
                if row["app_id"] and key not in seen:
                    seen.add(key)
                    yield Picture(key, row["app_id"], data, tuple(row["categories"] or ()))


def crawled(store: CaptureStore) -> Iterator[Picture]:
    """The first screens of a store's web pages in light colours."""
    for capture in store.captures():
        if capture.source == "web" and capture.view.kind == "fold" and capture.view.theme == "light":
            key = f"{capture.url} {capture.view.form_factor}"
            yield Picture(key, f"web.{capture.site}", store.read_image(capture))


def vectors(
    pictures: Sequence[Picture], embedding: Embedding, kept: Path | None = None, progress: Progress | None = None
) -> np.ndarray:
    """n × d float32 of length 1, as the feature `embedding` gives them.

    The folder `kept` keeps them by the sha256 of the bytes, for the next time.
    """
    path = kept / f"tags-{embedding.fingerprint()}.npz" if kept else None
    known = _read(path)
    digests = [hashlib.sha256(picture.data).hexdigest() for picture in pictures]
    todo = {digest: picture for digest, picture in zip(digests, pictures, strict=True) if digest not in known}
    waiting = list(todo.items())
    for number, start in enumerate(range(0, len(waiting), BATCH)):
        if progress is not None:
            progress("look", start, len(waiting))
        known.update(_look(waiting[start : start + BATCH], embedding))
        if number % KEPT_EVERY == KEPT_EVERY - 1:
            _write(path, known)
    if todo:
        _write(path, known)
    if progress is not None:
        progress("look", len(waiting), len(waiting))
    return np.stack([known[digest] for digest in digests]).astype(np.float32)


def _look(pictures: Iterable[tuple[str, Picture]], embedding: Embedding) -> dict[str, np.ndarray]:
    nobody: Any = None
    names, prepared = [], []
    for digest, picture in pictures:
        names.append(digest)
        prepared.append(embedding.prepare(Item(nobody, picture.data, decode_image(picture.data))))
    return {name: np.asarray(row["embedding"]) for name, row in zip(names, embedding.compute(prepared), strict=True)}


def _read(path: Path | None) -> dict[str, np.ndarray]:
    if path is None or not path.is_file():
        return {}
    with np.load(path, allow_pickle=False) as found:
        return dict(zip(found["names"].tolist(), found["vectors"], strict=True))


def _write(path: Path | None, known: dict[str, np.ndarray]) -> None:
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.stem}.part.npz")
    np.savez(aside, names=np.array(list(known)), vectors=np.stack(list(known.values())))
    aside.replace(path)
