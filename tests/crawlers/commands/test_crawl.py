"""`scrapy crawl` says what a user can mend in its last line, and exits with 2, before anything is fetched."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
NOBODY = "http://127.0.0.1:9"  # a proxy that is not there: nothing can be fetched


def scrapy_crawl(home: Path, *options: str) -> subprocess.CompletedProcess[str]:
    arguments = ["web", "-a", "seeds=http://a.test/", "-s", f"GESSO_PROXY={NOBODY}", "-s", f"GESSO_STORE={home}/c"]
    command = [sys.executable, "-m", "scrapy", "crawl", *arguments, *options]
    return subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("GESSO_PAGES=abc", "GESSO_PAGES=abc is no whole number from 0 up"),
        ("GESSO_THEMES=", "GESSO_THEMES= is not a list of light, dark"),
        ("GESSO_VIEWS=", "no view is named"),
        ("LOG_LEVEL=nonsense", "LOG_LEVEL=nonsense is no level of a log"),
    ],
)
def test_a_wrong_setting_costs_no_request(setting: str, words: str, tmp_path: Path) -> None:
    done = scrapy_crawl(tmp_path, "-s", setting)
    assert done.returncode == 2
    assert words in done.stderr.strip().splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.rglob("*.sqlite*")), "no frontier was opened, so no request was used up"


def test_a_wrong_view_of_the_settings_is_told_where_the_arguments_name_others(tmp_path: Path) -> None:
    done = scrapy_crawl(tmp_path, "-a", "views=phone", "-s", "GESSO_VIEWS=nonsense")
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].startswith("view 'nonsense' is neither")


def test_what_stops_a_crawl_from_opening_is_never_silent(tmp_path: Path) -> None:
    done = scrapy_crawl(tmp_path, "-s", "DOWNLOAD_DELAY=abc")
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1] == "ValueError: could not convert string to float: 'abc'"


def test_a_frontier_that_is_no_address_is_named_as_it_was_written(tmp_path: Path) -> None:
    done = scrapy_crawl(tmp_path, "-s", "GESSO_FRONTIER=nonsense")
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].startswith("frontier 'nonsense' is no address of a Redis")
    assert "has no attribute" not in done.stderr
