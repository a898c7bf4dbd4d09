"""elements: the boxes of a screen's parts, filled in from its design and put right by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from annotations.configs import result as results
from annotations.configs.base import LabelTask
from annotations.configs.result import Answer, Control
from annotations.configs.style import page

ELEMENT = "element"
# The types of design.boxes that a person can tell from the picture; each with a key and a colour that differs.
KINDS = {
    "header": ("1", "#2B4ACB"),
    "nav": ("2", "#0E7C86"),
    "section": ("3", "#7A4FBF"),
    "footer": ("4", "#5E5B66"),
    "form": ("5", "#A3487A"),
    "button": ("q", "#C2571A"),
    "input": ("w", "#8A6100"),
    "text": ("e", "#33691E"),
    "image": ("r", "#1565C0"),
    "icon": ("t", "#AD1457"),
    "table": ("y", "#4E342E"),
    "dialog": ("u", "#006064"),
}


class Elements(LabelTask):
    name: ClassVar[str] = "elements"
    title: ClassVar[str] = "Put the boxes right"
    controls = (Control(ELEMENT, "image", "rectanglelabels"),)

    def xml(self) -> str:
        labels = "".join(
            f'<Label value="{kind}" hotkey="{key}" background="{colour}"/>' for kind, (key, colour) in KINDS.items()
        )
        return page(
            f"""<Header value="{self.title}" size="4"/>
<View className="g-labels"><RectangleLabels name="{ELEMENT}" toName="image" canRotate="false" opacity="0.15"
 strokeWidth="2">{labels}</RectangleLabels></View>
<View className="g-picture"><Image name="image" value="$image" zoom="true" zoomControl="true"
 rotateControl="false"/></View>""",
            panels=True,
        )

    def data(self, pictures: Sequence[str], caption: str = "") -> dict[str, Any]:
        return {"image": pictures[0]}

    def read(self, result: Any) -> list[Answer]:
        answers, seen = [], set()
        for region in results.regions_by_control(result, self.controls)[ELEMENT]:
            kind, box, region_id = results.labelled_box(region, ELEMENT, KINDS)
            if region_id in seen:
                raise results.ResultError("twice", f"two boxes have the id {region_id!r}")
            seen.add(region_id)
            answers.append(Answer(ELEMENT, None, kind, 0, box, region_id, results.origin_of(region)))
        return answers

    def write(self, answers: Sequence[Answer]) -> list[dict[str, Any]]:
        regions = []
        for number, answer in enumerate(answers):
            assert answer.box is not None
            sides = ("x", "y", "width", "height")
            value: dict[str, Any] = {side: getattr(answer.box, side) * 100 for side in sides}
            value |= {"rotation": 0, "rectanglelabels": [answer.label]}
            regions.append(self.region(ELEMENT, value, id=answer.region_id or f"box{number}"))
        return regions
