"""The one base of every error that `design` raises on purpose, and the room's own kinds."""


class GessoError(Exception):
    """What was wrong, with which input, and what to do about it, in one line."""


class TreeError(GessoError):
    """A value that no design tree can hold."""


class NotationError(GessoError):
    """Text that is not notation, with where it stopped being it."""

    def __init__(self, line: int, column: int, found: str, expected: str) -> None:
        self.line, self.column, self.expected = line, column, expected
        super().__init__(f"line {line}, column {column}: found {found}, expected {expected}")


class SnapshotError(GessoError):
    """A DOM snapshot that is not `gesso-dom/1`, is damaged, or is over the limits."""
