"""Search by words, picture and capture, with an encoder and without one."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from curation.dataset import Dataset, open_dataset
from curation.run import curate
from curation.search import Search, SearchError, open_search
from curation.search.cache import indexes
from curation.search.find import fused
from curation.search.vectors import Vectors, alike, codes_of
from curation.search.words import Words, columns_of, document, ranked, tokens
from tests.curation.conftest import encoded, screen
from tests.curation.finished import HOSTILE, recipe, store_of, tiny_encoder

FEATURES = ["decode", "hashes", "ink", "palette", "caption", "design", {"embedding": {"model": "auto"}}]


@pytest.fixture(scope="module")
def home(finished_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the finished home with an encoder, and a version with embeddings."""
    home = tmp_path_factory.mktemp("search") / "home"
    shutil.copytree(finished_home, home)
    tiny_encoder(home / "encoder")
    curate(recipe(name="seen", features=FEATURES), home, report=False)
    return home


@pytest.fixture(scope="module")
def blind(home: Path) -> Search:
    """Of a version without embeddings."""
    return open_search(open_dataset("small@1", home=home))


@pytest.fixture(scope="module")
def seeing(home: Path) -> Search:
    return open_search(open_dataset("seen", home=home))


def app(search: Search, query: str, **options: object) -> list[str | None]:
    return [hit.facts.get("name") for hit in search.find(query, **options).hits]  # type: ignore[arg-type]


def test_words_find_listings_without_an_encoder(blind: Search) -> None:
    results = blind.text("dark dashboard with charts")
    assert results.hits[0].facts["name"] == "Ledger"
    assert results.hits[0].by["words"][0] == 1
    assert "embeddings" in results.notes[0]


@pytest.mark.parametrize(
    ("query", "name"),
    [("sleep diary chart", "Nightjar"), ("Schlaftagebuch", "Nachtschwalbe"), ("新聞", "新聞"), ("ニュース", "新聞")],
)
def test_other_languages_and_plurals_are_words_too(blind: Search, query: str, name: str) -> None:
    assert app(blind, query)[0] == name


def test_a_page_is_found_by_the_text_in_its_design(blind: Search) -> None:
    assert blind.text("migrated forwarding address").hits[0].facts["site"] == "tern.test"


def test_with_an_encoder_words_and_embedding_are_fused(seeing: Search) -> None:
    results = seeing.text("dark dashboard with charts", n=50)
    assert not results.notes
    assert len(results.hits) == len(seeing.index.ids)
    assert {name for hit in results.hits for name in hit.by} == {"words", "embedding"}
    scores = [hit.score for hit in results.hits]
    assert scores == sorted(scores, reverse=True)


def test_a_picture_finds_itself_however_it_is_written(seeing: Search, blind: Search, tmp_path: Path) -> None:
    picture = screen(200, ground="#10131f", ink="#e8ecff")
    (tmp_path / "again.jpg").write_bytes(encoded(picture.resize((240, 520)), "JPEG", quality=60))
    for search in (seeing, blind):
        results = search.find(str(tmp_path / "again.jpg"))
        assert results.hits[0].facts["site"] == "app.nightjar"
        assert results.hits[0].by["phash"][1] <= 20
    assert seeing.image(picture).hits[0].by["embedding"][1] == pytest.approx(1, abs=0.02)


def test_more_like_a_capture_leaves_itself_out(seeing: Search) -> None:
    key = seeing.index.ids[0]
    results = seeing.find(key[:10], n=50)
    assert results.query == f"like {key}"
    assert key not in {hit.capture_id for hit in results.hits}
    assert "embedding" in results.hits[0].by


def test_a_rejected_capture_finds_the_one_that_stands_for_it(seeing: Search) -> None:
    row = seeing.dataset.sql("SELECT capture_id, kept_id FROM review WHERE reason = 'copy'").fetchall()[0]
    results = seeing.capture(row[0])
    assert results.hits[0].capture_id == row[1]
    assert "no embedding of this capture" in results.notes[0]


def test_where_filters_before_ranking(seeing: Search) -> None:
    results = seeing.text("screen", n=50, where="locale = 'de-DE'")
    assert [hit.facts["name"] for hit in results.hits] == ["Nachtschwalbe"]
    assert seeing.text("screen", where="false").hits == ()


def test_another_encoder_is_not_mistaken_for_the_right_one(home: Path, tmp_path: Path) -> None:
    import torch

    shutil.copytree(home, tmp_path / "home", ignore=shutil.ignore_patterns("search"))
    torch.manual_seed(1)
    weights = tmp_path / "home" / "encoder" / "open_clip_model.safetensors"
    from safetensors.torch import load_file, save_file

    save_file({name: tensor + 0.01 for name, tensor in load_file(weights).items()}, weights)
    results = open_search(open_dataset("seen", home=tmp_path / "home")).text("charts")
    assert "not the one of this version" in results.notes[0]
    assert results.hits


@pytest.mark.parametrize("query", ["", "   "])
def test_an_empty_query_is_refused(blind: Search, query: str) -> None:
    with pytest.raises(SearchError, match="nothing to search for"):
        blind.text(query)


def test_what_is_no_picture_or_capture_is_named(blind: Search, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<html>")
    with pytest.raises(SearchError, match=r"page\.html is no picture"):
        blind.find(str(tmp_path / "page.html"))
    with pytest.raises(SearchError, match="no capture 'ffffffffffff'"):
        blind.capture("ffffffffffff")
    assert blind.find("' OR x=x; --").hits == ()


def test_the_index_is_built_once_and_again_for_another_version(home: Path) -> None:
    dataset = open_dataset("small@2", home=home)
    open_search(dataset)
    folders = sorted((home / "search").glob("small@2-*"))
    before = {p: p.stat().st_mtime_ns for p in folders[0].rglob("*")}
    open_search(dataset)
    assert {p: p.stat().st_mtime_ns for p in folders[0].rglob("*")} == before
    assert len(folders) == 1
    assert not list((home / "search").glob(".*"))


@pytest.mark.parametrize("name", ["ids.json", "hashes.npy", "vectors.faiss"])
def test_an_index_that_the_disk_spoiled_is_built_anew(home: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(home, tmp_path / "home")
    dataset = open_dataset("seen", home=tmp_path / "home")
    before = indexes(dataset)
    codes = np.array(before.codes)  # a copy: the file beneath is spoiled
    for path in (tmp_path / "home" / "search").rglob(name):
        path.write_bytes(b"\xb4\xff\x00")
    after = indexes(dataset)
    assert after.ids == before.ids
    assert np.array_equal(after.codes, codes)


def test_a_grid_of_results_escapes_their_texts(blind: Search) -> None:
    results = blind.text("alert quoted")
    assert results.hits[0].facts["name"] == HOSTILE
    assert "<script>" not in results._repr_html_()
    assert results.grid().png(900).size[0] == 900


def test_fusion_rewards_agreement() -> None:
    assert [row for row, _ in fused({"a": [1, 2, 3], "b": [3, 2]})] == [3, 2, 1]
    assert fused({"a": [], "b": []}) == []


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from("abc"), st.lists(st.integers(0, 20), unique=True)))
def test_fusion_keeps_every_row_once(rankings: dict[str, list[int]]) -> None:
    rows = [row for row, _ in fused(rankings)]
    assert sorted(rows) == sorted({row for ranking in rankings.values() for row in ranking})


@settings(deadline=None)
@given(st.text(max_size=300))
def test_tokens_hold_no_spaces_and_do_not_depend_on_case(text: str) -> None:
    found = tokens(text)
    assert all(token and not any(c.isspace() for c in token) for token in found)
    ascii_ = "".join(c for c in text if c.isascii())
    assert tokens(ascii_.upper()) == tokens(ascii_.lower())


def test_words_come_from_what_there_is() -> None:
    assert columns_of(["title", "caption", "design", "phash"]) == ["title", "caption", "design"]
    assert columns_of(["text", "design", "tag_style", "tag_style_score"]) == ["text", "tag_style"]
    assert document({"title": "Sign in", "categories": ["News", None], "caption": None}) == ["sign", "in"] * 2 + ["new"]
    assert document({"design": 't "Log in" $ink'}) == ["log", "in"]


def test_an_index_survives_the_disk(tmp_path: Path) -> None:
    rows = [{"title": "red fox"}, {"title": "blue fox"}, {"title": None}]
    Words.build(rows).save(tmp_path / "w")
    loaded = Words.load(tmp_path / "w")
    assert ranked(loaded.scores("blue"), None, 9) == [1]
    assert ranked(loaded.scores("fox"), np.array([1, 2]), 9) == [1]
    assert ranked(loaded.scores("heron"), None, 9) == []
    Words.build([{}]).save(tmp_path / "none")
    assert Words.load(tmp_path / "none").scores("fox").tolist() == [0]


@pytest.fixture
def one_thread() -> Iterator[None]:
    """FAISS' threads wait for each other busily, which takes minutes where the cores are busy already."""
    import faiss

    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    yield
    faiss.omp_set_num_threads(before)


@pytest.mark.usefixtures("one_thread")
def test_cells_find_what_exact_search_finds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    vectors = np.random.default_rng(0).normal(size=(2000, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    exact = Vectors.build(vectors)
    monkeypatch.setattr("curation.search.vectors.EXACT", 100)
    Vectors.build(vectors).save(tmp_path / "v")
    cells = Vectors.load(tmp_path / "v")
    hits = sum(exact.nearest(v, None, 1)[0][0] == cells.nearest(v, None, 1)[0][0] for v in vectors[:200])
    assert hits >= 196
    assert np.allclose(cells.row(17), vectors[17], atol=2e-3)
    allowed = np.array([5, 7])
    assert {row for row, _ in cells.nearest(vectors[0], allowed, 9)} <= {5, 7}


def test_hashes_are_compared_bit_by_bit() -> None:
    codes = codes_of(["f" * 64, "f" * 63 + "e", None, "0" * 64])
    assert alike(codes, ["f" * 64], None, 9) == [(0, 0), (1, 1)]
    assert alike(codes, ["f" * 64], np.array([1]), 9) == [(1, 1)]
    assert alike(codes, [], None, 9) == []


def test_bytes_are_pictures_too(blind: Search) -> None:
    out = io.BytesIO()
    Image.new("RGB", (50, 50), "white").save(out, "PNG")
    assert isinstance(blind.dataset, Dataset)
    assert blind.image(out.getvalue()).query == "picture"
    assert store_of(blind.dataset.home)


def test_the_name_of_a_picture_that_is_not_there_is_no_search_for_its_words(blind: Search) -> None:
    with pytest.raises(SearchError, match=r"no picture at 'shots/home\.PNG'"):
        blind.find("shots/home.PNG")
