"""Many workers on one run: a lease is given once, a dead worker's come back, a stalled one's are no longer its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crawlers.frontier import Entry, FrontierError, check_arguments, open_frontier
from crawlers.status import status

WORKER = """
import sys, time
from crawlers.frontier import open_frontier
from pathlib import Path
frontier = open_frontier(Path(sys.argv[2]), "{}", url=sys.argv[1], lease_seconds=3)
print(frontier.lease().number, flush=True)
time.sleep(600)
"""


def entries(number: int) -> list[Entry]:
    return [Entry(str(i), f'"{i}"', f"http://a.test/{i}", "http://a.test", place=f"{i:04d}") for i in range(number)]


def test_two_workers_share_a_run_and_never_a_request(redis_url: str, tmp_path: Path) -> None:
    one, two = (open_frontier(tmp_path / "shared", "{}", url=redis_url) for _ in range(2))
    one.add_many(entries(40))
    assert two.add_many(entries(40)) == [False] * 40
    taken = [worker.lease() for _ in range(20) for worker in (one, two)]
    assert sorted(leased.request for leased in taken if leased) == sorted(f'"{i}"' for i in range(40))
    (run,) = [run for run in status(str(tmp_path), frontier=redis_url) if run.run_id == "shared"]
    assert (run.workers, run.total.leased) == (2, 40)
    one.close()
    assert two.has_queued()
    two.close()


def test_a_killed_workers_lease_comes_back_by_itself(redis_url: str, tmp_path: Path) -> None:
    frontier = open_frontier(tmp_path / "killed", "{}", url=redis_url, lease_seconds=3)
    frontier.add_many(entries(1))
    with subprocess.Popen(
        [sys.executable, "-c", WORKER, redis_url, str(tmp_path / "killed")], stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout is not None
        number = int(worker.stdout.readline())
        assert frontier.lease() is None
        assert frontier.has_queued()
        os.kill(worker.pid, signal.SIGSTOP)  # neither alive nor gone: its heart has stopped all the same
        deadline = time.monotonic() + 60
        while (leased := frontier.lease()) is None:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.kill(worker.pid, signal.SIGKILL)
    assert (leased.number, leased.attempts) == (number, 2)
    frontier.close()


def test_a_heart_that_beats_keeps_the_lease(redis_url: str, tmp_path: Path) -> None:
    owner, other = (open_frontier(tmp_path / "beating", "{}", url=redis_url, lease_seconds=3) for _ in range(2))
    owner.add_many(entries(1))
    leased = owner.lease()
    assert leased is not None
    end = time.monotonic() + 4
    while time.monotonic() < end:  # longer than the lease; a beat is late only where this process gets no turn for 2 s
        assert other.lease() is None
        time.sleep(0.02)
    assert owner.acknowledge(leased.number, captures=1, failures=0)
    owner.close()
    other.close()


def test_a_lease_that_another_took_cannot_be_closed(redis_url: str, tmp_path: Path) -> None:
    owner, other = (open_frontier(tmp_path / "stalled", "{}", url=redis_url) for _ in range(2))
    owner.add_many(entries(1))
    leased = owner.lease()
    assert leased is not None
    owner.close()
    assert other.lease() is not None
    late = open_frontier(tmp_path / "stalled", "{}", url=redis_url)
    assert not late.acknowledge(leased.number, captures=1, failures=0)
    assert not late.requeue(leased.number, "x")
    late.close()
    other.close()


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "http://127.0.0.1/"])
def test_a_server_that_is_not_there_is_one_line(url: str, tmp_path: Path) -> None:
    with pytest.raises(FrontierError) as error:
        check_arguments(tmp_path / "run", "{}", url)
    assert "\n" not in str(error.value)


def test_the_password_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(FrontierError) as error:
        open_frontier(tmp_path / "run", "{}", url="redis://me:secret@127.0.0.1:1/0")
    assert "secret" not in str(error.value)
