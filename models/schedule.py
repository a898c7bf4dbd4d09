"""The learning rate of a step: a function of the step alone."""

from __future__ import annotations

import math


def learning_rate(step: int, peak: float, warmup: int, falling_to: int | None = None) -> float:
    """Linear warm-up, then constant: a function of the step alone, so a lengthened run is the same run.

    With `falling_to` it falls along a cosine and reaches 0 at that step.
    """
    rising = min(1.0, (step + 1) / (warmup + 1))
    falling = 1.0 if falling_to is None else 0.5 + 0.5 * math.cos(math.pi * min(1.0, step / falling_to))
    return peak * rising * falling
