"""`gesso crawl …`: every argument has an option, and a takedown is refused afterwards."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crawlers.arguments import SPIDERS as PARSERS
from crawlers.arguments import ArgumentError
from crawlers.captures import CaptureStore
from pipelines.crawl_commands import SPIDERS
from tests.conftest import run_gesso
from tests.crawlers.test_crawl_durability import APPS, repository


def test_every_spider_has_a_command() -> None:
    assert set(SPIDERS) == set(PARSERS)


@pytest.mark.parametrize("spider", sorted(PARSERS))
def test_every_argument_has_an_option(spider: str) -> None:
    with pytest.raises(ArgumentError) as error:
        PARSERS[spider]({"no_such": "1"})
    listed = re.search(r"there are (.*)$", str(error.value))
    assert listed is not None
    assert {option.name for option in SPIDERS[spider][2]} == set(listed[1].split(", ")) - {"run"}


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
