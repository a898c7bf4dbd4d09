"""Design → HTML: the flex that the tree says, and nothing that runs."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from design import Design, FontFace, parse, to_html
from tests.design.trees import designs

HOSTILE = (
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    'http://x/"><script>alert(1)</script>',
    "http://x/</style><script>alert(1)</script>",
    "file:///etc/passwd",
    " java\nscript:alert(1)",
    "<svg onload=alert(1)><script>alert(1)</script><foreignObject><body onload='x'/></foreignObject></svg>",
    '<svg xmlns="http://www.w3.org/2000/svg"><use href="http://x/y.svg#a"/><image href="http://x/t.png"/>'
    '<a href="javascript:x"/></svg>',
    '<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>',
    "<svg><style>@import url(http://x)</style><rect style='fill:url(http://x)' fill='url(http://x#a)'/></svg>",
)


ALLOWED = {
    *("html", "head", "body", "meta", "title", "style", "div", "span", "img", "a", "button"),
    *("header", "nav", "main", "section", "article", "aside", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "p"),
}


class Reader(HTMLParser):
    """Tags, attributes and text of a document."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def assert_inert(html: str) -> None:
    for tag, attributes in Reader(html).tags:
        assert tag in ALLOWED
        assert not [name for name in attributes if name.startswith("on")]
        source = attributes.get("src") or ""
        assert not re.match(r"\s*(javascript|vbscript|file|data:text)", source, re.IGNORECASE)


def style_of(notation: str, needle: str) -> str:
    """The rules of the class of the first element whose rules hold `needle`."""
    rules = re.findall(r"\.n\d+\{([^}]*)\}", to_html(parse(notation)))
    return next((rule for rule in rules if needle in rule), "")


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_slots_are_inert(hostile: str) -> None:
    html = to_html(parse("col #fff &pic\n img 10x10 &pic\n svg 10x10 &pic"), slots={"pic": hostile}, title=hostile)
    assert_inert(html)
    assert "<script" not in html
    for source in re.findall(r"base64,([A-Za-z0-9+/=]+)", html):
        import base64

        drawing = base64.b64decode(source).decode()
        assert not re.search(r"script|foreignObject|onload|http://x|<image|<style|ENTITY", drawing)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    designs,
    st.dictionaries(st.from_regex(r"[a-z0-9]{1,3}", fullmatch=True), st.sampled_from(HOSTILE)),
    st.text(max_size=20),
)
def test_any_design_becomes_an_inert_document(design: Design, slots: dict[str, str], title: str) -> None:
    face = FontFace('x"}</style><script>', "400;}", "italic", "u")
    assert_inert(to_html(design, slots=slots, fonts=[(face, "http://x/a.woff2")], title=title))


def test_a_policy_forbids_scripts() -> None:
    metas = [attributes for tag, attributes in Reader(to_html(Design())).tags if tag == "meta"]
    policy = next(m["content"] for m in metas if m.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "script-src 'none'" in policy


def test_text_is_escaped_and_kept() -> None:
    html = to_html(parse('t "<b>1 & 2</b>"'))
    assert "".join(Reader(html).text).endswith("<b>1 & 2</b>\n")


def test_rows_and_columns_are_flex_with_gap_and_padding() -> None:
    rule = style_of("row 100x50 p8,12 g24 jb ac\n rect 10x10", "flex-direction:row")
    for part in (
        "width:100px",
        "height:50px",
        "padding:8px 12px 8px 12px",
        "gap:0 24px",
        "space-between",
        "align-items:center",
    ):
        assert part in rule


@pytest.mark.parametrize(
    ("notation", "rule"),
    [
        ("row 100\n rect *x10", "flex:1 1 0;min-width:0"),
        ("col 100\n rect *x10", "align-self:stretch"),
        ("row 100\n rect 10x*", "align-self:stretch"),
        ("col 100\n rect *x10 @5,6", "position:absolute;left:5px;top:6px"),
        ("col 100 p2 s2#000\n rect 9x10 @5,6", "left:3px;top:4px"),
        ("col 100 s2#000\n rect 9x10 @5,6", "left:5px;top:6px"),
        ("col 100 s2#000\n rect 9x10", "&::after{"),
        ("col 100 p10 s2#000\n rect 9x10", "padding:8px"),
        ("grid 300 cols3 g10,20\n rect *x10", "gap:20px 10px"),
        ("rect 10x10 o50 r4,8,4,8", "border-radius:4px 8px 4px 8px"),
        ("rect 10x10 sh(0,1,2,3,#000000)", "box-shadow:0 1px 2px 3px #000000"),
        ("rect 10x10 #fff lin(90,#000,#fff)", "linear-gradient(90deg,#000000 0%,#ffffff 100%)"),
    ],
)
def test_attributes_become_css(notation: str, rule: str) -> None:
    assert rule in to_html(parse(notation))


def test_tokens_resolve() -> None:
    html = to_html(parse('$ ink #102030\n^ sans "Inter, serif"\n% h1 ^sans/Bold 20/24\nt %h1 $ink/50 "x"'))
    assert 'font:700 20px/24px "Inter",serif' in html
    assert "color:#10203080" in html


def test_an_unbound_slot_shows_a_placeholder_and_a_bound_one_its_image() -> None:
    design = parse("img 10x10 &pic")
    assert "repeating-linear-gradient" in to_html(design)
    assert 'src="data:image/png;base64,AA"' in to_html(design, slots={"pic": "data:image/png;base64,AA"})


def test_measured_lines_do_not_wrap_again_and_others_do() -> None:
    assert "white-space:pre}" in to_html(parse('t 100 "a\\lb"'))
    assert "white-space:pre-wrap}" in to_html(parse('t 100 "a b"'))


def test_with_reflow_what_hugs_gives_way_and_its_lines_may_break() -> None:
    page = parse('row 300\n t "A line that is long"\ncol 300\n t "One\\ltwo"\n t "written\\nbreaks"')
    kept, free = to_html(page), to_html(page, reflow=True)
    assert "width:max-content;white-space:pre}" in kept.replace("font:400 16px/normal sans-serif;", "")
    assert "white-space:pre-wrap" not in kept
    assert "flex:0 1 auto" in free
    assert "width:fit-content" in free
    assert "One two" in free
    assert "white-space:pre}" in free  # what has breaks of its own is set as it is written
