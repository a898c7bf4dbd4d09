"""How often Python looks for cycles of garbage, in processes that import much and make many small objects."""

from __future__ import annotations

import gc

GARBAGE = 20_000  # objects more than there were; Python's own 700 take an eighth of a crawl, and more of a start


def collect_less_often() -> None:
    """For the whole process. What there is already is looked at no more, so call it again once all is imported."""
    gc.freeze()
    gc.set_threshold(GARBAGE)
