"""Registration and likeness: a known cut is found again, and each measure answers to what it is named for."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as Pictures
from PIL import ImageDraw, ImageOps

from curation.relations import register
from curation.relations.likeness import Likeness, likeness
from tests.curation.conftest import PHONE, screen

SIDE = (96, 144)


def small(picture: Pictures.Image) -> np.ndarray:
    return np.asarray(picture.resize(SIDE, Pictures.Resampling.BILINEAR).convert("YCbCr"))


def of(one: Pictures.Image, other: Pictures.Image) -> Likeness:
    return likeness(small(one)[None], small(other)[None], np.array([True]))


def cut(picture: Pictures.Image, share: float) -> Pictures.Image:
    width, height = picture.size
    box = (width * share, height * share, width * (1 - share), height * (1 - share))
    return picture.resize(PHONE, Pictures.Resampling.LANCZOS, box=box)


@pytest.mark.parametrize("share", [0.0, 0.015, 0.03, 0.05])
def test_a_cut_is_measured_and_made_good(share: float) -> None:
    found = of(screen(7), cut(screen(7), share))
    assert found.cut[0] == pytest.approx(2 * share, abs=0.02)
    assert found.structure[0] > 0.9
    assert found.worst[0] < 0.6


def test_refining_reaches_a_tenth_of_a_pixel() -> None:
    draw = np.random.default_rng(3)
    smooth = np.kron(draw.random((1, 18, 12)), np.ones((1, 8, 8))) * 200
    truth = np.array([[0.97, 0.018, 0.98, 0.008]], np.float32)
    moved, inside = register.warp(smooth.astype(np.float32), truth)
    start = np.array([[0.96, 0.022, 0.97, 0.011]], np.float32)
    found = register.refine(smooth.astype(np.float32), moved, start, inside)
    assert np.abs(found - truth).max() * 144 < 0.2


def test_dark_of_light_keeps_edges_and_turns_tones() -> None:
    found = of(screen(7), ImageOps.invert(screen(7)))
    assert found.structure[0] > 0.95
    assert found.tone[0] < -0.9


def test_another_colour_is_seen_where_grey_is_not() -> None:
    red, blue = (Pictures.new("RGB", PHONE, colour) for colour in ((200, 60, 60), (69, 92, 255)))
    found = of(red, blue)
    assert found.difference[0] < 4
    assert found.tinted[0] > 0.9
    grey = Pictures.new("RGB", PHONE, (103, 103, 103))
    assert of(red, grey).tinted[0] == 0  # a copy without colours


def test_the_worst_spot_tells_a_dialog_and_not_a_clock() -> None:
    base = screen(7)
    clock, dialog = base.copy(), base.copy()
    ImageDraw.Draw(clock).text((300, 8), "12:34", fill="black")
    ImageDraw.Draw(dialog).rectangle((60, 300, 300, 480), fill="#333333", outline="white", width=4)
    assert of(base, clock).worst[0] < 0.3
    assert of(base, dialog).worst[0] > 0.8
    assert of(base, dialog).found[0] < 1


def test_a_blank_picture_is_told_by_its_ink() -> None:
    assert of(Pictures.new("RGB", PHONE, "white"), Pictures.new("RGB", PHONE, "#fefefe")).inked[0] == 0


def test_pairs_that_can_be_nothing_are_not_worked_out_and_the_rest_are_as_before() -> None:
    pictures = [small(screen(seed)) for seed in range(6)] + [small(cut(screen(0), 0.03))]
    pairs = [(i, j) for i in range(7) for j in range(i + 1, 7)]
    one, other = (np.stack([pictures[pair[side]] for pair in pairs]) for side in (0, 1))
    tall = np.ones(len(pairs), bool)
    whole, least = likeness(one, other, tall), 0.3
    quick = likeness(one, other, tall, least)
    dropped = quick.worst == 2
    assert 0 < dropped.sum() < len(pairs)
    assert (whole.structure[dropped] < least).all()
    assert quick.worst[pairs.index((0, 6))] < 0.6
    for name in ("structure", "worst", "frame", "inked"):
        assert np.allclose(getattr(quick, name)[~dropped], getattr(whole, name)[~dropped], atol=1e-3)


def test_blank_pictures_are_always_looked_at() -> None:
    white, grey = (small(Pictures.new("RGB", PHONE, colour))[None] for colour in ("white", "#fefefe"))
    assert likeness(white, grey, np.array([True]), 0.9).inked[0] == 0
