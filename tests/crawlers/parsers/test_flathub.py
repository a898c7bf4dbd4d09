"""Catalogues in XML, JSON and YAML read to the same components; bombs and damage are typed errors."""

from __future__ import annotations

import gzip
import json
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from crawlers.parsers import compressed
from crawlers.parsers.compressed import unpack
from crawlers.parsers.errors import StorePayloadError
from crawlers.parsers.flathub import Component, parse_api_app, parse_appstream, parse_collection, parse_dep11
from tests.crawlers.parsers.mutations import damaged

SHARED = Path(__file__).resolve().parents[3].parent / "shared"
XML = b"""<?xml version="1.0"?><components version="0.8" origin="flatpak">
<component type="desktop-application"><id>org.a.App.desktop</id><name>App</name><name xml:lang="pt_BR">Aplica</name>
<summary>Sum</summary><description><p>One</p><ul><li>two</li></ul></description>
<description xml:lang="pt"><p>Um</p></description><developer id="x"><name>Dev</name></developer>
<categories><category>Office</category></categories><project_license>MIT</project_license><screenshots>
<screenshot type="default"><caption>Main</caption><image type="source" width="800" height="500">https://a.test/s.png</image>
<image type="thumbnail" width="1248" height="702">https://b.test/large.png</image>
<image type="thumbnail" width="112" height="63">https://b.test/112.png</image><image>https://a.test/unsized.png</image></screenshot>
<screenshot environment="macos"><image>https://a.test/mac.png</image></screenshot>
<screenshot environment="plasma:dark"><image width="x">https://a.test/2.png</image></screenshot>
<screenshot><video>https://a.test/v.webm</video></screenshot></screenshots></component>
<component type="runtime"><id>org.a.Runtime</id><name>R</name></component></components>"""
API: dict[str, Any] = {
    "id": "org.a.App",
    "type": "desktop-application",
    "name": "App",
    "description": "<p>One</p><ul><li>two</li></ul>",
    "developer_name": "Dev",
    "categories": ["Office"],
    "project_license": "MIT",
    "screenshots": [
        {
            "sizes": [
                {"width": "624", "height": "351", "scale": "1x", "src": "https://b.test/624.png"},
                {"width": "624", "height": "351", "scale": "2x", "src": "https://b.test/1248.png"},
                {"width": None, "height": "x", "src": "https://b.test/orig.png"},
            ],
            "caption": "Main",
            "default": True,
        },
        {"224x126": "https://b.test/224.png", "752x423": "https://b.test/752.png"},
    ],
}
DEP11: list[Any] = [
    {"File": "DEP-11", "Version": "1.0", "MediaBaseUrl": "https://media.test/pool"},
    {
        "Type": "desktop-application",
        "ID": "org.a.App.desktop",
        "Name": {"C": "App", "de": "Anwendung"},
        "Description": {"C": "<p>One</p>"},
        "DeveloperName": {"C": "Dev"},
        "Categories": ["Office"],
        "ProjectLicense": "MIT",
        "Screenshots": [
            {
                "default": True,
                "caption": {"C": "Main"},
                "source-image": {"url": "org/a/1.png", "width": 800, "height": 500},
                "thumbnails": [{"url": "org/a/small.png", "width": 224, "height": 126}],
            },
            {"environment": "windows", "source-image": {"url": "w.png"}},
        ],
    },
    {"Type": "font", "ID": "f"},
]


def yaml_of(documents: Any) -> bytes:
    return yaml.safe_dump_all(documents if isinstance(documents, list) else [documents], explicit_start=True).encode()


def components(found: Iterator[Component | StorePayloadError]) -> list[Component]:
    return [one for one in found if isinstance(one, Component)]


def kind_of(read: Callable[[], Any]) -> str:
    with pytest.raises(StorePayloadError) as raised:
        read()
    return raised.value.kind


def test_a_component_of_xml() -> None:
    (app,) = components(parse_appstream(XML, "pt-PT"))
    listing = app.listing
    assert (listing.app_id, listing.name, listing.developer, app.licence) == ("org.a.App", "App", "Dev", "MIT")
    assert (listing.description, listing.categories) == ("Um", ("Office",))
    assert components(parse_appstream(XML, "pt_BR"))[0].listing.name == "Aplica"
    assert components(parse_appstream(XML))[0].listing.description == "One\ntwo"
    assert [shot.urls[0] for shot in app.screenshots] == ["https://b.test/large.png", "https://a.test/2.png"]
    assert app.screenshots[0].urls[1] == "https://a.test/s.png"
    assert (app.skipped, app.damaged) == (1, 1)


def test_an_app_of_the_api() -> None:
    app = parse_api_app(json.dumps(API).encode())
    assert [shot.urls[0] for shot in app.screenshots] == ["https://b.test/1248.png", "https://b.test/752.png"]
    assert (app.listing.description, app.screenshots[0].caption) == ("One\ntwo", "Main")
    for body in (b"null", b"[]", b"{}", b'{"id": "x"}', b'{"id": "../..", "name": "x"}', b"<html>"):
        assert kind_of(lambda body=body: parse_api_app(body)) in ("bad_payload", "bad_entry")


def test_a_component_of_dep11() -> None:
    (app,) = components(parse_dep11(yaml_of(DEP11), "de"))
    assert (app.listing.app_id, app.listing.name, app.skipped) == ("org.a.App", "Anwendung", 1)
    assert app.screenshots[0].urls[0] == "https://media.test/pool/org/a/1.png"
    assert components(parse_dep11(gzip.compress(yaml_of(DEP11)))) == components(
        parse_dep11(lzma.compress(yaml_of(DEP11)))
    )


def test_collections_in_their_forms() -> None:
    hits = {"hits": [{"app_id": "a.b", "id": "a_b"}, {"id": "c.d"}, {}], "totalPages": "3", "page": 1}
    assert (parse_collection(json.dumps(hits).encode()).ids, parse_collection(json.dumps(hits).encode()).pages) == (
        ("a.b", "c.d"),
        3,
    )
    assert parse_collection(b'["a.b", "a.b"]').ids == ("a.b",)
    assert parse_collection(b'[{"flatpakAppId": "a.b"}]').ids == ("a.b",)
    assert parse_collection(b'{"hits": []}').ids == ()
    assert kind_of(lambda: parse_collection(b'{"hits": [{"x": 1}]}')) == "bad_payload"


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress])
def test_catalogues_packed_or_not(pack: Callable[[bytes], bytes]) -> None:
    assert components(parse_appstream(pack(XML))) == components(parse_appstream(XML))


ENTITIES = b"""<!DOCTYPE components [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>
<components>&b;</components>"""
OUTSIDE = b"""<!DOCTYPE components [<!ENTITY x SYSTEM "file:///etc/passwd">]><components>&x;</components>"""


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (ENTITIES, "forbidden"),
        (OUTSIDE, "forbidden"),
        (b"<!DOCTYPE components SYSTEM 'http://a.test/x.dtd'><components/>", "forbidden"),
        (b"<html/>", "bad_payload"),
        (b"", "bad_payload"),
        (XML[:700], "bad_payload"),
        (gzip.compress(XML, mtime=0)[:-20], "bad_payload"),
        (b"\x1f\x8b" + b"x" * 40, "bad_payload"),
        (lzma.compress(XML)[:-8], "bad_payload"),
        (b"<components>" + b"<component>" * 100, "too_large"),
        (b"<components><component>" + b"<x/>" * 200_001 + b"</component></components>", "too_large"),
    ],
)
def test_catalogues_that_cannot_be_read(data: bytes, kind: str) -> None:
    assert kind_of(lambda: list(parse_appstream(data))) == kind


def test_what_came_before_the_damage_stands() -> None:
    found = parse_appstream(XML.replace(b'<component type="runtime">', b'<component type="runtime"><oops>'))
    assert isinstance(next(found), Component)
    assert kind_of(lambda: list(found)) == "bad_payload"


def test_bombs_are_told_by_their_ratio_and_their_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compressed, "RATIO_FROM", 1 << 18)
    bomb = b"<components>" + b" " * (4 << 20)
    for pack in (gzip.compress, lzma.compress):
        assert kind_of(lambda pack=pack: list(parse_appstream(pack(bomb)))) == "bomb"
    assert kind_of(lambda: unpack(bomb, most=1000).read()) == "too_large"


ALIASES = b"---\nFile: DEP-11\n---\na: &a [x]\nb: &b [*a, *a]\nID: *b\n"


@pytest.mark.parametrize(
    ("data", "kinds"),
    [
        (ALIASES, ["forbidden"]),
        (b"---\nFile: DEP-11\n---\n" + b"[" * 100_000, ["too_large"]),
        (b"---\nFile: DEP-11\n---\n- a\n---\n{: }:\n---\n!!python/object/apply:os.system [x]\n", ["bad_entry"] * 3),
        (b"---\nFile: DEP-11\n---\nType: desktop-application\nID: '../x'\n", ["bad_entry"]),
    ],
)
def test_documents_that_are_no_components(data: bytes, kinds: list[str]) -> None:
    assert [one.kind for one in parse_dep11(data) if isinstance(one, StorePayloadError)] == kinds


@pytest.mark.parametrize("data", [b"", b"---\n---\n", b"a: b\n", b"- DEP-11\n", ALIASES[4:20].replace(b"11", b"12")])
def test_files_that_are_no_dep11(data: bytes) -> None:
    assert kind_of(lambda: list(parse_dep11(data))) == "bad_payload"


@given(damaged(API))
def test_damaged_answers_give_an_app_or_a_typed_error(value: Any) -> None:
    check(lambda: iter([parse_api_app(json.dumps(value).encode())]))


@given(damaged(DEP11))
def test_damaged_yaml_gives_components_or_typed_errors(value: Any) -> None:
    check(lambda: parse_dep11(json_lines(value)))


@given(st.data())
def test_damaged_xml_gives_components_or_typed_errors(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from([XML, gzip.compress(XML, mtime=0), yaml_of(DEP11)])))
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(raw[: data.draw(st.integers(0, len(raw)))]) if data.draw(st.booleans()) else bytes(raw)
    check(lambda: parse_appstream(cut))
    check(lambda: parse_dep11(cut))


def json_lines(value: Any) -> bytes:
    """Documents of YAML, each in its JSON form, which also holds what safe_dump would not write."""
    documents = value if isinstance(value, list) else [value]
    return b"".join(b"---\n" + json.dumps(one).encode() + b"\n" for one in documents)


def check(read: Callable[[], Iterator[Component | StorePayloadError]]) -> None:
    try:
        found = list(read())
    except StorePayloadError:
        return
    for app in components(iter(found)):
        assert app.listing.app_id
        assert app.listing.name
        assert all(url.startswith("http") for shot in app.screenshots for url in shot.urls)


def test_a_published_catalogue() -> None:
    path = SHARED / "data/stores/flathub/appstream.xml"
    if not path.exists():
        pytest.skip("the payloads are not here")
    found = list(parse_appstream(path.read_bytes(), "de"))
    apps = components(iter(found))
    assert [app.listing.app_id for app in apps] == ["org.sugarlabs.Maze", "com.anydesk.Anydesk", "com.wps.Office"]
    assert (apps[0].listing.name, len(apps[0].screenshots), apps[0].skipped) == ("Irrgarten", 3, 2)
    assert len(found) == 3
