"""Heads that were trained on labels: where they are kept, which one is in force, and which embedding it belongs to.

`<home>/heads/<kind>/<number>/head.safetensors` with a manifest beside it; `<home>/heads/<kind>/current` holds the
number in force. Kinds are `aesthetic`, `nsfw` and `tags-<group>`. `annotations.training` writes them, features read
them.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from curation.heads.head import HeadError
from curation.heads.load import stated

FILE = "head.safetensors"
MANIFEST = "manifest.json"
CURRENT = "current"


def folder_of(kind: str, home: Path) -> Path:
    """Where a home keeps the heads of a kind. Raises HeadError for what is no kind."""
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,63}", kind):
        raise HeadError(f"{kind!r} is no kind of head: use lower-case letters, digits, _ and -")
    return Path(home) / "heads" / kind


def current(kind: str, home: Path, fingerprints: Collection[str]) -> Path | None:
    """The head in force, where it was trained on the embedding with one of these fingerprints; else None.

    Raises HeadError where the head in force is missing.
    """
    folder = folder_of(kind, home)
    try:
        number = (folder / CURRENT).read_text(encoding="utf-8").strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    path = folder / number / FILE
    if not number.isdigit() or not path.is_file():
        raise HeadError(f"{folder / CURRENT} names head {number[:20]!r}, which is not there: train it again")
    return path if stated(path).get("embedding", "") in fingerprints else None


def put_in_force(kind: str, home: Path, number: int) -> None:
    """Name the head that the next curation takes; the file is replaced as a whole."""
    path = folder_of(kind, home) / CURRENT
    aside = path.with_name(f".{CURRENT}.{os.getpid()}.part")
    with aside.open("w", encoding="utf-8") as file:
        file.write(f"{number}\n")
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def numbers(kind: str, home: Path) -> list[int]:
    """The heads of a kind that are whole, oldest first."""
    folder = folder_of(kind, home)
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(int(path.name) for path in found if path.name.isdigit() and (path / MANIFEST).is_file())


def manifest(kind: str, home: Path, number: int) -> dict[str, Any]:
    """What is written beside a head. Raises HeadError where it cannot be read."""
    path = folder_of(kind, home) / str(number) / MANIFEST
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise HeadError(f"{path} cannot be read ({error}): train the head again") from None
    return found
