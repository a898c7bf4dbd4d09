"""Metadata columns: by the name given, by a usual name, or not at all; never of the wrong type."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from crawlers.arguments import ArgumentError, parse_arguments
from crawlers.arguments.folder import expand
from crawlers.local.columns import Described, describe, wanted_columns
from tests.crawlers.parsers.mutations import damaged

ROW = {
    "caption": "Home",
    "domain": "Shop.Test",
    "tags": "a, b",
    "rating": "4.5",
    "theme": "Dark",
    "url": "https://a.test/",
}


def test_columns_by_usual_and_by_given_names() -> None:
    usual = describe(ROW, {})
    assert (usual.title, usual.description, usual.site, usual.categories) == ("", "Home", "shop.test", ("a", "b"))
    assert (usual.rating, usual.theme, usual.url) == (4.5, "dark", "https://a.test/")
    given = describe(ROW, {"title": "caption", "url": "gone"})
    assert (given.title, given.url) == ("Home", "")
    assert "gone" in wanted_columns({"url": "gone"})
    assert "source_url" not in wanted_columns({"url": "gone"})


@given(damaged(ROW))
def test_any_row_is_described(row: Any) -> None:
    found = describe(row if isinstance(row, dict) else {}, {})
    assert isinstance(found, Described)
    assert found.url == "" or found.url.startswith("http")


def test_braces_stand_for_names() -> None:
    assert expand("s-{000..002}.tar") == ("s-000.tar", "s-001.tar", "s-002.tar")
    assert expand("{b,a}/{9..11}") == ("b/9", "b/10", "b/11", "a/9", "a/10", "a/11")
    assert expand("a{}b") == ("a{}b",)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "path is missing"),
        ({"path": "/nowhere/at/all"}, "no such file"),
        ({"path": "{0..999999999}"}, "more than 100000"),
        ({"path": "{1..999}{1..999}"}, "more than 100000"),
        ({"path": ".", "map": "title"}, "FIELD:COLUMN"),
        ({"path": ".", "map": "title:a,name:b"}, "given twice"),
        ({"path": ".", "source": "../up"}, "no name"),
        ({"path": ".", "view": "half"}, "is not one of"),
    ],
)
def test_wrong_arguments_are_named(given: dict[str, str], said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        parse_arguments("folder", given)
