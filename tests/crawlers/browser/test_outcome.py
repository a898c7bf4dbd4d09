"""The browser's words for what went wrong, and the kinds we count by."""

from __future__ import annotations

import pytest

from crawlers.browser.outcome import failure_of
from crawlers.browser.verdicts import is_binary


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("net::ERR_CONNECTION_TIMED_OUT", "timeout"),
        ("Timeout 30000ms exceeded.", "timeout"),
        ("net::ERR_ABORTED", "not_html"),
        ("net::ERR_TOO_MANY_REDIRECTS", "redirects"),
        ("net::ERR_UNSAFE_REDIRECT", "egress"),
        ("net::ERR_INSUFFICIENT_RESOURCES", "too_large"),
        ("net::ERR_NAME_NOT_RESOLVED", "unreachable"),
        ("broken off: net::ERR_CONTENT_LENGTH_MISMATCH", "broken_off"),
        ("broken off: ", "broken_off"),
        ("moved: one document took the place of the other", "moved"),
        ("Protocol error (Runtime.evaluate): Cannot find context with specified id", "moved"),
        ("Protocol error (Runtime.evaluate): Inspected target navigated or closed", "moved"),
        ("the page keeps leading elsewhere by itself", "moved"),
        ("the page crashed", "crashed"),
        ("Protocol error (Page.captureScreenshot): Unable to capture screenshot", "crashed"),
        ("something new", "browser"),
        ("", "browser"),
    ],
)
def test_every_word_has_a_kind(words: str, kind: str) -> None:
    failure = failure_of("http://a.test/", Exception(words))
    assert failure.kind == kind
    assert failure.reason.startswith("http://a.test/")
    assert "\n" not in failure.reason


@pytest.mark.parametrize("data", [
    b"\x89PNG\r\n\x1a\n\0\0", b"%PDF-1.7\n%\xe2\xe3", b"GIF89a\1\0", b"\xff\xd8\xff\xe0\0\x10JFIF\0", b"PK\3\4\x14\0",
    b"RIFF\x24\x12\0\0WEBPVP8 ", b"wOF2\0\1",
])  # fmt: skip
def test_a_file_of_another_kind_is_known_by_its_text(data: bytes) -> None:
    assert is_binary(data.decode("utf-8", "replace"))
    assert is_binary(data.decode("cp1252", "replace"))


@pytest.mark.parametrize(
    "text", ["", "PNG and PDF: what is better?", "GIF89a is a format, said nobody"[5:], "– PDF", "é PNG"]
)
def test_words_are_no_file(text: str) -> None:
    assert not is_binary(text)
