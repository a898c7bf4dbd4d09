"""What every labelling task is: a page as Label Studio XML, and the two ways between its results and answers."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from annotations.configs.result import Answer, Control


class LabelTask(ABC):
    """`name` is a word of events.TASKS, `shown` how many pictures one question shows."""

    name: ClassVar[str]
    title: ClassVar[str]
    shown: int = 1
    controls: tuple[Control, ...] = ()

    @abstractmethod
    def xml(self) -> str:
        """The labelling page."""

    @abstractmethod
    def data(self, pictures: Sequence[str], caption: str = "") -> dict[str, Any]:
        """What the page's variables stand for, of the pictures' addresses in the order shown."""

    @abstractmethod
    def read(self, result: Any) -> list[Answer]:
        """What an annotation says. Raises ResultError for anything that the page could not have given."""

    @abstractmethod
    def write(self, answers: Sequence[Answer]) -> list[dict[str, Any]]:
        """Answers as a result: for predictions, and for labelling by program. `read` gives them back."""

    @property
    def config_hash(self) -> str:
        """64 hex digits of the page: labels of different pages are told apart by it."""
        return hashlib.sha256(self.xml().encode()).hexdigest()

    def region(self, name: str, value: dict[str, Any], **more: Any) -> dict[str, Any]:
        """A region of one of the page's controls."""
        control = next(one for one in self.controls if one.name == name)
        return {"from_name": name, "to_name": control.to, "type": control.type, "value": value, **more}


def escape(text: str) -> str:
    """Text inside an XML attribute."""
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(character, entity)
    return text


def one_of(name: str, to: str, choices: str, more: str = "") -> str:
    """Choices of which one is made."""
    return f'<Choices name="{name}" toName="{to}" choice="single" showInline="true"{more}>{choices}</Choices>'


def required(message: str) -> str:
    """Attributes of a control that must be answered."""
    return f' required="true" requiredMessage="{escape(message)}"'
