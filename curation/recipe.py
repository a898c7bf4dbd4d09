"""The recipe: a YAML file that says which features, relations, keep rules, splits and shards make a dataset version.

Everything a typing hand can get wrong is found here, before any work, and named in one line. SQL is checked by
`curation.select`, which knows the columns. Imports neither torch nor duckdb.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from curation.errors import GessoError
from curation.relations.policy import NAMES, Relations

MAX_RECIPE_BYTES = 1 << 20
DEFAULT_FEATURES = ("decode", "hashes", "ink", "palette", "embedding", "caption", "design")


class RecipeError(GessoError):
    """The recipe is missing, is not YAML, or says something that nobody understands."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CaptureChoice(_Part):
    """Which captures of the store are the input; `where` is SQL over the capture columns."""

    where: str | None = None


class FeatureChoice(_Part):
    """One feature by name, with the parameters that differ from its own defaults."""

    name: str
    params: dict[str, Any] = Field(default_factory=dict)


class KeepRule(_Part):
    """A capture stays where `sql` is true; where it is false or NULL, it is rejected with `name`."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")
    sql: str = Field(min_length=1, max_length=4000)


class Balance(_Part):
    """How many of each group stay; `by` is SQL that names a row's group. One of three:

    `cap` rows a group; `weights`, the relative share of each group's rows that stays (`*` for all others, else 1);
    `target`, the mix of groups in what stays (`*`, or what is missing to 1, for all others together). A target keeps as
    many rows as the scarcest group allows, but no fewer than `keep_at_least` of them, which then miss the mix.
    `rank` is SQL: the highest stay. Without it, the recipe's seed draws.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")
    by: str = Field(min_length=1, max_length=4000)
    cap: int | None = Field(default=None, ge=1)
    weights: dict[str, float] | None = None
    target: dict[str, float] | None = None
    keep_at_least: float = Field(default=0, ge=0, le=1)
    rank: str | None = None

    @field_validator("weights", "target", mode="before")
    @classmethod
    def _groups_as_sql_writes_them(cls, value: Any) -> Any:
        """YAML takes `true` and `2024` for no text, but a group's name is the text of its value."""
        return {_as_sql(name): share for name, share in value.items()} if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _one_way(self) -> Balance:
        if sum(way is not None for way in (self.cap, self.weights, self.target)) != 1:
            raise ValueError(f"balance {self.name!r} needs one of cap, weights and target")
        values = [*(self.weights or {}).values(), *(self.target or {}).values()]
        if any(not 0 <= value < float("inf") for value in values) or (self.cap is None and not sum(values) > 0):
            raise ValueError(f"balance {self.name!r}: weights and shares are numbers from 0, one of them above it")
        if self.target is not None and sum(values) > 1 + 1e-6:
            raise ValueError(f"balance {self.name!r}: the target's shares add up to {sum(values):g}, 1 is the most")
        return self


class Clusters(_Part):
    """Clusters of the embeddings, as columns `cluster` and `cluster_name`; `count: 0` makes none."""

    count: Literal["auto"] | int = "auto"

    @field_validator("count", mode="before")
    @classmethod
    def _auto_or_a_number(cls, value: Any) -> Any:
        if value != "auto" and (isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 4096):
            raise ValueError(f"it is {value!r} and may be auto, or a number from 0 (none) to 4096")
        return value


class Shards(_Part):
    """At most `rows` rows a shard, row groups of at most `row_group_mb` MB with their images; or no images at all.

    `longest_side` bounds pictures in pixels: larger ones are scaled to fit and written as JPEG (curation/fit.py).
    `redact` names what is painted over in pictures and masked in texts, as the feature `text` found it.
    """

    rows: int = Field(default=5000, ge=1)
    row_group_mb: float = Field(default=16, gt=0, le=16)
    images: bool = True
    longest_side: int | None = Field(default=None, ge=16, le=16384)
    redact: tuple[Literal["email", "phone", "card", "iban", "faces"], ...] = ()


class Recipe(_Part):
    """One dataset's recipe; see recipes/demo.yaml for one with a comment a line."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")
    description: str = ""
    captures: CaptureChoice = CaptureChoice()
    features: tuple[FeatureChoice, ...] = tuple(FeatureChoice(name=name) for name in DEFAULT_FEATURES)
    relations: Relations = Relations()
    keep: tuple[KeepRule, ...] = ()
    balance: tuple[Balance, ...] = ()
    clusters: Clusters = Clusters()
    splits: dict[str, float] = Field(default_factory=lambda: {"train": 0.8, "val": 0.1, "test": 0.1})
    seed: int = 0
    shards: Shards = Shards()

    @field_validator("features", mode="before")
    @classmethod
    def _names_or_mappings(cls, value: Any) -> Any:
        if not isinstance(value, list | tuple):
            return value
        return [_feature_choice(entry) for entry in value]

    @field_validator("features")
    @classmethod
    def _each_feature_once(cls, value: tuple[FeatureChoice, ...]) -> tuple[FeatureChoice, ...]:
        _no_twins([choice.name for choice in value], "feature")
        return value

    @field_validator("keep")
    @classmethod
    def _each_rule_once(cls, value: tuple[KeepRule, ...]) -> tuple[KeepRule, ...]:
        _no_twins([rule.name for rule in value], "keep rule")
        for rule in value:
            if rule.name in (*NAMES, "decode"):
                raise ValueError(f"{rule.name!r} is taken by a relation or feature: name the rule otherwise")
        return value

    @model_validator(mode="after")
    def _redacts_what_was_found(self) -> Recipe:
        if self.shards.redact and not any(choice.name == "text" for choice in self.features):
            raise ValueError("shards.redact paints over what the feature text finds: add text to features")
        return self

    @field_validator("balance")
    @classmethod
    def _each_balance_once(cls, value: tuple[Balance, ...]) -> tuple[Balance, ...]:
        _no_twins([step.name for step in value], "balance")
        return value

    @model_validator(mode="after")
    def _shares(self) -> Recipe:
        if not self.splits.get("train", 0) > 0:
            raise ValueError("splits need a train share above 0")
        if bad := [name for name, share in self.splits.items() if not 0 <= share <= 1]:
            raise ValueError(f"split {bad[0]!r} has the share {self.splits[bad[0]]:g}: shares are from 0 to 1")
        if abs(sum(self.splits.values()) - 1) > 1e-6:
            raise ValueError(f"splits add up to {sum(self.splits.values()):g}: shares must add up to 1")
        if bad := [name for name in self.splits if not name.isidentifier() or not name.islower()]:
            raise ValueError(f"{bad[0]!r} is no split name: use lower-case letters, as in train, val, test")
        if "all" in self.splits:
            raise ValueError("'all' is no split name, for to load_dataset it means every split: name it otherwise")
        return self

    def with_encoder(self, model: str) -> Recipe:
        """The same recipe with its embedding by another model; one that has no embedding gets it."""
        features = [choice for choice in self.features if choice.name != "embedding"]
        own = next((choice for choice in self.features if choice.name == "embedding"), FeatureChoice(name="embedding"))
        at = self.features.index(own) if own in self.features else len(features)
        features.insert(at, own.model_copy(update={"params": own.params | {"model": model}}))
        return self.model_copy(update={"features": tuple(features)})


def _feature_choice(entry: Any) -> Any:
    if isinstance(entry, str):
        return {"name": entry}
    if isinstance(entry, dict) and len(entry) == 1 and "name" not in entry:
        name, params = next(iter(entry.items()))
        return {"name": name, "params": params or {}}
    return entry


def _as_sql(value: Any) -> str:
    """A value as DuckDB writes it in a text; NULL is the group `none`."""
    if value is None or isinstance(value, bool):
        return {None: "none", True: "true", False: "false"}[value]
    return str(value)


def _no_twins(names: list[str], what: str) -> None:
    if twins := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"{what} {twins[0]!r} stands there twice: keep one")


def load_recipe(path: Path | str) -> Recipe:
    """Read and check a recipe. Raises RecipeError with one line that names the thing and the remedy."""
    path = Path(path)
    try:
        if path.stat().st_size > MAX_RECIPE_BYTES:
            raise RecipeError(f"{path} has more than {MAX_RECIPE_BYTES >> 20} MB: that is no recipe")
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise RecipeError(f"no recipe at {path}{_siblings(path)}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"cannot read the recipe {path} ({error.__class__.__name__}): give a YAML file") from None
    try:
        fields = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or "unreadable"
        raise RecipeError(f"{where}: not YAML ({problem}): mend that line") from None
    if not isinstance(fields, dict):
        raise RecipeError(f"{path} is not a recipe: it needs keys such as name, features, keep")
    return parse_recipe(fields, str(path))


def parse_recipe(fields: dict[str, Any], where: str = "recipe") -> Recipe:
    """A Recipe from plain values, with every feature's name and parameters checked. Raises RecipeError."""
    try:
        recipe = Recipe.model_validate(fields)
    except ValidationError as error:
        raise RecipeError(f"{where}: {_first_problem(error)}") from None
    from curation.features import FeatureError, create

    for choice in recipe.features:
        try:
            create(choice.name, choice.params)
        except FeatureError as error:
            raise RecipeError(f"{where}: {error}") from None
    return recipe


def suggest(word: str, known: list[str]) -> str:
    """`: did you mean 'x'?` where one of the known words is near, else the list of all of them."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f": did you mean {near[0]!r}?" if near else f": known are {', '.join(sorted(known))}"


def _siblings(path: Path) -> str:
    found = sorted(p.name for p in path.parent.glob("*.yaml")) if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, found, n=1)
    if near:
        return f": did you mean {path.parent / near[0]}?"
    return f": {path.parent} has {', '.join(found[:8])}" if found else ": give the path of a YAML file"


def _first_problem(error: ValidationError) -> str:
    problems = sorted(error.errors(), key=lambda p: p["type"] != "extra_forbidden")
    problem = problems[0]
    at = ".".join(str(part) for part in problem["loc"]) or "recipe"
    if problem["type"] == "extra_forbidden":
        return f"unknown key {at!r}{suggest(str(problem['loc'][-1]), _fields_at(problem['loc'][:-1]))}"
    if problem["type"] == "missing":
        return f"{at!r} is missing: add it"
    shown = repr(problem["input"])
    return f"{at}: {told(problem)}" + (f" (it is {shown[:60]})" if problem["type"] != "value_error" else "")


def told(problem: Any) -> str:
    """What pydantic says of a problem, in the words of YAML."""
    if problem["type"] == "model_type":
        return "Input should be a mapping: lines of key: value"
    message: str = problem["msg"].removeprefix("Value error, ")
    return message.replace("a valid tuple", "a list: lines that begin with -")


def _fields_at(loc: tuple[int | str, ...]) -> list[str]:
    """The keys that the recipe knows at this place."""
    model: Any = Recipe
    for part in loc:
        if isinstance(part, int):
            continue
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        if part not in fields:
            break
        model = _model_in(fields[part].annotation) or model
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in get_args(annotation) if get_origin(annotation) else ():
        if (model := _model_in(inner)) is not None:
            return model
    return None
