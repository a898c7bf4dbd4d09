"""Nothing that is data can become markup, and the file is the same for the same input."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from curation.report import page, write_report
from tests.curation.report.dataset import HOSTILE, small


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20))
def test_embedded_data_reads_back_and_holds_no_markup(data: object) -> None:
    text = page.embed(data)
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == data


def test_a_hostile_title_stays_data() -> None:
    html = page.document("t", "a", {"report": {"title": HOSTILE}})
    assert "onerror=" in html
    assert "<img src=x" not in html
    assert html.count("</script>") == 2  # the block's and the script's own


def test_only_our_script_may_run_by_its_hash() -> None:
    html = page.document("t", "a", {"report": {}})
    script = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in html
    assert "default-src 'none'" in html


def test_the_script_writes_no_markup_from_text() -> None:
    for path in (page.HERE / "js").glob("*.js"):
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b", path.read_text()), path


def test_every_script_is_in_the_page() -> None:
    assert {path.stem for path in (page.HERE / "js").glob("*.js")} == set(page.SCRIPTS)


@given(st.text())
def test_packed_text_unpacks_to_itself(text: str) -> None:
    assert gzip.decompress(base64.b64decode(page.packed(text))).decode() == text


def test_the_same_input_gives_the_same_file(tmp_path: Path, report_file: Path) -> None:
    folder = small(tmp_path)
    again = write_report(folder, tmp_path, str(tmp_path / "captures"))
    assert again.read_bytes() == report_file.read_bytes()
    assert write_report(folder, tmp_path, str(tmp_path / "captures")).read_bytes() == report_file.read_bytes()  # cached
