"""Retrying: an expression chooses, and can do nothing else."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.captures import CaptureStore
from crawlers.frontier import Entry, Failed, Frontier, Outcome
from crawlers.retry import RetryError, command_of, retry, select
from crawlers.run import _note_command

FAILED = [
    Failed(1, "http://a.test/1", "http://a.test", 0, 1, "timeout", "slow", None, 0, 1, 10.0, 20.0),
    Failed(2, "http://b.test/2", "http://b.test", 2, 3, "http_503", "busy", 503, 0, 1, 10.0, time.time() + 999),
    Failed(3, "http://b.test/3", "http://b.test", 1, 1, "robots", "no", None, 0, 1, 10.0, None),
]


@pytest.mark.parametrize(
    ("where", "chosen"),
    [
        ("verdict='timeout'", [1]),
        ("kind LIKE 'http_5%' OR status = 503", [2]),
        ("host = 'http://b.test' AND depth < 2", [3]),
        ("retry_at IS NOT NULL AND retry_at <= now", [1]),
        ("attempts BETWEEN 1 AND 2 -- and so on", [1, 3]),
        ("url IN (SELECT url FROM failed WHERE reason = 'no')", [3]),
        ("length(url) > 0", [1, 2, 3]),
        ("NULL", []),
    ],
)
def test_an_expression_chooses(where: str, chosen: list[int]) -> None:
    assert list(select(FAILED, where)) == chosen


@pytest.mark.parametrize(
    "where",
    [
        *("", " ", "verdict=", "no_such_column = 1", "1; DROP TABLE failed", "1) OR (1", "1 = 1; SELECT 1", "1, 2"),
        *("readfile('/etc/passwd') IS NOT NULL", "load_extension('x')", "writefile('x', 'y')", "randomblob(9) > 0"),
        *("zeroblob(1000000000) = 1", "EXISTS (SELECT 1 FROM sqlite_master)", "(SELECT sql FROM sqlite_schema) = 1"),
        *("1 FROM failed; ATTACH 'x' AS y", "1 FROM failed --", "EXISTS (SELECT * FROM pragma_database_list)", "?"),
        *("1 UNION SELECT 1", "x" * 5000, "a\0b", "(WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) 1)"),
        "(WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) SELECT max(x) FROM c) > 0",
    ],
)
def test_what_is_no_condition_is_one_line(where: str) -> None:
    with pytest.raises(RetryError) as error:
        list(select(FAILED, where))
    assert "\n" not in str(error.value)


@given(where=st.text(alphabet="()'\"; ,=<>*-/abekindurlSELECTFROM01%_", max_size=60))
def test_any_text_chooses_or_is_a_typed_error(where: str) -> None:
    with contextlib.suppress(RetryError):
        assert set(select(FAILED, where)) <= {1, 2, 3}


@pytest.fixture
def store(tmp_path: Path) -> str:
    CaptureStore(str(tmp_path), create=True)
    frontier = Frontier(tmp_path / "crawls" / "web-1", '{"a":1}')
    frontier.add_many([Entry(str(i), "{}", f"http://a.test/{i}", "http://a.test", place=str(i)) for i in range(3)])
    for kind in ("timeout", "timeout", "robots"):
        leased = frontier.lease()
        assert leased is not None
        frontier.close_lease(leased.number, Outcome(failures=1, kind=kind, reason="because"))
    frontier.close()
    return str(tmp_path)


def test_a_dry_run_counts_and_changes_nothing(store: str) -> None:
    (first,) = retry(store, "kind = 'timeout'", dry_run=True)
    assert (first.chosen, first.put_back, first.by_kind) == (2, 0, {"timeout": 2})
    (second,) = retry(store, "kind = 'timeout'")
    assert (second.chosen, second.put_back, second.failed) == (2, 2, 3)
    (third,) = retry(store, "1")
    assert third.by_kind == {"robots": 1}


def test_without_an_expression_the_plan_decides(store: str) -> None:
    (found,) = retry(store, dry_run=True)
    assert (found.chosen, found.later) == (0, 2)  # ten minutes have not gone by


def test_a_run_that_is_not_there(store: str) -> None:
    with pytest.raises(RetryError, match="no run other"):
        retry(store, "1", run="other")


def test_the_command_that_goes_on_has_flags_settings_and_no_password(tmp_path: Path) -> None:
    arguments = {"seeds": "a b.txt", "sections": "1", "nofollow": "0", "per_site": "5", "shard": "1/2"}
    settings = {"GESSO_PROXY": "http://me:secret@proxy.test:8080", "GESSO_ALLOW": "a:1,b:2", "GESSO_PAGES": 3}
    _note_command(tmp_path / "web-1-1of2", "web", arguments, settings)
    assert command_of(tmp_path / "web-1-1of2") == (
        "gesso crawl web --seeds 'a b.txt' --sections --per-site 5 --shard 1/2 --run web-1 "
        "--proxy http://USER:PASSWORD@proxy.test:8080 --allow a:1 --allow b:2"
    )
