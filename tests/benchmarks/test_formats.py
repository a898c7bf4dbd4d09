"""The forms that the notation is weighed against say what it says, in the terms of Figma's Plugin API."""

from __future__ import annotations

import json
import re

import pytest

from benchmarks.formats import plugin_js, property_json, tight_json
from design import parse

SAID = (
    ('t :h1 vm lines2 url("http://a.test/") "Hi"', ('"textAlignVertical":"CENTER"', '"maxLines":2', '"role":"h1"', "http://a.test/")),
    ('t "See " (url("http://a.test/"))"more"', ('"hyperlink":{"type":"URL","value":"http://a.test/"}',)),
    ("col 90x90 scrolly s2>#fff", ('"overflowDirection":"VERTICAL"', '"strokeAlign":"OUTSIDE"')),
    ("grid 90 cols(200,*,2*)\n rect 9x9 cell2,1,2",
     ('"type":"FIXED","value":200', '"type":"FLEX","value":2', '"gridColumnSpan":2')),
    ("img 9x9 &a/fill", ('"scaleMode":"CROP"', '"imageTransform":[[1,0,0],[0,1,0]]')),
)  # fmt: skip


@pytest.mark.parametrize(("notation", "wanted"), SAID)
def test_json_says_what_the_notation_says(notation: str, wanted: tuple[str, ...]) -> None:
    design = parse(notation)
    for form in (property_json, tight_json):
        text = form(design)
        assert json.loads(text)
        assert [piece for piece in wanted if piece not in text] == []


def test_defaults_are_not_said() -> None:
    text = property_json(parse('col 90x90\n t "a"\n img 9x9 &a')) + plugin_js(parse('col 90x90\n t "a"\n img 9x9 &a'))
    for word in ("strokeAlign", "overflow", "hyperlink", "textAlignVertical", "imageTransform", "Data", "opacity"):
        assert word not in text


def test_code_calls_methods_where_the_api_has_no_setter() -> None:
    code = plugin_js(
        parse('grid :nav 90 cols3\n rect 9x9 cell2,2 url("http://a.test/")\n t "a" (url("http://b.test/"))"b"')
    )
    assert 'n0.setPluginData("role","nav");' in code
    assert "n1.setGridChildPosition(1,1);" in code
    assert "await n1.setReactionsAsync([" in code
    assert 'n2.setRangeHyperlink(1,2,{"type":"URL","value":"http://b.test/"});' in code


def test_all_fonts_are_loaded_before_letters_are_set() -> None:
    code = plugin_js(parse('% h1 Inter/Bold 40\nt %h1 "A" (%(Lora/Regular 12))"b"\nt %(Roboto/Bold 12) "c"'))
    first = code.splitlines()[0]
    assert [family for family in ("Inter", "Lora", "Roboto") if f'"{family}"' not in first] == []
    assert first.endswith(".map(figma.loadFontAsync));")


def test_what_the_design_has_a_style_for_is_not_spelled_out() -> None:
    design = parse('$ ink #111827\n% h1 Inter/Bold 40\ncol 9x9 $ink s$ink\n t "a" ($ink %h1)"b"')
    code = plugin_js(design)
    assert "await n0.setFillStyleIdAsync(p0.id);" in code
    assert "await n0.setStrokeStyleIdAsync(p0.id);" in code
    assert "await n1.setRangeFillStyleIdAsync(1,2,p0.id);" in code
    assert "await n1.setRangeTextStyleIdAsync(1,2,t0.id);" in code
    assert code.count('"SOLID"') == 1
    assert property_json(design).count('"SOLID"') == 4


COMPONENT = (
    '$ ink #111827\n+Card col 90\n t ?title ??shown "One"\n img 9x9 &a ?picture\ncol 200\n'
    ' Card title="Two" title:$ink shown=off picture=&b\n'
)


def test_properties_are_set_by_the_name_that_the_api_gave_them() -> None:
    code = plugin_js(parse(COMPONENT))
    assert 'const q0=n0.addComponentProperty("title","TEXT","One");' in code
    assert "n1.componentPropertyReferences={characters:q0,visible:q1};" in code
    assert 'n4.setProperties({[q0]:"Two",[q1]:false});' in code
    assert 'await n4.findOne(n=>n.name==="title").setFillStyleIdAsync(p0.id);' in code
    assert 'n4.findOne(n=>n.name==="picture").fills=[{"type":"IMAGE","scaleMode":"FILL","imageHash":ib}];' in code
    assert 'n2.name="picture";' in code


def test_every_variable_is_made_once_before_it_is_used() -> None:
    variants = '= md 16\n+B/type=1 row\n t ?l "a"\n+B/type=2 row #fff\n t ?l "a"\ncol\n B type=2 l="x"\n'
    for notation in (COMPONENT, variants):
        made: set[str] = set()
        for line in plugin_js(parse(notation)).splitlines():
            bare = re.sub(r'"[^"]*"', "", line)
            own = re.findall(r"const (\w+)=|,(m)=", bare)
            names = {name for pair in own for name in pair if name}
            assert not names & made
            used = set(re.findall(r"\b([npqstei]\d+|i[ab])\b(?!\()", bare)) - names
            assert used <= made, line
            made |= names
    assert "figma.combineAsVariants([n0,n2],figma.currentPage);" in plugin_js(parse(variants))
    assert 'createVariable("md",c,"FLOAT").setValueForMode(m,16);' in plugin_js(parse(variants))
