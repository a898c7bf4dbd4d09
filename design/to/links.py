"""Where a link may lead in a document that is made of strangers' designs."""

from __future__ import annotations

import re

_LINK = re.compile(r"(?:https?://|mailto:|tel:)[^\s\"'<>\\\x00-\x1f\x7f]+\Z", re.IGNORECASE)


def safe_link(url: str) -> str | None:
    """The address where it is a web page, a mail address or a telephone number, None for anything else."""
    url = url.strip().replace(" ", "%20")
    return url if _LINK.match(url) else None
