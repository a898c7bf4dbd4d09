"""Captures with labels of what they show: the file of labels, the pictures that it names, and their embeddings.

A label names a picture of a store listing by the sha256 of its bytes, and a web page by its address and the window that
it was seen through. Screens that pass for two page types have both, the likelier one first; `other` counts nowhere.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Sequence
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
from models.kept import Progress, kept_vectors

COLUMNS = ("split", "picture", "window", "page_type", "theme")
SPLITS = ("train", "test")
OTHER = "other"


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
    wanted = [(hashlib.sha256(picture.data).hexdigest(), picture) for picture in pictures]
    known = kept_vectors(path, wanted, lambda some: _look(some, embedding), progress)
    return np.stack([known[digest] for digest, _ in wanted]).astype(np.float32)


def _look(pictures: Sequence[Picture], embedding: Embedding) -> list[np.ndarray]:
    nobody: Any = None
    items = (Item(nobody, picture.data, decode_image(picture.data)) for picture in pictures)
    return [np.asarray(row["embedding"]) for row in embedding.compute([embedding.prepare(item) for item in items])]
