"""The frontier: leases survive their owner, order is the pages' own, caps take the same pages every time."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import crawlers.frontier.sqlite as frontier_module
from crawlers.frontier import Entry, Frontier, FrontierError, Leased
from crawlers.status import status


def entry(name: str, **more: object) -> Entry:
    return Entry(fingerprint=name, request=f'"{name}"', url=f"http://a.test/{name}", host="http://a.test", **more)  # type: ignore[arg-type]


def test_a_lease_is_given_once_and_returns_when_its_owner_is_gone(tmp_path: Path) -> None:
    first = Frontier(tmp_path / "run", "{}")
    assert first.add(entry("a"))
    assert not first.add(entry("a"))
    leased = first.lease()
    assert leased is not None
    assert first.lease() is None
    first.close()
    second = Frontier(tmp_path / "run", "{}")
    assert second.lease() == (*leased[:2], 2)
    second.acknowledge(leased[0], captures=2, failures=0)
    assert second.states() == {"done": 1}
    second.close()


def test_a_killed_owner_loses_nothing(tmp_path: Path) -> None:
    script = (
        "import sys, os, signal; from pathlib import Path; from crawlers.frontier import *\n"
        "f = Frontier(Path(sys.argv[1]), '{}')\n"
        "[f.add(Entry(str(i), str(i), 'u', 'h')) for i in range(20)]\n"
        "f.acknowledge(f.lease()[0], captures=1, failures=0); f.lease(); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path / "run")], check=False, env={**os.environ})
    assert done.returncode == -signal.SIGKILL
    again = Frontier(tmp_path / "run", "{}")
    assert again.states() == {"done": 1, "queued": 19}
    again.close()


def test_one_process_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frontier_module, "LOCK_SECONDS", 0.0)
    owner = Frontier(tmp_path / "run", "{}")
    with pytest.raises(FrontierError, match="being crawled by another"):
        Frontier(tmp_path / "run", "{}")
    owner.close()


def test_a_name_stands_for_one_set_of_arguments(tmp_path: Path) -> None:
    Frontier(tmp_path / "run", '{"depth":1}').close()
    with pytest.raises(FrontierError, match="other arguments"):
        Frontier(tmp_path / "run", '{"depth":2}')


def test_failures_keep_their_reason(tmp_path: Path) -> None:
    frontier = Frontier(tmp_path / "crawls" / "run", "{}")
    frontier.add(entry("a", seed=True))
    leased = frontier.lease()
    assert leased is not None
    frontier.acknowledge(leased[0], captures=0, failures=1, kind="timeout", reason="took 120 s")
    assert frontier.failed_seeds() == [("http://a.test/a", "timeout", "took 120 s")]
    frontier.close()
    (run,) = status(str(tmp_path))
    assert run.total.failed_by_kind == {"timeout": 1}


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), cap=st.integers(1, 12), width=st.integers(1, 4))
def test_the_cap_takes_the_same_pages_whatever_the_timing(
    tmp_path_factory: pytest.TempPathFactory, seed: int, cap: int, width: int
) -> None:
    def crawl(shuffle: random.Random) -> set[str]:
        frontier = Frontier(tmp_path_factory.mktemp("cap"), "{}")
        frontier.add(entry("0", place="0", group="s", cap=cap))
        flying: list[Leased] = []
        taken = set()
        while flying or frontier.has_queued():
            while len(flying) < shuffle.randint(1, 4) and (leased := frontier.lease()) is not None:
                flying.append(leased)
            if not flying:
                break
            number, text, _ = flying.pop(shuffle.randrange(len(flying)))
            name = text.strip('"')
            taken.add(name)
            depth = name.count(".")
            if depth < 2:
                for child in range(width):
                    place = f"{name}.{child}"
                    frontier.add(entry(place, place=place, depth=depth + 1, group="s", cap=cap))
            frontier.acknowledge(number, captures=1, failures=0)
        frontier.close()
        return taken

    assert crawl(random.Random(seed)) == crawl(random.Random(seed + 1))
