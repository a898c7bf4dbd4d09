"""Shares of a crawl: every site is of exactly one, the same one everywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy import Request

from crawlers.arguments import parse_arguments, run_id
from crawlers.shards import Shard, ShardError, parse_shard, shard_key


@given(site=st.text(max_size=60), count=st.integers(1, 40))
def test_a_site_is_of_exactly_one_share(site: str, count: int) -> None:
    assert sum(Shard(index, count).holds(site) for index in range(count)) == 1


def test_the_shares_stay_the_same_from_machine_to_machine() -> None:
    assert [next(i for i in range(16) if Shard(i, 16).holds(s)) for s in ("a.test", "example.org")] == [14, 6]


def test_the_shares_are_of_one_size() -> None:
    sizes = [sum(Shard(index, 8).holds(f"site{n}.test") for n in range(8000)) for index in range(8)]
    assert min(sizes) > 850


@pytest.mark.parametrize("text", ["16/16", "3", "a/b", "-1/4", "3/0", "1/70000", "1/2/3", "٣/٤٤"])
def test_what_is_no_share(text: str) -> None:
    with pytest.raises(ShardError, match="is no share"):
        parse_shard(text)


def test_a_share_names_its_run() -> None:
    arguments = parse_arguments("web", {"seeds": "http://a.test/", "shard": "3/16"})
    whole = run_id("web", arguments)
    assert run_id("web", arguments, None, parse_shard("3/16")) == f"{whole}-3of16"
    assert run_id("web", arguments, "mine", Shard(0, 2)) == "mine-0of2"


def test_pages_go_by_site_apps_by_id_and_an_index_is_everybodys() -> None:
    page = Request("https://shop.example.co.uk/x", meta={"page": True})
    assert shard_key(page) == "example.co.uk"
    assert shard_key(Request("http://a.test/1.png", cb_kwargs={"app_id": "org.app"})) == "org.app"
    assert shard_key(Request("http://a.test/index.json")) is None
