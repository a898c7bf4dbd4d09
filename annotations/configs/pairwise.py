"""pairwise: two screens, and an arrow key for the better one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from annotations.configs import result as results
from annotations.configs.base import LabelTask, one_of, required
from annotations.configs.result import Answer, Control
from annotations.configs.style import page

PREFERENCE = "preference"
VERDICTS = {"left": 1.0, "tie": 0.5, "both_bad": 0.5, "right": 0.0}
"""What was clicked → how much the left one is preferred."""
_KEYS = {
    "left": ("← Left", "left"),
    "tie": ("↑ Tie", "up"),
    "both_bad": ("↓ Both bad", "down"),
    "right": ("Right →", "right"),
}


class Pairwise(LabelTask):
    """Choices and not Label Studio's Pairwise, which knows no tie and no keys."""

    name: ClassVar[str] = "pairwise"
    title: ClassVar[str] = "Which screen is designed better?"
    shown = 2
    controls = (Control(PREFERENCE, "left", "choices"),)

    def xml(self) -> str:
        choices = "".join(
            f'<Choice value="{words}" alias="{name}" hotkey="{key}"/>' for name, (words, key) in _KEYS.items()
        )
        must = required("Pick one by an arrow key: left, right, up (tie), down (both bad)")
        verdict = one_of(PREFERENCE, "left", choices, must)
        return page(
            f"""<Header value="{self.title}" size="4"/>
<View className="g-keys g-verdict">{verdict}</View>
<View className="g-pair g-calm">
<View className="g-picture"><Image name="left" value="$left" zoom="true"/></View>
<View className="g-picture"><Image name="right" value="$right" zoom="true"/></View>
</View>"""
        )

    def data(self, pictures: Sequence[str], caption: str = "") -> dict[str, Any]:
        return {"left": pictures[0], "right": pictures[1]}

    def read(self, result: Any) -> list[Answer]:
        found = results.regions_by_control(result, self.controls)
        region = results.only(found[PREFERENCE], PREFERENCE, required=True)
        assert region is not None
        verdict = results.choice(region, PREFERENCE, VERDICTS)
        return [Answer(PREFERENCE, VERDICTS[verdict], verdict, origin=results.origin_of(region))]

    def write(self, answers: Sequence[Answer]) -> list[dict[str, Any]]:
        return [self.region(PREFERENCE, {"choices": [answer.label]}) for answer in answers]
