"""The one base of every error that `crawlers` raises on purpose."""


class GessoError(Exception):
    """What was wrong, with which input, and what to do about it, in one line."""


class CannotGoOn(GessoError):
    """Nothing is wrong with the request at hand: the crawl ends in order and keeps it for the next time."""
