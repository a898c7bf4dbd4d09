"""A recoloured design wears the picture's colours, keeps its tree, and stays legible."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from design.notation import parse, print_design
from design.tree import Design, Node, Run, Solid
from models.vision.oklab import contrast, to_oklab
from models.vision.recolour import recolour


def _page(palette: dict[str, str], texts: list[tuple[str, str]]) -> Design:
    """A design of one card for each (text colour, ground)."""
    cards = tuple(
        Node("col", fills=(Solid(ground),), children=(Node("t", fills=(Solid(ink),), runs=(Run("Hello"),)),))
        for ink, ground in texts
    )
    return Design(roots=(Node("col", "Page", 400.0, 300.0, children=cards),), palette=tuple(palette.items()))


LIGHT = _page(
    {"paper": "#ffffff", "ink": "#111827", "quiet": "#6b7280", "brand": "#2563eb"},
    [("$ink", "$paper"), ("$quiet", "$paper"), ("$ink", "$paper"), ("$paper", "$brand")],
)


def _picture(path: Path, ground: str, *spots: str) -> Path:
    image = Image.new("RGB", (64, 64), ground)
    for number, spot in enumerate(spots):
        image.paste(spot, (4, 4 + 12 * number, 60, 12 + 12 * number))
    image.save(path)
    return path


def _rgb(value: str) -> np.ndarray:
    return np.frombuffer(bytes.fromhex(value[1:7]), np.uint8)


def test_the_ground_and_the_accent_come_from_the_picture(tmp_path: Path) -> None:
    made = recolour(LIGHT, _picture(tmp_path / "p.png", "#fff4e0", "#201008", "#c2410c"))
    palette = dict(made.palette)
    assert np.abs(to_oklab(_rgb(palette["paper"])) - to_oklab(_rgb("#fff4e0"))).max() < 0.03
    lab = to_oklab(_rgb(palette["brand"]))
    assert lab[1] > 0.03  # red, where it was blue
    assert made.roots == LIGHT.roots
    assert [name for name, _ in made.palette] == [name for name, _ in LIGHT.palette]


def test_a_dark_picture_makes_a_light_design_dark(tmp_path: Path) -> None:
    palette = dict(recolour(LIGHT, _picture(tmp_path / "p.png", "#141317", "#f2f0ea", "#8fa2ff")).palette)
    assert to_oklab(_rgb(palette["paper"]))[0] < 0.4
    assert to_oklab(_rgb(palette["ink"]))[0] > 0.7


def test_notation_will_do_and_the_result_prints(tmp_path: Path) -> None:
    made = recolour(print_design(LIGHT), _picture(tmp_path / "p.png", "#e8f5e9", "#1b5e20"))
    assert parse(print_design(made)) == made


def test_a_design_without_tokens_stays(tmp_path: Path) -> None:
    plain = _page({}, [("#000000", "#ffffff")])
    assert recolour(plain, _picture(tmp_path / "p.png", "#123456")) == plain


def test_translucent_tokens_keep_their_alpha(tmp_path: Path) -> None:
    design = _page({"paper": "#ffffff", "veil": "#00000080"}, [("#000000", "$paper")])
    assert dict(recolour(design, _picture(tmp_path / "p.png", "#eeeeff")).palette)["veil"].endswith("80")


COLOUR = st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}")
NAMES = ("a", "b", "c", "d", "e")
INK = st.sampled_from([*(f"${name}" for name in NAMES), "#000000", "#ffffff"])


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    palette=st.fixed_dictionaries(dict.fromkeys(NAMES, COLOUR)),
    texts=st.lists(st.tuples(INK, INK), min_size=1, max_size=8),
    ground=COLOUR,
    spots=st.lists(COLOUR, max_size=4),
)
def test_no_text_becomes_less_legible_than_it_needs_to_be(
    tmp_path: Path, palette: dict[str, str], texts: list[tuple[str, str]], ground: str, spots: list[str]
) -> None:
    design = _page(palette, texts)
    made = dict(recolour(design, _picture(tmp_path / "p.png", ground, *spots)).palette)

    def shown(colour: str, tokens: dict[str, str]) -> np.ndarray:
        return _rgb(tokens[colour[1:]] if colour.startswith("$") else colour)

    for ink, under in texts:
        before = contrast(shown(ink, palette), shown(under, palette))
        after = contrast(shown(ink, made), shown(under, made))
        assert after >= min(4.5, before) - 1e-9


@pytest.mark.parametrize("ground", ["#000000", "#ffffff", "#808080"])
def test_a_picture_of_one_colour_still_gives_a_legible_design(tmp_path: Path, ground: str) -> None:
    palette = dict(recolour(LIGHT, _picture(tmp_path / "p.png", ground)).palette)
    assert contrast(_rgb(palette["ink"]), _rgb(palette["paper"])) >= 4.5
