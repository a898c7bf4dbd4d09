"""caption_check: a screen and what is said of it: right, wrong, or put right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from annotations.configs import result as results
from annotations.configs.base import LabelTask, one_of, required
from annotations.configs.result import Answer, Control
from annotations.configs.style import page

VERDICT, CAPTION = "verdict", "caption"
VERDICTS = {"accept": ("Right", "1"), "edit": ("I have put it right", "2"), "reject": ("Wrong", "3")}


class CaptionCheck(LabelTask):
    name: ClassVar[str] = "caption_check"
    title: ClassVar[str] = "Does the caption say what the screen is?"
    controls = (Control(VERDICT, "image", "choices"), Control(CAPTION, "image", "textarea"))

    def xml(self) -> str:
        verdicts = "".join(
            f'<Choice value="{words}" alias="{name}" hotkey="{key}"/>' for name, (words, key) in VERDICTS.items()
        )
        must = required("Say whether it is right: keys 1, 2, 3")
        chosen = one_of(VERDICT, "image", verdicts, must)
        return page(
            f"""<View className="g-two g-calm">
<View className="g-picture"><Image name="image" value="$image" zoom="true" zoomControl="true"/></View>
<View className="g-panel">
<Header value="{self.title}" size="4"/>
<TextArea name="{CAPTION}" toName="image" value="$caption" rows="6" maxSubmissions="1" editable="true"/>
<View className="g-keys g-grade">{chosen}</View>
</View></View>"""
        )

    def data(self, pictures: Sequence[str], caption: str = "") -> dict[str, Any]:
        return {"image": pictures[0], "caption": caption}

    def read(self, result: Any) -> list[Answer]:
        found = results.regions_by_control(result, self.controls)
        region = results.only(found[VERDICT], VERDICT, required=True)
        assert region is not None
        verdict = results.choice(region, VERDICT, VERDICTS)
        answers = [Answer(VERDICT, None, verdict, origin=results.origin_of(region))]
        written = results.only(found[CAPTION], CAPTION, required=verdict == "edit")
        caption = results.text(written, CAPTION) if written else ""
        if verdict == "edit" and not caption:
            raise results.ResultError("missing", "the caption was put right, but it is empty")
        if written and caption and verdict != "reject":
            answers.append(Answer(CAPTION, None, caption, origin=results.origin_of(written)))
        return answers

    def write(self, answers: Sequence[Answer]) -> list[dict[str, Any]]:
        values = {VERDICT: "choices", CAPTION: "text"}
        return [self.region(answer.aspect, {values[answer.aspect]: [answer.label]}) for answer in answers]
