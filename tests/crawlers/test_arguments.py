"""Arguments: strings in, checked values out, or one line that names the argument."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawlers.arguments import ArgumentError, parse_arguments, run_id
from crawlers.arguments.web import WebArguments


def test_seeds_from_a_file_skip_comments_and_repeats(tmp_path: Path) -> None:
    file = tmp_path / "seeds.txt"
    file.write_text("# mine\nhttp://a.test/\n\nhttp://A.test:80/#top\nhttp://b.test/\n")
    assert parse_arguments("web", {"seeds": str(file)}) == WebArguments(
        seeds=("http://a.test/", "http://b.test/"), depth=1
    )


@pytest.mark.parametrize(
    ("spider", "given", "said"),
    [
        ("web", {}, "seeds is missing"),
        ("web", {"seeds": "nowhere.txt"}, "neither an http(s) URL nor a file"),
        ("web", {"seeds": "http://a.test/,file:///etc/passwd"}, "entry 2"),
        ("web", {"seeds": "http://a.test/", "depth": "deep"}, "depth='deep'"),
        ("web", {"seeds": "http://a.test/", "per_site": "0"}, "per_site='0'"),
        ("web", {"sedes": "http://a.test/"}, "no argument 'sedes'"),
        ("fdroid", {}, "repo is missing"),
        ("fdroid", {"repo": "file:///srv/repo"}, "not the http(s) URL"),
        ("fdroid", {"repo": "http://a.test/repo", "locales": "../.."}, "locales"),
        ("fdriod", {}, "no spider named"),
    ],
)
def test_what_is_wrong_is_named(spider: str, given: dict[str, str], said: str) -> None:
    with pytest.raises(ArgumentError, match=said.replace("(", r"\(").replace(")", r"\)")):
        parse_arguments(spider, given)


def test_a_run_is_named_by_what_it_crawls() -> None:
    one = parse_arguments("web", {"seeds": "http://a.test/"})
    same = parse_arguments("web", {"seeds": "HTTP://A.test", "depth": "1"})
    other = parse_arguments("web", {"seeds": "http://a.test/", "depth": "2"})
    assert run_id("web", one) == run_id("web", same) != run_id("web", other)
    assert run_id("web", one, "night") == "night"
    with pytest.raises(ArgumentError, match="no name for a run"):
        run_id("web", one, "../up")
