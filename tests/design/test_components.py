"""Components: what an instance stands for, and what no design may hold."""

from __future__ import annotations

import pytest

from design import TreeError, parse, print_design
from design.tree import Component, Design, Node, expand

BUTTON = """\
+Button/kind=primary row p12,24 #000000 r10
 svg 16x16 &arrow hide ??icon
 t #ffffff ?label "Get started"
+Button/kind=quiet row p12,24
 t #000000 ?label "Get started"
"""


def expanded(text: str) -> str:
    return print_design(expand(parse(text)))


def test_an_instance_without_properties_is_the_first_variant() -> None:
    assert expanded(BUTTON + "Button\n") == 'row Button p12,24 #000000 r10\n t #ffffff "Get started"\n'


def test_properties_give_text_paint_visibility_and_variant() -> None:
    text = BUTTON + 'Button label="Watch" label:#ff0000 icon=on\nButton kind=quiet label=($x)"A" label="B"\n'
    assert expanded(text) == (
        'row Button p12,24 #000000 r10\n svg 16x16 &arrow\n t #ff0000 "Watch"\n'
        'row Button p12,24\n t #000000 ($x)"A" "B"\n'
    )


def test_what_the_instance_says_of_itself_replaces_what_the_component_says() -> None:
    text = BUTTON + 'Button Main 320 @4,5 p8 o50 label="x"\n'
    assert expanded(text).splitlines()[0] == "row Main 320 @4,5 p8 #000000 r10 o50"


def test_children_fill_the_frame_that_is_bound_and_properties_pass_through() -> None:
    card = BUTTON + '+Card col\n col * ?content\n  t "default"\n Button label=?action\n'
    assert expanded(card + 'Card action="Go"\n t "mine"\n') == (
        'col Card\n col *\n  t "mine"\n row Button p12,24 #000000 r10\n  t #ffffff "Go"\n'
    )
    assert ' t "default"' in expanded(card + "Card\n")


def test_a_bound_picture_and_a_bound_instance_are_swapped() -> None:
    text = "+Plus svg 16x16 &plus\n+Star svg 20x20 &star\n+Row row\n img 8x8 &a ?thumb\n Plus ?icon\n"
    text += "Row thumb=&b icon=Star\n"
    assert expanded(text) == "row Row\n img 8x8 &b\n svg Star 20x20 &star\n"


def test_an_instance_of_nothing_is_an_empty_box_and_hidden_layers_are_left_out() -> None:
    assert expanded("Absent 20x20\nrow\n t hide\n") == "box 20x20\nrow\n"


def test_a_design_without_components_is_given_back_as_it_is() -> None:
    design = parse("col\n t\n")
    assert expand(design) is design


def test_a_component_that_holds_itself_makes_no_design() -> None:
    def holding(name: str) -> Node:
        return Node("col", children=(Node("use", component=name),))

    with pytest.raises(TreeError, match=r"holds itself .*A → B → A"):
        Design(components=(Component("A", holding("B")), Component("B", holding("A"))))
    with pytest.raises(TreeError, match="twice"):
        Design(components=(Component("A", Node("col")), Component("A", Node("row"))))


def test_components_that_multiply_without_end_are_refused() -> None:
    lines = ["+C0 t", *(f"+C{i} col\n" + f" C{i - 1}\n" * 10 for i in range(1, 9))]
    design = parse("\n".join(line.strip("\n") for line in lines) + "\nC8\n")
    with pytest.raises(TreeError, match="multiply"):
        expand(design)


def test_a_swap_that_would_go_round_for_ever_is_refused() -> None:
    design = parse("+Plus svg\n+Row row\n Plus ?icon icon=Row\nRow icon=Row\n")
    with pytest.raises(TreeError, match="multiply"):
        expand(design)


def test_what_the_component_around_gives_stays_bound_to_it() -> None:
    dot = "+Dot rect 8x8 #000000 ?fill\n"
    text = dot + "row\n Dot fill=?mark\n Dot fill:#ff0000\n"
    assert print_design(expand(parse(text), bound=True)) == (
        "row\n rect Dot 8x8 #000000 ?mark\n rect Dot 8x8 #ff0000\n"
    )
    assert "?" not in expanded(text)
