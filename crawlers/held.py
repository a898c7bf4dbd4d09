"""Which index of a repository a capture store already holds, so that the next run need only fetch what changed."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import asdict, dataclass
from typing import Any

from crawlers.captures import CaptureStore, StoreError
from crawlers.places import make_folder

FOLDER = "indexes"


@dataclass(frozen=True)
class HeldIndex:
    """An index kept as a blob: when it was made, whose signature stood over it, and the SHA-256 its entry gave it.

    `blob` differs from `sha256` where the index was put together from an older one and a diff.
    """

    repo: str
    timestamp: int
    sha256: str
    blob: str
    fingerprint: str | None


def _path(store: CaptureStore, repo: str) -> str:
    return f"{store.root}/{FOLDER}/{hashlib.sha256(repo.encode()).hexdigest()[:24]}.json"


def held_index(store: CaptureStore, repo: str) -> HeldIndex | None:
    """What was kept last of a repository; None where nothing was, or it cannot be read."""
    try:
        fields: Any = json.loads(store.fs.cat_file(_path(store, repo)))
        held = HeldIndex(**fields)
        return held if held.repo == repo and isinstance(held.timestamp, int) else None
    except (OSError, ValueError, TypeError):
        return None


def read_held(store: CaptureStore, held: HeldIndex) -> bytes | None:
    """The kept index's bytes, checked against their name; None where they are gone."""
    try:
        return store.read_blob(held.blob, "json")
    except StoreError:
        return None


def hold_index(store: CaptureStore, held: HeldIndex) -> None:
    """Remember it for the next run: written aside, then moved, so that a kill leaves the old one or the new one.

    Aside is a name of its own each time, for the shards of a run come here together.
    """
    path = _path(store, held.repo)
    aside = f"{path}.{uuid.uuid4().hex}.part"
    make_folder(store.fs, f"{store.root}/{FOLDER}")
    store.fs.pipe_file(aside, json.dumps(asdict(held), sort_keys=True).encode())
    store.fs.mv(aside, path)
