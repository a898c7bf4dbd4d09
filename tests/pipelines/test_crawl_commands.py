"""`gesso crawl …`: every argument has an option, and a takedown is refused afterwards."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from crawlers.arguments import SPIDERS as PARSED
from crawlers.arguments import ArgumentError, parser_of
from crawlers.captures import CaptureStore
from crawlers.retry import FLAGS
from pipelines.crawl_commands import SPIDERS
from tests.conftest import run_gesso
from tests.crawlers.test_crawl_durability import APPS, repository


def test_every_spider_has_a_command() -> None:
    assert set(SPIDERS) == set(PARSED)


@pytest.mark.parametrize("spider", sorted(PARSED))
def test_every_argument_has_an_option(spider: str) -> None:
    with pytest.raises(ArgumentError) as error:
        parser_of(spider)({"no_such": "1"})
    listed = re.search(r"there are (.*)$", str(error.value))
    assert listed is not None
    assert {option.name for option in SPIDERS[spider][2]} == set(listed[1].split(", ")) - {"run"}


def test_what_may_be_joined_by_commas_may_be_given_twice(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with repository(tmp_path) as server:
        words = ("crawl", "fdroid", "--repo", "http://store.test/repo", "--entry", "json", "--proxy", server.address)
        assert run_gesso(*words, "--apps", "app1", "--apps", "app2,app3", "--home", str(home)).returncode == 0
    assert {c.site for c in CaptureStore(str(home / "captures")).captures()} == {"app1", "app2", "app3"}


def test_taken_down_it_is_refused(tmp_path: Path) -> None:
    home = str(tmp_path / "home")
    with repository(tmp_path) as server:
        words = ("crawl", "fdroid", "--repo", "http://store.test/repo", "--entry", "json", "--proxy", server.address)
        assert run_gesso(*words, "--home", home).returncode == 0
        assert "--yes does it" in run_gesso("crawl", "takedown", "app3", "--home", home).stdout
        assert run_gesso("crawl", "takedown", "app3", "--yes", "--home", home).returncode == 0
        assert run_gesso(*words, "--home", home, "--run", "again").returncode == 0
    store = CaptureStore(f"{home}/captures")
    assert "app3" not in {capture.site for capture in store.captures()}
    assert len(list(store.captures("again"))) == APPS - 1
    assert [failure.kind for failure in store.failures("again")] == ["takedown"]
    done = run_gesso("crawl", "retry", "--where", "nonsense(", "--home", home)
    assert (done.returncode, len(done.stderr.strip().splitlines())) == (2, 1)


def test_retry_knows_which_options_take_no_value() -> None:
    assert {option.name for _, _, options in SPIDERS.values() for option in options if option.flag} == FLAGS


def test_what_retry_says_to_run_goes_on_with_the_run(tmp_path: Path) -> None:
    home = str(tmp_path / "a home")
    with repository(tmp_path) as server:
        words = ("crawl", "fdroid", "--repo", "http://store.test/none", "--entry", "json", "--proxy", server.address)
        assert run_gesso(*words, "--allow", "a.test:1", "--allow", "b.test:2", "--home", home).returncode == 2
        said = run_gesso("crawl", "retry", "--where", "kind = 'http_404'", "--home", home, COLUMNS="80").stdout
        command = shlex.split(said.rpartition("→")[2])
        assert command[:3] == ["gesso", "crawl", "fdroid"]
        assert {"a.test:1", "b.test:2", server.address, home} < set(command)
        again = run_gesso(*command[1:])
    assert (again.returncode, "answers 404" in again.stderr) == (2, True)
    (failed,) = CaptureStore(f"{home}/captures").failures()
    assert f"run {failed.run_id}" in again.stdout
    assert "was finished before" not in again.stdout
