"""`gesso label train`: fit, judge by held-out pairs, and put a head into force where it wins against the one before.

Every head that was trained is kept with its manifest, those that lost, too. The same labels, dataset version and seed
give the same head, and the number that it has already.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from annotations.consensus import Consensus
from annotations.training import fitted
from annotations.training.examples import TASKS, Task, TrainingError
from annotations.training.held_out import Contest
from curation.dataset import Dataset
from curation.heads import trained
from curation.heads.head import Head
from curation.heads.load import read_head, weights_hash, write_head

EVENTS = "events.parquet"
FORMAT = 1
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Trained:
    """`number` of the head and its folder; `in_force` says whether the next curation takes it, `why` in a sentence."""

    kind: str
    number: int
    path: Path
    in_force: bool
    unchanged: bool
    why: str
    contest: Contest
    metrics: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"path": str(self.path)}


def train(
    task: str,
    consensus: Consensus,
    dataset: Dataset,
    home: Path,
    *,
    group: str = "page_type",
    seed: int = 7,
    progress: Progress | None = None,
) -> Trained:
    """Train a head of one of TASKS on the consensus and a dataset version's embeddings; `group` is the tags' one.

    Raises TrainingError where there is too little to learn from or to judge by.
    """
    from threadpoolctl import threadpool_limits

    if task not in TASKS:
        raise TrainingError(f"no head called {task!r}: train one of {', '.join(TASKS)}")
    kind = f"tags-{group}" if task == "tags" else task
    embedding = _embedding(dataset)
    key = _key(kind, consensus, dataset, seed)
    for number in trained.numbers(kind, home):
        found = trained.manifest(kind, home, number)
        if found.get("key") == key:
            return _known(kind, home, number, found)
    before = trained.current(kind, home, {embedding["fingerprint"]})
    old = fitted.Old(read_head(before), before.parent, _events_of(before.parent)) if before else None
    with threadpool_limits(1):  # many small products: the threads of each would wait for those of the others
        made = _make(task, consensus, dataset, group, seed, old, progress)
    number = max(trained.numbers(kind, home), default=0) + 1
    wins = made.contest.won
    about: dict[str, Any] = {
        "format": FORMAT,
        "key": key,
        "kind": kind,
        "number": number,
        "in_force": wins,
        "why": _why(made.contest),
        "dataset": {"name": dataset.name, "fingerprint": dataset.fingerprint},
        "embedding": embedding,
        "events": {"file": EVENTS, "count": len(consensus.events), "sha256": consensus.digest},
        "replaces": int(before.parent.name) if before else None,
        "seed": seed,
        "labels": made.labels,
        "contest": asdict(made.contest),
        "metrics": made.metrics,
    }
    path = _write(kind, home, number, made.head, about, consensus.events, embedding)
    if wins:
        trained.put_in_force(kind, home, number)
    return Trained(kind, number, path, wins, False, about["why"], made.contest, made.metrics)


def _make(
    task: Task | str,
    consensus: Consensus,
    dataset: Dataset,
    group: str,
    seed: int,
    old: fitted.Old | None,
    progress: Progress | None,
) -> fitted.Made:
    if task == "aesthetic":
        return fitted.aesthetic(consensus, dataset, seed, old, progress)
    if task == "nsfw":
        return fitted.nsfw(consensus, dataset, seed, old, progress)
    return fitted.tags(consensus, dataset, group, seed, old, progress)


def _embedding(dataset: Dataset) -> dict[str, Any]:
    """Fingerprint and model of the feature that the head will stand on, without where a folder lies.

    Both are empty where the vectors came with a table: then no curation can know that the head fits, but by its path.
    """
    made = next((f for f in dataset.manifest.get("features", []) if f["name"] == "embedding"), None)
    if made is None:
        return {"fingerprint": "", "model": ""}
    model = str(made.get("params", {}).get("model", ""))
    return {"fingerprint": made["fingerprint"], "model": "" if Path(model).is_absolute() else model}


def _key(kind: str, consensus: Consensus, dataset: Dataset, seed: int) -> str:
    parts = [str(FORMAT), kind, consensus.digest, dataset.fingerprint, str(seed)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _why(result: Contest) -> str:
    share, other = f"{100 * result.new:.1f} %", f"{100 * result.old:.1f} %"
    ahead = f"{share} of {result.cases} held-out cases right against {other} of {result.name}"
    if result.won:
        return f"in force: {ahead}"
    return f"kept, not in force: {ahead}; ahead in {100 * result.sure:.0f} % of resamples, 95 % are needed"


def _write(
    kind: str, home: Path, number: int, head: Head, about: dict[str, Any], events: pa.Table, embedding: dict[str, Any]
) -> Path:
    """The folder appears as a whole: a killed run leaves one that nobody reads."""
    folder = trained.folder_of(kind, home)
    aside = folder / f".{number}.part"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    model = embedding["model"] if "/" in embedding["model"] else ""
    write_head(
        head, aside / trained.FILE, encoder=model, embedding=embedding["fingerprint"], labels=about["labels"] or ()
    )
    ids = pa.table({"event_id": pa.array(sorted(events["event_id"].to_pylist()), pa.string())})
    pq.write_table(ids, aside / EVENTS, compression="zstd")
    about = about | {"head": {"file": trained.FILE, "sha256": weights_hash(aside / trained.FILE)}}
    (aside / trained.MANIFEST).write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for path in aside.iterdir():
        handle = os.open(path, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)
    aside.replace(folder / str(number))
    return folder / str(number)


def _events_of(folder: Path) -> frozenset[str]:
    try:
        return frozenset(pq.read_table(folder / EVENTS)["event_id"].to_pylist())
    except (pa.ArrowException, OSError, KeyError) as error:
        raise TrainingError(f"{folder / EVENTS} cannot be read ({error}): train the head before anew") from None


def _known(kind: str, home: Path, number: int, found: dict[str, Any]) -> Trained:
    """A head that these labels gave already. A run that was killed before it was put into force is finished here."""
    in_force = bool(found["in_force"])
    newest = trained.numbers(kind, home)[-1] == number
    if in_force and newest:
        trained.put_in_force(kind, home, number)
    path = trained.folder_of(kind, home) / str(number)
    contest = Contest(**found["contest"])
    return Trained(kind, number, path, in_force, True, str(found["why"]), contest, found["metrics"])
