"""Design2Code's scores: 1 for the same page, less for what is missing, misplaced, reworded or recoloured."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from design.compare.blocks import Block, TextPage, text_page
from design.compare.color import delta_e
from design.compare.design2code import design2code, likeness, median_of
from design.compare.pixels import pixel_difference

FIXTURES = Path(__file__).parents[1] / "fixtures"


def page(*blocks: Block) -> TextPage:
    return TextPage(blocks, 1000.0, 1000.0)


TITLE = Block("Mornings on the water", 100, 100, 400, 40)
BODY = Block("We row before the city wakes and coffee is on the pier", 100, 200, 400, 20, (90, 90, 90))


def test_a_page_is_like_itself() -> None:
    scores = design2code(page(TITLE, BODY), page(TITLE, BODY))
    assert (scores.block, scores.text, scores.position, scores.colour, scores.pairs) == (1, 1, 1, 1, 2)
    assert scores.final == 1


def test_pages_without_text_are_alike_and_a_page_without_a_match_is_not() -> None:
    assert design2code(page(), page()).final == 1
    assert design2code(page(TITLE), page()).final == 0


def test_a_missing_block_costs_its_share_of_the_area() -> None:
    scores = design2code(page(TITLE, BODY), page(TITLE))
    assert scores.block == pytest.approx(2 * TITLE.area / (2 * TITLE.area + BODY.area))
    assert scores.text == 1


def test_a_block_that_moved_costs_position_alone() -> None:
    scores = design2code(page(TITLE), page(replace(TITLE, y=300)))
    assert scores.position == pytest.approx(0.8)
    assert (scores.block, scores.text, scores.colour) == (1, 1, 1)


def test_another_colour_costs_colour_alone() -> None:
    scores = design2code(page(TITLE), page(replace(TITLE, color=(255, 255, 255))))
    assert scores.colour == pytest.approx(0, abs=1e-3)
    assert scores.position == 1


def test_other_words_cost_text_and_too_many_of_them_the_pair() -> None:
    close = design2code(page(TITLE), page(replace(TITLE, text="Mornings by the water")))
    assert 0.8 < close.text < 1
    assert design2code(page(TITLE), page(replace(TITLE, text="Zzz 99"))).pairs == 0


def test_a_text_that_one_side_splits_is_joined() -> None:
    first = Block("We row before the city wakes", 100, 200, 200, 20, (90, 90, 90))
    second = Block("and coffee is on the pier", 300, 200, 200, 20, (90, 90, 90))
    scores = design2code(page(BODY), page(first, second))
    assert scores.pairs == 1
    assert scores.text == 1
    assert scores.block == 1


def test_equal_texts_are_paired_with_the_nearest() -> None:
    rows = [Block("Read more", 100, 100 * i, 80, 20) for i in range(1, 6)]
    assert design2code(page(*rows), page(*reversed(rows))).position == 1


def test_letters_of_either_case_are_alike() -> None:
    assert likeness("SEND", "send") == 1


@pytest.mark.parametrize(
    ("a", "b", "far"),
    [((0, 0, 0), (0, 0, 0), 0), ((0, 0, 0), (255, 255, 255), 100), ((255, 0, 0), (0, 255, 0), 86.6)],
)
def test_colours_lie_as_far_apart_as_ciede2000_says(
    a: tuple[int, int, int], b: tuple[int, int, int], far: float
) -> None:
    assert delta_e(a, b) == pytest.approx(far, abs=0.1)
    assert delta_e(a, b) == pytest.approx(delta_e(b, a))


def test_the_median_is_of_each_score_by_itself() -> None:
    scores = [design2code(page(TITLE), page(replace(TITLE, y=y))) for y in (100, 200, 400)]
    assert median_of(scores).position == pytest.approx(0.9)
    with pytest.raises(ValueError, match="no scores"):
        median_of([])


def test_blocks_are_what_a_page_shows() -> None:
    found = text_page(json.loads(gzip.decompress((FIXTURES / "type.json.gz").read_bytes())))
    texts = " ".join(block.text for block in found.blocks)
    assert "OVERLINE" in texts
    for hidden in ("Never", "Unseen", "Only for readers"):
        assert hidden not in texts


def test_pixels_differ_where_a_channel_does_and_where_one_picture_ends() -> None:
    white, black = Image.new("RGB", (10, 10), "white"), Image.new("RGB", (10, 5), "black")
    assert pixel_difference(white, white) == 0
    assert pixel_difference(white, white.crop((0, 0, 10, 5))) == 0.5
    assert pixel_difference(white, black) == 1
    assert pixel_difference(white, Image.new("RGB", (10, 10), "#f5f5f5")) == 0
