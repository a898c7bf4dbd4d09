"""Questions to a real Label Studio and answers back: nothing lost, nothing doubled, whatever is killed, and how fast.

`python -m benchmarks.labels [--tasks 1000] [--many 10000] [--kills 4] [--seed 7]` starts a server of its own.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from annotations.client import Client, ServerError
from annotations.configs import Critique, label_task
from annotations.configs.result import Answer, ResultError
from annotations.events import events_folder, read_current, read_events
from annotations.items import Items, read_items
from annotations.ledger import Ledger
from annotations.pictures import LocalPictures
from annotations.pull import pull
from annotations.push import push
from annotations.server.access import invite
from annotations.server.identity import server_name
from annotations.server.install import InstallError, require_installation
from annotations.server.process import connection, pictures_folder, start
from benchmarks import label_set
from benchmarks.figures import CannotRun, Figure, at_most, main
from benchmarks.invalid_results import INVALID, NOT_JSON

ROOT = Path(__file__).resolve().parents[1]
CHANGES = 100
ROUNDS = 3
KILL_SECONDS = 600.0
TASK = Critique()


@dataclass
class Bench:
    """One server, one home, and what was said on it: annotation id → (annotator, grade)."""

    home: Path
    client: Client
    server: str
    items: Items
    people: list[Client]
    names: list[str]
    project: int = 0
    said: dict[int, tuple[str, float]] = field(default_factory=dict)
    task_of: dict[int, int] = field(default_factory=dict)

    def push(self, count: int, *, more: bool = False) -> int:
        pictures = LocalPictures(pictures_folder(self.home))
        done = push(self.home, self.client, self.server, self.items, TASK, count, pictures, more=more)
        self.project = done.project_id
        return done.new

    def pull(self, home: Path | None = None) -> Any:
        return pull(home or self.home, self.client, self.server)

    def tasks(self) -> list[tuple[int, str]]:
        """(id, task_key) of every task on the server."""
        found, number = [], 1
        while True:
            page = self.client.tasks(self.project, {"ordering": ["tasks:id"]}, number, 500, whole=False)
            found += [(int(one["id"]), str(one["data"].get("task_key"))) for one in page]
            if len(page) < 500:
                return found
            number += 1

    def annotate(self, jobs: Sequence[tuple[int, int, int]]) -> None:
        """(task, who, grade) by each one's own token, all people at once."""

        def work(who: int) -> None:
            for task, whose, grade in jobs:
                if whose == who:
                    result = TASK.write([Answer("overall", float(grade)), Answer("layout", float(grade))])
                    made = self.people[who].create_annotation(task, result=result, lead_time=4.0)
                    self.said[int(made["id"])] = (self.names[who], float(grade))
                    self.task_of[int(made["id"])] = task

        with ThreadPoolExecutor(len(self.people)) as pool:
            list(pool.map(work, range(len(self.people))))

    def change(self, rng: random.Random, fresh: Sequence[int]) -> None:
        """CHANGES changes: three in five edited, one in five deleted, one in five new."""
        chosen = rng.sample(sorted(self.said), CHANGES * 4 // 5)
        edited, deleted = chosen[: CHANGES * 3 // 5], chosen[CHANGES * 3 // 5 :]
        for one in edited:
            who, grade = self.said[one]
            grade = grade % 5 + 1
            self.client.update_annotation(one, result=TASK.write([Answer("overall", grade)]))
            self.said[one] = (who, grade)
        for one in deleted:
            self.client.delete_annotation(one)
            del self.said[one]
        self.annotate([(task, number % 3, rng.randint(1, 5)) for number, task in enumerate(fresh[: CHANGES // 5])])

    def differences(self, home: Path | None = None) -> tuple[int, int]:
        """(lost, doubled or wrong) label events against what was said."""
        rows = read_current(home or self.home).select(["annotation_id", "annotator", "aspect", "value"]).to_pylist()
        grades = [row for row in rows if row["aspect"] == "overall"]
        found = {row["annotation_id"]: (row["annotator"], row["value"]) for row in grades}
        ids = read_events(home or self.home)["event_id"].to_pylist()
        lost = sum(one not in found for one in self.said)
        wrong = sum(self.said.get(one) != told for one, told in found.items())
        return lost, wrong + len(grades) - len(found) + len(ids) - len(set(ids))


def run(arguments: Sequence[str]) -> list[Figure]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--many", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=4)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args(arguments)
    if options.tasks < CHANGES or options.many < 2 * options.tasks:
        raise CannotRun(f"give --tasks of {CHANGES} or more, and --many of at least twice that")
    rng = random.Random(options.seed)
    try:
        require_installation()
    except InstallError as error:
        raise CannotRun(str(error)) from None
    with _bench(options.many + options.tasks, options.seed) as bench:
        figures = _round_trip(bench, options.tasks, rng)
        figures += _killed(bench, options.tasks, options.kills, rng)
        figures += _invalid(bench)
        figures += _many(bench, options.many, rng)
    return figures


@contextmanager
def _bench(screens: int, seed: int) -> Iterator[Bench]:
    with tempfile.TemporaryDirectory(prefix="gesso-labels-") as folder:
        home = Path(folder)
        label_set.write(home, screens, seed, scale=0.2)
        with start(home) as server, server.client() as client:
            people = [invite(client, f"person{number}@localhost.local") for number in range(3)]
            clients = [Client(server.url, one.token) for one in people]
            items = read_items("screens", home)
            name = server_name(home, connection(home))
            yield Bench(home, client, name, items, clients, [one.email for one in people])


def _round_trip(bench: Bench, count: int, rng: random.Random) -> list[Figure]:
    seconds, new = _timed(lambda: bench.push(count))
    tasks = bench.tasks()
    doubled = len(tasks) - len({key for _, key in tasks})
    again = bench.push(count)
    jobs = _jobs([task for task, _ in tasks], rng)
    spent, _ = _timed(lambda: bench.annotate(jobs))
    pulled, first = _timed(bench.pull)
    lost, wrong = bench.differences()
    second = bench.pull()
    bench.change(rng, [task for task, _ in tasks])
    changed, third = _timed(bench.pull)
    lost_after, wrong_after = bench.differences()
    shown = f"{first.annotations} annotations in {pulled:.1f} s; given in {spent:.0f} s"
    seen = f"{third.annotations} new or edited, {third.deleted} deleted in {changed:.1f} s"
    return [
        Figure("questions pushed", new, "", f"={count}", new == count, f"with predictions, in {seconds:.1f} s"),
        at_most("questions doubled by the push", doubled, "", 0),
        at_most("new by the second push", again, "", 0),
        Figure("answers pulled", first.annotations, "", f"={len(jobs)}", first.annotations == len(jobs), shown),
        at_most("answers lost by the pull", lost, "", 0),
        at_most("answers doubled or wrong", wrong, "", 0),
        at_most("new by the second pull", second.events, "", 0),
        Figure("changes pulled", third.annotations + third.deleted, "", f"={CHANGES}",
               third.annotations + third.deleted == CHANGES, seen),
        at_most("lost, doubled or wrong after changes", lost_after + wrong_after, "", 0),
    ]  # fmt: skip


def _jobs(tasks: Sequence[int], rng: random.Random) -> list[tuple[int, int, int]]:
    """Every question answered by one of the three people, every fifth by all of them."""
    return [
        (task, (number + more) % 3, rng.randint(1, 5))
        for number, task in enumerate(tasks)
        for more in range(3 if number % 5 == 0 else 1)
    ]


def _killed(bench: Bench, count: int, kills: int, rng: random.Random) -> list[Figure]:
    before = len(bench.tasks())
    pushed = _kill_push(bench, count, kills, rng)
    tasks = bench.tasks()
    doubled = len(tasks) - len({key for _, key in tasks})
    with Ledger(bench.home) as ledger:
        counts = ledger.counts(next(one for one in ledger.projects() if one.project_id == bench.project))
    missing = before + count - len(tasks) + (len(tasks) - counts.get("there", 0))
    other = bench.home.parent / f"{bench.home.name}-other"
    try:
        torn = _kill_pull(bench, other, kills, rng)
        lost, wrong = bench.differences(other)
    finally:
        shutil.rmtree(other, ignore_errors=True)
    return [
        Figure("pushes killed with -9", pushed, "", f"={kills}", pushed == kills, "while questions were under way"),
        at_most("questions doubled after the kills", doubled, "", 0),
        at_most("questions lost after the kills", abs(missing), "", 0),
        Figure("pulls killed with -9", torn, "", f"={kills}", torn == kills, "between the first page and the last"),
        at_most("answers lost after the kills", lost, "", 0),
        at_most("answers doubled or wrong after the kills", wrong, "", 0),
    ]


def _kill_push(bench: Bench, count: int, kills: int, rng: random.Random) -> int:
    """Kill a push while it waits for the server, again and again, and let the last one through."""
    command = ["push", "screens", "--count", str(count), "--seed", "11", "--home", str(bench.home), "--json"]
    done = 0
    for _ in range(kills):
        there = _state(bench, "there")
        process = _gesso(command)
        done += _kill_when(process, partial(_pushing, bench, there), rng)
    _finish(_gesso(command))
    return done


def _kill_pull(bench: Bench, home: Path, kills: int, rng: random.Random) -> int:
    """The same for a pull into a home that has read nothing yet."""
    shutil.copytree(bench.home / "labels", home / "labels", ignore=shutil.ignore_patterns("events", "files", "*.log"))
    with sqlite3.connect(home / "labels" / "ledger.sqlite3") as database:
        database.execute("UPDATE projects SET cursor = ''")
    database.close()
    command = ["pull", "--home", str(home), "--json"]
    done = 0
    for _ in range(kills):
        parts = len(list(events_folder(home).glob("*.parquet")))
        process = _gesso(command)
        done += _kill_when(process, partial(_pulling, home, parts), rng)
    _finish(_gesso(command))
    return done


def _pushing(bench: Bench, there: int) -> bool:
    """Whether a request is under way."""
    return _state(bench, "sent") > 0 and _state(bench, "there") >= there


def _pulling(home: Path, parts: int) -> bool:
    """Whether more events were written than the parts that there were."""
    return len(list(events_folder(home).glob("*.parquet"))) > parts


def _many(bench: Bench, many: int, rng: random.Random) -> list[Figure]:
    """The incremental pull beside ten thousand tasks."""
    bench.push(many - len(bench.tasks()), more=True)
    tasks = [task for task, _ in bench.tasks()]
    bench.pull()
    seconds = []
    for number in range(ROUNDS):
        bench.change(rng, tasks[-(number + 1) * CHANGES :])
        time.sleep(2.5)  # people do not pull in the moment of the last change, and pull reads two seconds again
        spent, done = _timed(bench.pull)
        seconds.append(spent)
        if done.annotations + done.deleted != CHANGES:
            raise RuntimeError(f"{done.annotations} + {done.deleted} changes were pulled instead of {CHANGES}")
    lost, wrong = bench.differences()
    told = ", ".join(f"{one:.2f}" for one in seconds)
    median = statistics.median(seconds)
    return [
        Figure(f"{CHANGES} changes of {len(tasks):,} tasks pulled", round(median, 2), "s", "<3", median < 3, told),
        at_most("lost, doubled or wrong at the end", lost + wrong, "", 0),
    ]


def _invalid(bench: Bench) -> list[Figure]:
    refused = 0
    for task, _, result in (*INVALID, *NOT_JSON):
        try:
            label_task(task).read(result)
        except ResultError:
            refused += 1
    every = len(INVALID) + len(NOT_JSON)
    task_id = bench.tasks()[0][0]
    sent = stored = 0
    for task, _, result in INVALID:
        if task == TASK.name and isinstance(result, list) and all(isinstance(one, dict) for one in result):
            sent += 1
            with suppress(ServerError):  # it trips over one without a value, when it has stored it
                bench.people[0].create_annotation(task_id, result=result)
                stored += 1
    done = bench.pull()
    seen = (
        f"Label Studio took {stored} of {sent} that were sent to it; {len(done.problems)} listed, {done.events} events"
    )
    good = refused == every and stored <= len(done.problems) <= sent and not done.events
    return [Figure("invalid results refused", refused, "", f"={every}", good, seen)]


def _gesso(arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "pipelines.cli", "label", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def _kill_when(process: subprocess.Popen[bytes], under_way: Callable[[], bool], rng: random.Random) -> bool:
    """Whether the process was killed in the middle of its work."""
    begun = time.monotonic()
    while process.poll() is None and not under_way() and time.monotonic() - begun < KILL_SECONDS:
        time.sleep(0.005)
    time.sleep(rng.random() * 0.3)
    alive = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return alive


def _finish(process: subprocess.Popen[bytes]) -> None:
    _, words = process.communicate(timeout=KILL_SECONDS)
    if process.returncode:
        raise RuntimeError(f"gesso label ended with {process.returncode}: {words.decode()[-400:]}")


def _state(bench: Bench, state: str) -> int:
    with sqlite3.connect(bench.home / "labels" / "ledger.sqlite3", timeout=60) as database:
        found = database.execute("SELECT count(*) FROM questions WHERE state = ?", (state,)).fetchone()[0]
    database.close()
    return int(found)


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    done = work()
    return time.perf_counter() - begun, done


if __name__ == "__main__":
    raise SystemExit(main("labels", run))
