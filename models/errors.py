"""The one base of every error that `models` raises on purpose, and what both trainers raise."""


class GessoError(Exception):
    """What was wrong, with which input, and what to do about it, in one line."""


class RecipeError(GessoError):
    """The recipe is missing, is not YAML, or a key of it is wrong."""


class TrainingError(GessoError):
    """The run cannot go on: its loss is no longer a number."""
