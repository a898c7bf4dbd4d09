import pytest

from crawlers.captures import StoreError
from crawlers.status import RunStatus, named

RUNS = [RunStatus(name, "", False) for name in ("web-1", "sh-0of2", "sh-1of2", "sh-1of2x", "other-sh-0of2")]


@pytest.mark.parametrize(
    ("name", "runs"), [("web-1", ["web-1"]), ("sh", ["sh-0of2", "sh-1of2"]), ("sh-1of2", ["sh-1of2"])]
)
def test_a_run_is_named_alone_or_with_all_its_shares(name: str, runs: list[str]) -> None:
    assert [run.run_id for run in named(RUNS, name, "s")] == runs


def test_a_run_that_is_none_is_told_with_those_that_there_are() -> None:
    with pytest.raises(StoreError, match="s holds no run we: there are web-1, sh-0of2"):
        named(RUNS, "we", "s")
