"""A design's table in HTML that reflows: columns are as wide as what stands in all of their rows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from design import Node, parse, to_html
from design.to.tables import table_parts
from design.tree import Design, walk

TABLE = """^ sans "Liberation Sans, sans-serif"
% b ^sans/Regular 16/20
col 400
 col Table :table *
  grid * cols(1*,1*,40)
   t * %b "One"
   t * %b "Two"
   t * %b "3"
  col *
   grid * ac cols(1*,1*,40) #eeeeee
    col *x* p4 st1#000000
     t * %b "Four"
    t * %b "Five"
    t * %b "6"
"""


def parts(notation: str) -> list[str]:
    (root,) = parse(notation).roots
    found = table_parts(root)
    return [found[id(node)] for node, _ in walk(root) if id(node) in found]


def lengthened(design: Design, text: str) -> Design:
    def changed(node: Node) -> Node:
        runs = tuple(replace(run, text=run.text.replace(text, f"{text} and much more")) for run in node.runs)
        return replace(node, runs=runs, children=tuple(changed(child) for child in node.children))

    return replace(design, roots=tuple(changed(root) for root in design.roots))


def test_rows_and_cells_are_told_whatever_columns_hold_the_rows() -> None:
    row = ["row", "cell", "cell", "cell"]
    assert parts(TABLE) == ["table", *row, "rows", *row]


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        (" :table", ""),
        ("grid * cols(1*,1*,40)", "grid * g8 cols(1*,1*,40)"),
        ("grid * cols(1*,1*,40)", "grid * sb1#000000 cols(1*,1*,40)"),
        ('t * %b "3"\n', 't * cell3,1 %b "3"\n'),
        ('   t * %b "3"\n', ""),
        ("  col *\n", "  col * p8\n"),
        ("  col *\n", "  row *\n"),
    ],
)
def test_what_a_tables_parts_cannot_have_leaves_it_as_it_is(written: str, instead: str) -> None:
    assert written in TABLE
    assert parts(TABLE.replace(written, instead, 1)) == []


def test_only_what_may_reflow_is_laid_out_anew() -> None:
    design = parse(TABLE)
    assert "table-row" in to_html(design, reflow=True)
    assert "table-row" not in to_html(design)


def test_equal_cells_have_the_widths_of_their_own_columns() -> None:
    row = "  grid * cols(1*,40,60)\n" + 3 * '   t * %b "Same"\n'
    html = to_html(parse(TABLE.split("  grid")[0] + 2 * row), reflow=True)
    assert all(f"vertical-align:top;width:{width}px" in html for width in (40, 60))


@pytest.mark.browser
def test_more_text_in_one_row_widens_its_column_in_all() -> None:
    from tests.design.capturing import browser

    lefts = "[...document.querySelectorAll('div')].filter(e => !e.children.length && /Two|Five/.test(e.textContent))"
    with browser() as running:
        page = running.new_page()
        seen = []
        for design in (parse(TABLE), lengthened(parse(TABLE), "Four")):
            page.set_content(to_html(design, reflow=True))
            seen.append(page.evaluate(f"() => {lefts}.map(e => e.getBoundingClientRect().x)"))
        cell = page.evaluate(
            "() => [...document.querySelectorAll('div')].filter(e => getComputedStyle(e).borderTopWidth === '1px')"
            ".map(e => [e.offsetHeight, e.parentElement.parentElement.offsetHeight])"
        )
        page.close()
    (two, five), (wider_two, wider_five) = seen
    assert two == five
    assert wider_two == wider_five > two + 20
    assert cell == [[28, 28]]  # as high as its row
