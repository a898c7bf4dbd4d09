"""critique: one screen, an overall grade by a key, seven aspects by stars, page type, NSFW, and a remark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from annotations.configs import result as results
from annotations.configs.base import LabelTask, escape, one_of, required
from annotations.configs.result import Answer, Control
from annotations.configs.style import page

HIGHEST = 5
OVERALL = "overall"
ASPECTS = {
    "layout": ("Layout", "q"),
    "typography": ("Typography", "w"),
    "color": ("Colour and contrast", "e"),
    "lighting": ("Lighting", "r"),
    "subject": ("Subject", "t"),
    "background": ("Background", "y"),
    "polish": ("Polish", "u"),
}
PAGE_TYPES = (
    "landing", "pricing", "sign_in", "onboarding", "dashboard", "feed", "list", "detail", "checkout", "article",
    "docs", "settings", "profile", "chat", "map", "player", "calendar", "error", "editor", "form", "gallery", "menu",
    "dialog", "tool", "game", "home_screen", "components", "other",
)  # fmt: skip
NSFW = {"safe": "z", "suggestive": "x", "explicit": "c"}


class Critique(LabelTask):
    """Only the overall grade is required: a tired labeller who gives that alone has said the most useful thing."""

    name: ClassVar[str] = "critique"
    title: ClassVar[str] = "How well is this screen designed?"
    controls = (
        Control(OVERALL, "image", "choices"),
        *(Control(name, "image", "rating") for name in ASPECTS),
        Control("page_type", "image", "choices"),
        Control("nsfw", "image", "choices"),
        Control("comment", "image", "textarea"),
    )

    def xml(self) -> str:
        grades = "".join(
            f'<Choice value="{"★" * grade}" alias="{grade}" hotkey="{grade}"/>' for grade in range(1, HIGHEST + 1)
        )
        stars = "".join(
            f'<View className="g-row"><Header value="{escape(words)} · {key}" size="5"/>'
            f'<Rating name="{name}" toName="image" maxRating="{HIGHEST}" size="small" hotkey="{key}"/></View>'
            for name, (words, key) in ASPECTS.items()
        )
        types = "".join(f'<Choice value="{name.replace("_", " ")}" alias="{name}"/>' for name in PAGE_TYPES)
        nsfw = "".join(f'<Choice value="{name}" hotkey="{key}"/>' for name, key in NSFW.items())
        grade = one_of(OVERALL, "image", grades, required("Give a grade: keys 1 to 5"))
        return page(
            f"""<View className="g-two g-calm">
<View className="g-picture"><Image name="image" value="$image" zoom="true" zoomControl="true"/></View>
<View className="g-panel">
<Header value="{self.title}" size="4"/>
<View className="g-keys g-grade g-stars">{grade}</View>
<View className="g-aspects">{stars}</View>
<Header value="Page type" size="5"/>
<View className="g-keys g-chips g-types">{one_of("page_type", "image", types)}</View>
<Header value="Safe for work?" size="5"/>
<View className="g-keys g-chips">{one_of("nsfw", "image", nsfw)}</View>
<TextArea name="comment" toName="image" placeholder="A remark, if there is one" rows="2" maxSubmissions="1"
 editable="true"/>
</View></View>"""
        )

    def data(self, pictures: Sequence[str], caption: str = "") -> dict[str, Any]:
        return {"image": pictures[0]}

    def read(self, result: Any) -> list[Answer]:
        found = results.regions_by_control(result, self.controls)
        answers = []
        region = results.only(found[OVERALL], OVERALL, required=True)
        assert region is not None
        grade = results.choice(region, OVERALL, [str(one) for one in range(1, HIGHEST + 1)])
        answers.append(Answer(OVERALL, float(grade), origin=results.origin_of(region)))
        for name in ASPECTS:
            if region := results.only(found[name], name):
                value = results.rating(region, name, HIGHEST)
                answers.append(Answer(name, float(value), origin=results.origin_of(region)))
        for name, known in (("page_type", PAGE_TYPES), ("nsfw", tuple(NSFW))):
            if region := results.only(found[name], name):
                answers.append(
                    Answer(name, label=results.choice(region, name, known), origin=results.origin_of(region))
                )
        region = results.only(found["comment"], "comment")
        if region and (said := results.text(region, "comment")):
            answers.append(Answer("comment", label=said, origin=results.origin_of(region)))
        return answers

    def write(self, answers: Sequence[Answer]) -> list[dict[str, Any]]:
        regions = []
        for answer in answers:
            if answer.aspect == OVERALL and answer.value is not None:
                value: dict[str, Any] = {"choices": [str(round(answer.value))]}
            elif answer.aspect in ASPECTS and answer.value is not None:
                value = {"rating": round(answer.value)}
            elif answer.aspect == "comment":
                value = {"text": [answer.label]}
            else:
                value = {"choices": [answer.label]}
            regions.append(self.region(answer.aspect, value))
        return regions
