"""The value of Content-Signal and Content-Usage: a list of uses, each granted or not."""

from __future__ import annotations

# Nearest first: what is said of training itself overrules what is said of everything that a machine may do.
_CATEGORIES = (
    ("ai-train", "train-ai"),
    ("train-genai", "genai", "ai"),
    ("bots",),
)
_NO, _YES = frozenset({"no", "n", "?0"}), frozenset({"yes", "y", "?1", ""})


def refuses_training(value: str) -> bool | None:
    """True where a value forbids training, False where it grants it, None where it says nothing of it."""
    said: dict[str, bool] = {}
    for part in value.lower().split(","):
        name, _, answer = (word.strip() for word in part.partition("="))
        answer = answer.partition(";")[0].strip(" \"'")
        if answer in _NO:
            said[name] = True
        elif answer in _YES:
            said.setdefault(name, False)
    for names in _CATEGORIES:
        answers = [said[name] for name in names if name in said]
        if answers:
            return any(answers)
    return None
