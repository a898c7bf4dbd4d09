"""best_of_n: several screens, put in order, the best on top."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from urllib.parse import quote

from annotations.configs import result as results
from annotations.configs.base import LabelTask, escape
from annotations.configs.result import Answer, Control
from annotations.configs.style import page
from annotations.errors import GessoError

RANK = "rank"
FEWEST, MOST = 3, 9


class BestOfN(LabelTask):
    """A ranking says more a minute than the pairs that it implies; beyond nine nobody keeps an order in mind."""

    name: ClassVar[str] = "best_of_n"
    title: ClassVar[str] = "Put the screens in order: the best on top"
    controls = (Control(RANK, "items", "ranker"),)

    def __init__(self, shown: int = 4) -> None:
        if not FEWEST <= shown <= MOST:
            raise GessoError(f"best_of_n shows {shown} screens: give {FEWEST} to {MOST}")
        self.shown = shown

    def xml(self) -> str:
        return page(
            f"""<Header value="{self.title}" size="4"/>
<View className="g-quiet"><Header value="Drag, or Tab to a screen, Space, arrow keys, Space" size="5"/></View>
<View className="g-rank"><List name="items" value="$items" title="{self.shown} screens, best first"/>
<Ranker name="{RANK}" toName="items" title="Best first"/></View>"""
        )

    def data(self, pictures: Sequence[str], caption: str = "") -> dict[str, Any]:
        items = []
        for number, address in enumerate(pictures):
            source = escape(quote(address, safe="/:?=&%#.~_-"))
            items.append({"id": str(number), "title": "", "html": f'<img alt="Screen {number + 1}" src="{source}"/>'})
        return {"items": items}

    def read(self, result: Any) -> list[Answer]:
        found = results.regions_by_control(result, self.controls)
        region = results.only(found[RANK], RANK, required=True)
        assert region is not None
        order, origin = results.ranking(region, RANK, self.shown), results.origin_of(region)
        return [Answer(RANK, float(place), item=number, origin=origin) for place, number in enumerate(order, 1)]

    def write(self, answers: Sequence[Answer]) -> list[dict[str, Any]]:
        order = [str(answer.item) for answer in sorted(answers, key=lambda one: one.value or 0)]
        return [self.region(RANK, {"ranker": {RANK: order}})]
