"""What a listing says of a drawn app: a name, a summary, a description. Pure functions of a Random."""

from __future__ import annotations

from random import Random
from typing import Any

MOST = 80  # characters of a summary, as F-Droid has it
STARTS = ("Lu", "No", "Pe", "Ka", "Ti", "Mo", "Fe", "Or", "Sa", "Vi", "Ze", "Ha", "Qui", "Bra", "Cli", "Dro")
ENDS = ("ra", "ly", "nto", "mi", "via", "ko", "dle", "sta", "ren", "bo", "lio", "x", "nest", "wise", "ly", "pad")
MANNERS = (
    "simple", "minimal", "modern", "lightweight", "privacy-friendly", "open source", "free", "fast", "beautiful",
    "easy to use", "powerful", "offline", "ad-free", "clean", "Material You", "no-nonsense",
)  # fmt: skip
TAILS = ("without ads", "without tracking", "on your device", "with Material You", "fully offline", "the simple way")


def name_of(random: Random) -> str:
    return random.choice(STARTS) + random.choice(ENDS)


def summary_of(kind: dict[str, Any], random: Random) -> str:
    """One line of at most 80 characters."""
    what, does = random.choice(kind["what"]), random.choice(kind["does"])
    one, two = random.sample(kind["has"], 2) if len(kind["has"]) > 1 else kind["has"] * 2
    first, second = random.sample(MANNERS, 2)
    article = "An" if first[0] in "aeiou" else "A"
    forms = [
        f"{article} {first} {what}",
        f"{article} {first} and {second} {what}",
        f"{first[0].upper()}{first[1:]} {what}",
        f"{first[0].upper()}{first[1:]} {what} with {one}",
        f"{what[0].upper()}{what[1:]} with {one} and {two}",
        f"{does} {random.choice(TAILS)}",
        does,
        f"{does}: {first} {what}",
        f"The {first} {what}",
        f"{what[0].upper()}{what[1:]}, {first} and {second}",
    ]
    fitting = [form for form in forms if len(form) <= MOST]
    return random.choice(fitting)


def description_of(kind: dict[str, Any], name: str, hints: list[str], random: Random) -> str:
    """A few sentences and a list of what the app has and its screens show."""
    lines = [f"{name} is a {random.choice(MANNERS)} {random.choice(kind['what'])}. {random.choice(kind['does'])}."]
    lines += [f"* It has {feature}" for feature in random.sample(kind["has"], min(3, len(kind["has"])))]
    lines += [f"* A screen for {hint} in the {random.choice(kind['what'])}" for hint in hints[:2]]
    lines += [f"{other} {random.choice(TAILS)}." for other in kind["does"][:2]]
    return "\n".join(lines)
