"""OKLab against published values, and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.vision.oklab import contrast, to_oklab, to_rgb


def test_published_values() -> None:
    np.testing.assert_allclose(to_oklab(np.array([255, 255, 255])), [1, 0, 0], atol=1e-3)
    np.testing.assert_allclose(to_oklab(np.array([255, 0, 0])), [0.628, 0.225, 0.126], atol=1e-3)
    np.testing.assert_allclose(to_oklab(np.array([0, 0, 255])), [0.452, -0.032, -0.312], atol=1e-3)


@settings(deadline=None)
@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_every_colour_comes_back(rgb: tuple[int, int, int]) -> None:
    assert np.abs(to_rgb(to_oklab(np.array(rgb))).astype(int) - rgb).max() <= 1


@settings(deadline=None)
@given(st.floats(0.15, 1), st.floats(-0.4, 0.4), st.floats(-0.4, 0.4))
def test_a_colour_that_srgb_lacks_keeps_its_lightness(level: float, a: float, b: float) -> None:
    assert abs(to_oklab(to_rgb(np.array([level, a, b])))[0] - level) < 0.02


def test_contrast_of_black_on_white() -> None:
    assert contrast(np.array([0, 0, 0]), np.array([255, 255, 255])) == pytest.approx(21)
