"""What a connection came to when it did not come to an answer, and the limits that decide it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["egress", "unreachable", "too_large", "timeout"]
HEADER = "X-Gesso-Egress"
STATUS: dict[Kind, int] = {"egress": 403, "unreachable": 502, "too_large": 502, "timeout": 504}
MIB = 1 << 20


@dataclass(frozen=True)
class EgressOutcome:
    """Why the guard gave no answer of a server's: `kind` to count by, `reason` to read."""

    kind: Kind
    reason: str

    def header(self) -> str:
        """The value of X-Gesso-Egress, of printable ASCII."""
        reason = "".join(c if " " <= c <= "~" else "?" for c in self.reason)
        return f"{self.kind}; {reason[:500]}"


def from_header(value: str) -> EgressOutcome | None:
    """The outcome that a guard's own answer carries; None where the value is none of ours."""
    kind, _, reason = value.partition("; ")
    for known in STATUS:
        if kind == known:
            return EgressOutcome(known, reason)
    return None


class EgressError(Exception):
    """Raised inside the guard where no connection can be had."""

    def __init__(self, kind: Kind, reason: str) -> None:
        super().__init__(reason)
        self.outcome = EgressOutcome(kind, reason)


@dataclass(frozen=True)
class Limits:
    """What one connection may take. Seconds, and bytes as they come over the wire."""

    connect_seconds: float = 10.0
    idle_seconds: float = 30.0
    total_seconds: float = 600.0
    drip_grace_seconds: float = 20.0  # after so long an answer must have come at `drip_bytes_per_second` on average
    drip_bytes_per_second: float = 512.0
    response_bytes: int = 256 * MIB
    host_bytes: int = 32 * 1024 * MIB
    head_bytes: int = 64 << 10
    connections: int = 512
