"""What `web` and `gallery` can be told: seeds with columns, sitemaps, views, limits; and what is said of mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.about import MAX_FIELDS, MAX_TEXT, clean_about
from crawlers.arguments import ArgumentError, as_json, parse_arguments
from crawlers.arguments.seeds import seeds

TABLE = 'Title,URL,votes\n"One, two",http://a.test/?utm_source=x,12\nagain,http://a.test/,13\n,http://b.test/,\n'
LINES = '{"url": "http://a.test/", "tags": ["x", "y"], "score": 1.5, "no": null}\n\n{"url": "http://b.test/"}\n'


@pytest.mark.parametrize(
    ("name", "text", "about"),
    [
        ("seeds.csv", TABLE, {"title": "One, two", "votes": "12"}),
        ("seeds.tsv", TABLE.replace('"One, two"', "One").replace(",", "\t"), {"title": "One", "votes": "12"}),
        ("seeds.jsonl", LINES, {"tags": ["x", "y"], "score": 1.5}),
    ],
)
def test_other_columns_of_a_seed_file_are_kept(tmp_path: Path, name: str, text: str, about: dict[str, object]) -> None:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8-sig")
    assert seeds(str(file)) == {"http://a.test/": about, "http://b.test/": {}}


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.csv", b"link,x\nhttp://a.test/,1\n", "no column 'url'"),
        ("a.csv", b"", "no column 'url'"),
        ("a.csv", b"url\nnot a url\n", "entry 2"),
        ("a.jsonl", b'{"url": 1}\n', "line 1"),
        ("a.jsonl", b"[" * 100_000, "line 1"),
        ("a.txt", b"\xff\xfe\x00", "not a text file"),
        ("a.txt", b"# nothing\n", "names no seed"),
        ("a.csv", b'url\n"' + b"x" * 200_000 + b'"\n', "not a table"),
    ],
)
def test_a_bad_seed_file_is_one_line(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    file = tmp_path / name
    file.write_bytes(data)
    with pytest.raises(ArgumentError, match=said) as caught:
        seeds(str(file))
    assert "\n" not in str(caught.value)


def test_what_is_taken_of_a_page_and_which_traps_are_bounded() -> None:
    given = {"seeds": "http://a.test/", "sections": "1", "views": "phone,iPhone 15 Pro (landscape)", "themes": "dark"}
    arguments = parse_arguments("web", {**given, "kinds": "fold,full", "per_calendar": "3", "per_list": "0"})
    assert arguments.sections
    assert arguments.views == ("phone", "iPhone 15 Pro (landscape)")
    assert (arguments.themes, arguments.kinds) == (("dark",), ("fold", "full"))
    assert (arguments.traps.per_calendar, arguments.traps.per_list, arguments.traps.per_template) == (3, 0, 0)
    assert '"per_calendar":3' in as_json(arguments)


def test_sitemaps_need_no_seeds() -> None:
    arguments = parse_arguments(
        "web", {"sitemap": "http://a.test/sitemap.xml.gz,http://b.test/s.txt", "cross_site": "1"}
    )
    assert arguments.sitemap == ("http://a.test/sitemap.xml.gz", "http://b.test/s.txt")
    assert arguments.cross_site
    assert not arguments.seeds


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"sitemap": "ftp://a.test/s.xml"}, "not an http"),
        ({"sitemaps": "robots", "sitemap": "http://a.test/s.xml"}, "give seeds as well"),
        ({"seeds": "http://a.test/", "sitemaps": "http://a.test/s.xml"}, "sitemap=URL"),
        ({"seeds": "http://a.test/", "cross_site": "1"}, "sitemap=URL"),
        ({"seeds": "http://a.test/", "sections": "perhaps"}, "neither 1 nor 0"),
        ({"seeds": "http://a.test/", "themes": "sepia"}, "one of light, dark"),
        ({"seeds": "http://a.test/", "kinds": ","}, "one of fold, full"),
        ({"seeds": "http://a.test/", "views": "<script>"}, "view or device"),
        ({"seeds": "http://a.test/", "views": ",".join(f"v{n}" for n in range(13))}, "at most 12"),
        ({"seeds": "http://a.test/", "path_depth": "-1"}, "path_depth"),
        ({"seeds": "http://\udce9.test\\@/"}, "entry 1"),
    ],
)
def test_a_wrong_argument_is_named(given: dict[str, str], said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        parse_arguments("web", given)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=900) | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=60) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=80,
)


@given(st.dictionaries(st.text(max_size=80) | st.integers(), VALUES, max_size=40))
def test_metadata_is_bounded_and_clean_is_clean(given: dict[object, object]) -> None:
    kept = clean_about(given)
    assert clean_about(kept) == kept
    assert len(kept) <= MAX_FIELDS
    for value in kept.values():
        texts = value if isinstance(value, list) else [value]
        assert all(len(t) <= MAX_TEXT and t.isprintable() for t in texts if isinstance(t, str))
