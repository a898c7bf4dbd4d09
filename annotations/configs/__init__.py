"""The labelling pages, and what their results say. One file a task."""

from __future__ import annotations

from annotations.configs.base import LabelTask
from annotations.configs.best_of_n import BestOfN
from annotations.configs.caption_check import CaptionCheck
from annotations.configs.critique import Critique
from annotations.configs.elements import Elements
from annotations.configs.pairwise import Pairwise
from annotations.errors import GessoError

LABEL_TASKS: dict[str, type[LabelTask]] = {
    task.name: task for task in (Critique, Pairwise, BestOfN, Elements, CaptionCheck)
}


class UnknownTask(GessoError):
    """A task of no such name."""


def label_task(name: str, shown: int | None = None) -> LabelTask:
    """The task of a name; `shown` is how many screens best_of_n puts in order. Raises UnknownTask."""
    if name not in LABEL_TASKS:
        raise UnknownTask(f"unknown task {name!r}: give one of {', '.join(LABEL_TASKS)}")
    if name == BestOfN.name and shown is not None:
        return BestOfN(shown)
    return LABEL_TASKS[name]()
