"""Questions whose answer is known, from JSON lines: what an annotator is worth is measured by them.

    {"items": ["<sha256>"], "answers": [{"aspect": "overall", "value": 5}, {"aspect": "nsfw", "label": "safe"}]}
    {"items": ["<sha256>", "<sha256>"], "answers": [{"aspect": "preference", "label": "left"}]}

Of a pair, `left` is the first one named here, whichever side it is shown on; of a list, `item` counts from 0.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from annotations.configs import LabelTask
from annotations.configs.pairwise import VERDICTS
from annotations.configs.result import Answer
from annotations.errors import GessoError

MAX_BYTES = 1 << 24
_SHA256 = re.compile(r"[0-9a-f]{64}")


class GoldError(GessoError):
    """A line that is no question with a known answer."""


def read_gold(path: Path, task: LabelTask) -> dict[tuple[str, ...], list[Answer]]:
    """Sorted sha256s → what is expected; of a pair said of the first of the sorted two. Raises GoldError."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise GoldError(f"{path} is over {MAX_BYTES} bytes: give fewer questions")
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise GoldError(f"{path} cannot be read ({error}): give a file of JSON lines") from None
    found: dict[tuple[str, ...], list[Answer]] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            items = row["items"]
            answers = [Answer(**_answer(one)) for one in row["answers"]]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise GoldError(f"{path} line {number} is no question with an answer ({error})") from None
        if not (
            isinstance(items, list) and len(items) == task.shown and all(_is_sha(one) for one in items) and answers
        ):
            raise GoldError(f"{path} line {number}: {task.name} needs {task.shown} sha256 and at least one answer")
        found[tuple(sorted(items))] = [_of_sorted(one, items) if task.name == "pairwise" else one for one in answers]
    if not found:
        raise GoldError(f"{path} has no questions: give one JSON object a line")
    return found


def _answer(one: dict[str, Any]) -> dict[str, Any]:
    known: dict[str, Any] = {name: one[name] for name in ("aspect", "value", "label", "item") if name in one}
    if len(known) != len(one) or not isinstance(one.get("aspect"), str):
        raise TypeError("an answer has aspect, value, label and item")
    if "value" in known:
        known["value"] = float(known["value"])
    return known


def _of_sorted(answer: Answer, items: list[str]) -> Answer:
    label = answer.label or ""
    if label not in VERDICTS:
        raise GoldError(f"the answer {label!r} is none of a pair: give {', '.join(VERDICTS)}")
    if items == sorted(items):
        return Answer(answer.aspect, VERDICTS[label], label)
    label = {"left": "right", "right": "left"}.get(label, label)
    return Answer(answer.aspect, VERDICTS[label], label)


def _is_sha(value: Any) -> bool:
    return isinstance(value, str) and _SHA256.fullmatch(value) is not None
