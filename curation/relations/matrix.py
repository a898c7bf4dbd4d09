"""What candidates are looked for in: an array of n × d, or what reads one a slice at a time."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np


class Matrix(Protocol):
    """Some rows of it, by slice or by numbers, are an array."""

    def __len__(self) -> int: ...

    def __getitem__(self, which: Any) -> np.ndarray: ...
