"""Words: what two screens share, and whether other lines stand in the places of the old ones."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from curation.relations.words import Places, Words


def boxes(*lines: tuple[str, int, int]) -> list[dict[str, Any]]:
    """One box a line: (text, x, y)."""
    return [
        {"x": x, "y": y, "w": 10 * len(text), "h": 20, "line": number, "text": text, "score": 1.0}
        for number, (text, x, y) in enumerate(lines)
    ]


def words(*rows: dict[str, Any]) -> Words:
    size = {"decoded_width": 400, "decoded_height": 800}
    return Words(pa.Table.from_pylist([size | row for row in rows]))


def test_digits_and_short_words_do_not_count() -> None:
    seen = words({"text": "Level 3 at 0:05 now playing"}, {"text": "Level 2 at 0:46 now playing"}, {"text": None})
    assert seen.shared(0, 1) == 1
    assert seen.shared(0, 2) is None
    assert words({"text": "Inbox Sent mail"}, {"text": "Inbox Trash bin"}).shared(0, 1) == 0.2


def test_a_translation_replaces_lines_and_leaves_none_alone() -> None:
    english = boxes(("Settings", 20, 40), ("Language", 20, 200), ("com.example", 20, 300))
    german = boxes(("Einstellungen", 20, 42), ("Sprache", 20, 200), ("com.example", 20, 300))
    seen = words({"_text_boxes": english}, {"_text_boxes": german})
    assert seen.places(0, 1) == Places(same=1, replaced=2, alone=0)


def test_a_dialog_leaves_lines_alone() -> None:
    base = boxes(("Stories", 20, 40), ("First story", 20, 200))
    dialog = [*base, *({**b, "line": b["line"] + 9} for b in boxes(("Log in", 150, 400), ("Cancel", 250, 500)))]
    assert words({"_text_boxes": base}, {"_text_boxes": dialog}).places(0, 1) == Places(same=2, replaced=0, alone=2)


def test_what_is_declared_goes_before_what_was_read() -> None:
    seen = words(
        {"locale": "de-DE", "lang": None, "text_lang": "en"},
        {"locale": None, "lang": "pt_BR", "text_lang": "en"},
        {"locale": None, "lang": None, "text_lang": None},
    )
    assert [seen.language(row) for row in range(3)] == ["de", "pt", None]


def test_a_table_without_words_says_nothing() -> None:
    seen = Words(pa.table({"capture_id": ["a", "b"]}))
    assert (seen.shared(0, 1), seen.places(0, 1), seen.language(0)) == (None, None, None)
