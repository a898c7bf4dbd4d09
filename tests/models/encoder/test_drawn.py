"""Drawn apps: every kind draws, the same each time, and what its listing says is of its kind."""

from __future__ import annotations

import subprocess
import sys
from html.parser import HTMLParser

import pytest

from models.encoder.drawn.compose import draw, kinds
from models.encoder.drawn.texts import MOST

VOID = {"meta", "path", "rect", "circle", "ellipse", "polyline", "line", "polygon", "input", "br", "img"}


class Balance(HTMLParser):
    """What is open at the end, and whether anything was closed that was not open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


@pytest.mark.parametrize("number", range(len(kinds())))
def test_every_kind_is_drawn(number: int) -> None:
    name = sorted(kinds())[number]
    for turn in (0, 1, 2):
        app = draw(7, number + turn * len(kinds()))
        assert app.app_id.startswith(f"drawn.{name}.")
        assert 0 < len(app.summary) <= MOST
        assert app.categories
        assert len(app.drawings) >= 2
        for drawing in app.drawings:
            balance = Balance()
            balance.feed(drawing.html)
            assert not balance.wrong
            assert not balance.open
            assert "http" not in drawing.html.replace("http://www.w3.org", "")


def test_screens_of_a_kind_differ_from_app_to_app() -> None:
    first, second = draw(7, 0), draw(7, len(kinds()))
    assert not {drawing.html for drawing in first.drawings} & {drawing.html for drawing in second.drawings}


def test_another_process_draws_the_same() -> None:
    code = (
        "import hashlib; from models.encoder.drawn.compose import draw;"
        "print(hashlib.sha256(repr([draw(7, n) for n in range(12)]).encode()).hexdigest())"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1
