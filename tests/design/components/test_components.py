"""Components: repeated layers are found, become instances, and the picture stays what it was."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings

from design import Design, parse, print_design
from design.components import groups, with_components
from design.tree import Node, Prop, Run, expand, walk
from tests.design.trees import designs

CARDS = """col 900 #ffffff
 row * g24
  col Card 280 p16 #f4f4f4 r8
   t %(Inter/Bold 24) "Row"
   t "Before the city wakes"
   col Button :button p8,16 #6c4cf1 r6
    t #ffffff "Join"
  col Card 280 p16 #f4f4f4 r8
   t %(Inter/Bold 24) "Swim"
   t "After the city sleeps"
   col Button :button p8,16 #6c4cf1 r6
    t #ffffff "Dive in"
 col Button :button p8,16 #6c4cf1 r6
  t #ffffff "All clubs"
"""


def bare(node: Node) -> Node:
    """Without names, which instances take from their components."""
    done: dict[int, Node] = {}
    for part in reversed([part for part, _ in walk(node)]):
        children = tuple(done[id(child)] for child in part.children)
        done[id(part)] = replace(part, name="", children=children)
    return done[id(node)]


def same_picture(design: Design) -> bool:
    made = expand(with_components(design))
    before = expand(design)
    return [bare(root) for root in made.roots] == [bare(root) for root in before.roots]


def instances(design: Design, name: str) -> list[Node]:
    trees = [*design.roots, *(component.root for component in design.components)]
    return [node for tree in trees for node, _ in walk(tree) if node.component == name]


def test_what_recurs_becomes_a_component_with_properties_for_what_differs() -> None:
    made = with_components(parse(CARDS))
    assert [component.name for component in made.components] == ["Button", "Card"]
    first = instances(made, "Card")[0]
    assert [(p.name, p.value.text) for p in first.props if isinstance(p.value, Run)] == [
        ("title", "Row"),
        ("text", "Before the city wakes"),
        ("text-2", "Join"),
    ]


def test_an_instance_inside_a_component_is_given_what_the_outer_one_is() -> None:
    made = with_components(parse(CARDS))
    assert len(instances(made, "Button")) == 2
    card = next(c for c in made.components if c.name == "Card")
    inner = next(node for node, _ in walk(card.root) if node.component == "Button")
    assert isinstance(inner.props[0], Prop)
    assert same_picture(parse(CARDS))


def test_the_notation_gets_shorter_and_round_trips() -> None:
    row = CARDS.split("900 #ffffff\n")[1].split("\n col Button")[0] + "\n"
    design = parse("col 900\n" + row * 4)
    made = with_components(design)
    assert parse(print_design(made)) == made
    assert len(print_design(made)) < len(print_design(design))


def test_layers_that_differ_in_build_are_variants_of_one_component() -> None:
    two = CARDS.replace('   t "After the city sleeps"\n', "")
    many = two.split(" row * g24\n")[1].split("\n col Button")[0] + "\n"
    design = parse("col 900\n row * g24\n" + many + many)
    made = with_components(design)
    cards = [component for component in made.components if component.name == "Card"]
    assert len(cards) == 2
    assert {component.variant for component in cards} == {(("type", "1"),), (("type", "2"),)}
    assert same_picture(design)


def test_a_variant_inside_a_variant_has_a_property_of_its_own() -> None:
    text = "col 900 #ffffff\n"
    for row in (0, 1):
        text += " row * g24\n"
        for card in range(4):
            text += f'  col Card 280 p16 #f4f4f4 r{8 + 8 * row}\n   t %(Inter/Bold 24) "Title {row}{card}"\n'
            text += f'   row :button p8,16 #6c4cf1 r{6 if card % 2 else 3}\n    t #ffffff "Go {row}{card}"\n'
    made = with_components(parse(text))
    names = [[p.name for p in node.props] for node in instances(made, "Card")]
    assert names == [["type", "title", "type-2", "text"]] * 8
    assert same_picture(parse(text))


def test_rows_that_only_hold_a_group_are_none() -> None:
    row = CARDS.split(" row * g24\n")[1].split("\n col Button")[0] + "\n"
    found = groups(parse("col 900\n row * g24\n" + row + " row * g24\n" + row).roots)
    kinds = {group.members[0].name for group in found}
    assert "Card" in kinds
    assert all(group.members[0].kind != "row" for group in found)


def test_what_stands_once_stays() -> None:
    design = parse('col 400\n t "One"\n row\n  t "Two"\n  rect 9x9 #000')
    assert with_components(design) == design


def test_sections_are_no_components() -> None:
    section = ' col :section * p64\n  t %(Inter/Bold 40) "Title"\n  t "Text"\n  rect 9x9 #000\n'
    assert not groups(parse("col 900\n" + section + section).roots)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(designs)
def test_the_picture_stays_the_same(design: Design) -> None:
    assert same_picture(design)


def test_ten_thousand_layers_are_no_trouble() -> None:
    row = '  row g8\n   rect 9x9 #000\n   t "One"\n'
    design = parse("col 900\n col\n" + row * 3000)
    assert len(instances(with_components(design), "Entry")) >= 2999 or with_components(design).components
