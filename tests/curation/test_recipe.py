"""The recipe: what a typing hand can get wrong is named in one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from curation.recipe import Recipe, RecipeError, load_recipe

ROOT = Path(__file__).resolve().parents[2]
GOOD = "name: small\nfeatures: [decode, {palette: {colours: 4}}]\nkeep:\n  - {name: wide, sql: 'width > 3'}\n"


def problem(tmp_path: Path, text: str) -> str:
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    with pytest.raises(RecipeError) as caught:
        load_recipe(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_good_recipe_loads(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(GOOD)
    recipe = load_recipe(path)
    assert [choice.name for choice in recipe.features] == ["decode", "palette"]
    assert recipe.features[1].params == {"colours": 4}
    assert recipe.relations.copy_.max_distance == 20


@pytest.mark.parametrize("name", ["demo", "corpus", "pictures", "encoder-pages"])
def test_the_recipes_that_ship_load(name: str) -> None:
    assert load_recipe(ROOT / "recipes" / f"{name}.yaml").name == name


def test_another_encoder_takes_the_place_of_the_recipes(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("name: small\nfeatures: [decode, {embedding: {view: crop}}, tags]\n")
    changed = load_recipe(path).with_encoder("ViT-B-32/openai")
    assert [choice.name for choice in changed.features] == ["decode", "embedding", "tags"]
    assert changed.features[1].params == {"view": "crop", "model": "ViT-B-32/openai"}
    path.write_text(GOOD)
    assert load_recipe(path).with_encoder("gesso-mini").features[-1].params == {"model": "gesso-mini"}


def test_a_missing_file_is_named_with_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "demo.yaml").write_text(GOOD)
    with pytest.raises(RecipeError, match=r"demo\.yml: did you mean .*demo\.yaml"):
        load_recipe(tmp_path / "demo.yml")


def test_broken_yaml_is_named_with_its_line(tmp_path: Path) -> None:
    assert "recipe.yaml:3" in problem(tmp_path, "name: small\nkeep: [\n}\n")


@pytest.mark.parametrize(
    ("text", "wrong", "meant"),
    [
        (GOOD.replace("features:", "featurs:"), "featurs", "'features'"),
        (GOOD.replace("sql:", "sqll:"), "sqll", "'sql'"),
        (GOOD + "relations: {copy: {max_distanc: 3}}\n", "relations.copy.max_distanc", "'max_distance'"),
        (GOOD + "shards: {row: 3}\n", "shards.row", "'rows'"),
        (GOOD.replace("colours", "colors"), "colors", "'colours'"),
    ],
)
def test_a_misspelt_key_is_told_its_neighbour(tmp_path: Path, text: str, wrong: str, meant: str) -> None:
    line = problem(tmp_path, text)
    assert wrong in line
    assert meant in line


def test_an_unknown_feature_is_told_the_known_ones(tmp_path: Path) -> None:
    line = problem(tmp_path, GOOD.replace("palette", "palate"))
    assert "'palate'" in line
    assert all(name in line for name in ("caption", "decode", "hashes", "palette"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("splits: {train: 0.5, val: 0.1}", "add up to 0.6"),
        ("splits: {val: 1.0}", "train"),
        ("splits: {train: .nan}", "train"),
        ("splits: {train: 1.2, val: -0.2}", "'train' has the share 1.2"),
        ("splits: {train: 1, val: .nan}", "'val' has the share nan"),
        ("splits: {train: 0.5, all: 0.5}", "'all' is no split name"),
        ("clusters: {count: -1}", "auto, or a number from 0 (none) to 4096"),
        ("clusters: {count: many}", "auto, or a number"),
        ("features: [3]", "features.0: Input should be a mapping: lines of key: value (it is 3)"),
        ("features: [{heads: {warm: warm.pth}}]", "parameter 'warm': Input should be a mapping"),
        ("clusters: {count: true}", "auto, or a number"),
        ("shards: {row_group_mb: 32}", "row_group_mb"),
        ("features: [ink, ink]", "twice"),
        ("captures: 3", "captures"),
    ],
)
def test_values_out_of_bounds_are_named(tmp_path: Path, change: str, said: str) -> None:
    kept = [line for line in GOOD.splitlines() if line.split(":")[0] != change.split(":")[0]]
    assert said in problem(tmp_path, "\n".join([*kept, change]) + "\n")


def test_parameters_that_do_not_go_together_are_named_with_their_feature(tmp_path: Path) -> None:
    line = problem(tmp_path, GOOD.replace("{palette: {colours: 4}}", "{caption: {writer: openai}}"))
    assert line.endswith("feature 'caption': writer openai needs a model: name it")


def test_groups_that_yaml_takes_for_no_text_are_named_as_sql_writes_them(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    weights = "{true: 1, 2024: 0.5, null: 0.25, 0.5: 1, plain: 1}"
    path.write_text(f"{GOOD}balance: [{{name: mix, by: allowed, weights: {weights}}}]\n")
    (step,) = load_recipe(path).balance
    assert list(step.weights or {}) == ["true", "2024", "none", "0.5", "plain"]


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words"])
def test_what_is_no_recipe_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    assert "not a recipe" in problem(tmp_path, text)


def test_importing_recipe_loads_neither_torch_nor_duckdb() -> None:
    code = "import sys, curation.recipe; print([m for m in ('torch', 'duckdb', 'scrapy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_recipe_of_the_documentation_has_every_part_and_loads(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    assert load_recipe(path).model_fields_set == set(Recipe.model_fields)


def test_a_mapping_where_a_list_stands_is_told_so(tmp_path: Path) -> None:
    assert "a list: lines that begin with -" in problem(tmp_path, f"{GOOD}balance: {{by: site, cap: 3}}\n")
