"""The one base of every error that `curation` raises on purpose."""


class GessoError(Exception):
    """What was wrong, with which input, and what to do about it, in one line."""
