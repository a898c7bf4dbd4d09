"""Captures to features to decisions to shards. Hands on dataset versions, which `open_dataset` reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from curation.dataset import Dataset, open_dataset
    from curation.diff import compare
    from curation.search import open_search
    from curation.tokens import plot_style

__all__ = ["Dataset", "compare", "open_dataset", "open_search", "plot_style"]
_HOME = {
    "Dataset": "curation.dataset",
    "open_dataset": "curation.dataset",
    "compare": "curation.diff",
    "open_search": "curation.search",
    "plot_style": "curation.tokens",
}


def __getattr__(name: str) -> Any:
    """Load a name of `__all__` when it is asked for, so that `import curation` alone costs nothing."""
    if name not in _HOME:
        raise AttributeError(f"module 'curation' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOME[name]), name)
