"""Vectors by the name of what they are of, in a file: what was computed once is not computed again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

BATCH = 48
WRITE_EVERY = 8  # batches: what a run that is broken off has to compute again at most
Progress = Callable[[str, int, int], None]
T = TypeVar("T")


def kept_vectors(
    path: Path | None,
    wanted: Sequence[tuple[str, T]],
    look: Callable[[Sequence[T]], Sequence[np.ndarray]],
    progress: Progress | None = None,
) -> dict[str, np.ndarray]:
    """Name → vector of all that is wanted; `look` makes those of a batch that `path` has not. No path keeps nothing."""
    known = _read(path)
    todo = [(name, one) for name, one in dict(wanted).items() if name not in known]
    for number, start in enumerate(range(0, len(todo), BATCH), 1):
        if progress is not None:
            progress("look", start, len(todo))
        some = todo[start : start + BATCH]
        known |= dict(zip((name for name, _ in some), look([one for _, one in some]), strict=True))
        if number % WRITE_EVERY == 0:
            _write(path, known)
    if todo:
        _write(path, known)
    if progress is not None:
        progress("look", len(todo), len(todo))
    return {name: known[name] for name, _ in wanted}


def _read(path: Path | None) -> dict[str, np.ndarray]:
    if path is None or not path.is_file():
        return {}
    with np.load(path, allow_pickle=False) as found:
        return dict(zip(found["ids"].tolist(), found["vectors"], strict=True))


def _write(path: Path | None, known: dict[str, np.ndarray]) -> None:
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.stem}.part.npz")
    np.savez(aside, ids=np.array(list(known)), vectors=np.stack(list(known.values())))
    aside.replace(path)
