"""The objective against its definitions, and the noise against ranks and steps."""

from __future__ import annotations

import pytest
import torch

from models.diffusion.objective import add_noise, denoising_loss, draw, min_snr_weight, snr, target
from models.diffusion.pipeline import build_scheduler
from models.schedule import learning_rate

ZERO = build_scheduler("v_prediction", zero_terminal_snr=True)
TIMES = torch.tensor([0, 250, 500, 750, 999])


def test_the_schedule_ends_in_pure_noise() -> None:
    assert snr(ZERO.alphas_cumprod, TIMES)[-1] == 0
    clean, noise = torch.randn(1, 4, 2, 2), torch.randn(1, 4, 2, 2)
    assert torch.equal(add_noise(clean, noise, ZERO.alphas_cumprod, TIMES[-1:]), noise)


def test_noise_and_velocity_agree_with_diffusers() -> None:
    clean, noise = torch.randn(5, 4, 8, 8), torch.randn(5, 4, 8, 8)
    alphas = ZERO.alphas_cumprod
    torch.testing.assert_close(add_noise(clean, noise, alphas, TIMES), ZERO.add_noise(clean, noise, TIMES))
    velocity = target(clean, noise, alphas, TIMES, "v_prediction")
    torch.testing.assert_close(velocity, ZERO.get_velocity(clean, noise, TIMES))
    assert target(clean, noise, alphas, TIMES, "epsilon") is noise


@pytest.mark.parametrize("prediction", ["v_prediction", "epsilon"])
def test_min_snr_weights_are_finite_and_learn_the_terminal_step(prediction: str) -> None:
    weights = min_snr_weight(snr(ZERO.alphas_cumprod, torch.arange(1000)), 5.0, prediction)
    assert torch.isfinite(weights).all()
    assert weights[-1] == 1
    assert (weights > 0).all()
    assert (weights <= 1).all()


def test_min_snr_clamps_the_error_of_the_clean_picture_at_gamma() -> None:
    """An error of ε weighs SNR of x₀, one of v weighs SNR + 1; times the weight that is at most γ."""
    ratio = torch.tensor([0.0, 0.5, 3.0, 4.5, 80.0])
    epsilon = min_snr_weight(ratio, 5.0, "epsilon") * ratio
    velocity = min_snr_weight(ratio, 5.0, "v_prediction") * (ratio + 1)
    torch.testing.assert_close(epsilon, torch.tensor([0.0, 0.5, 3.0, 4.5, 5.0]))
    torch.testing.assert_close(velocity, torch.tensor([1.0, 1.5, 4.0, 5.0, 5.0]))
    assert (min_snr_weight(ratio, None, "epsilon") == 1).all()


def test_a_perfect_answer_costs_nothing() -> None:
    wanted = torch.randn(3, 4, 2, 2)
    weight = torch.ones(3)
    assert denoising_loss(wanted, wanted, weight) == 0
    assert denoising_loss(wanted + 1, wanted, weight).item() == pytest.approx(1)


def test_the_draw_is_a_function_of_the_step_and_equal_on_any_number_of_ranks() -> None:
    def at(step: int, rank: int = 0, world_size: int = 1):  # type: ignore[no-untyped-def]
        return draw(7, step, (4, 2, 2), batch=8, rank=rank, world_size=world_size, timesteps=1000, dropout=0.5)

    whole, halves = at(3), [at(3, rank, 2) for rank in range(2)]
    for name in ("noise", "timesteps", "drop"):
        merged = torch.stack([getattr(half, name) for half in halves], dim=1).flatten(0, 1)
        assert torch.equal(merged, getattr(whole, name))
        assert torch.equal(getattr(at(3), name), getattr(whole, name))
    assert not torch.equal(at(4).noise, whole.noise)
    assert sorted((whole.timesteps // 125).tolist()) == list(range(8))


def test_the_rate_warms_up_and_stays_or_falls() -> None:
    assert learning_rate(0, 1.0, 9) == pytest.approx(0.1)
    assert learning_rate(9, 1.0, 9) == learning_rate(10_000, 1.0, 9) == 1.0
    falling = [learning_rate(step, 1.0, 0, falling_to=100) for step in range(101)]
    assert falling == sorted(falling, reverse=True)
    assert falling[50] == pytest.approx(0.5)
    assert falling[100] == pytest.approx(0)
