"""What if: the change that another rule would make, worked out from features and relations at hand; nothing is written.

`name: SQL` replaces the keep rule of that name, or is one more; so is a bare SQL, the last.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import ValidationError

from curation import columns, stages
from curation.comparisons import comparisons
from curation.recipe import KeepRule, Recipe, RecipeError, parse_recipe
from curation.run import Progress, table_of
from curation.select import Decisions
from curation.sql import Margin, Selection
from curation.stages import Decided

NAMED = re.compile(r"^\s*([a-z][a-z0-9_]{0,40})\s*:(?!:)\s*(.+)$", re.S)
BARE = "what_if"
NEAREST = 6  # captures shown on each side of a threshold
SHOWN = 60  # captures listed of those whose fate changes
FACTS = ("capture_id", "site", "canonical_url", "image_sha256", "format", "form_factor")


@dataclass(frozen=True)
class Count:
    """Rows under one heading before and after: a state, the reason of a rejection, or a split."""

    name: str
    before: int
    after: int


@dataclass(frozen=True)
class Example:
    """One capture. `value` is that of `operand`, where the rule compares one with a number; fates are in words."""

    capture_id: str
    site: str
    before: str
    after: str
    operand: str = ""
    value: float | None = None
    margin: float | None = None
    url: str = ""
    image_sha256: str = ""
    format: str = ""
    form_factor: str = ""


@dataclass(frozen=True)
class WhatIf:
    """The outcome of `what_if`: counts of all captures, and examples of those whose fate changes or nearly does."""

    rules: list[KeepRule]
    replaced: dict[str, str]
    states: list[Count]
    reasons: list[Count]
    splits: list[Count]
    changed: int
    out: list[Example]
    back: list[Example]
    borderline: list[Example]

    def as_dict(self) -> dict[str, Any]:
        fields = asdict(self)
        return fields | {"rules": [rule.model_dump() for rule in self.rules]}


def changed_recipe(recipe: Recipe, changes: Sequence[str]) -> tuple[Recipe, list[KeepRule], dict[str, str]]:
    """The recipe with other rules, the rules that are new, and the SQL of those that they replace.

    Raises RecipeError where a change is empty or no rule, or names one that is hardly the one that was meant.
    """
    keep = {rule.name: rule for rule in recipe.keep}
    rules, replaced = [], {}
    for change in changes:
        match = NAMED.match(change)
        name, sql = match.groups() if match else (_free(keep), change)
        if not sql.strip():
            raise RecipeError("--what-if is empty: give an SQL expression, or `rule: expression`")
        meant = [] if name in keep else difflib.get_close_matches(name, keep, 1, 0.8)
        if match and meant:
            raise RecipeError(f"--what-if: no keep rule is called {name!r}; did you mean {meant[0]!r}?")
        rule = _rule(name, sql.strip())
        if name in keep:
            replaced[name] = keep[name].sql
        keep[name] = rule
        rules.append(rule)
    fields = recipe.model_dump(by_alias=True, exclude_unset=True)
    fields["keep"] = [rule.model_dump() for rule in keep.values()]
    return parse_recipe(fields, "--what-if"), rules, replaced


def _rule(name: str, sql: str) -> KeepRule:
    try:
        return KeepRule(name=name, sql=sql)
    except ValidationError as error:
        problem = error.errors()[0]
        raise RecipeError(f"--what-if: the rule's {problem['loc'][0]}: {problem['msg']}") from None


def _free(taken: dict[str, KeepRule]) -> str:
    return next(n for n in (BARE, *(f"{BARE}_{i}" for i in range(2, 1000))) if n not in taken)


def what_if(
    recipe: Recipe,
    home: Path,
    changes: Sequence[str],
    *,
    store: str | None = None,
    source: Path | None = None,
    progress: Progress | None = None,
) -> WhatIf:
    """Decide twice over the same rows, as the recipe is and as changed. Features are computed where they are missing.

    `source` is a table in the place of the store, as for `run.curate_table`. Raises what `run.curate` raises.
    """
    changed, rules, replaced = changed_recipe(recipe, changes)
    table = table_of(recipe, Path(home), store, source, progress)
    table, _ = stages.clustered(recipe, table, Path(home))
    stages.try_sql(changed, table.schema)
    pairs = stages.related(recipe, table, Path(home), progress)
    before, after = (stages.decide(one, table, pairs) for one in (recipe, changed))
    with Selection(table) as selection:
        margins = selection.margins(rules)
    view = _View(table, before, after, changed)
    kept = before.decisions.kept, after.decisions.kept
    lost, won = np.flatnonzero(kept[0] & ~kept[1]), np.flatnonzero(~kept[0] & kept[1])
    return WhatIf(
        rules=rules,
        replaced=replaced,
        states=view.states(),
        reasons=view.reasons(),
        splits=view.splits(),
        changed=len(lost) + len(won),
        out=view.examples(*_most_telling(lost, margins)),
        back=view.examples(*_most_telling(won, margins)),
        borderline=[example for margin in margins for example in view.borderline(margin)],
    )


def _most_telling(rows: np.ndarray, margins: list[Margin]) -> tuple[np.ndarray, Margin | None]:
    """Of many rows those nearest to the first threshold, for they are the ones to look at."""
    if not margins:
        return rows[np.linspace(0, len(rows) - 1, min(SHOWN, len(rows)), dtype=np.int64)], None
    far = np.abs(margins[0].margins[rows])
    return rows[np.argsort(np.where(np.isnan(far), np.inf, far), kind="stable")[:SHOWN]], margins[0]


@dataclass(frozen=True)
class _View:
    """Both outcomes beside the table."""

    table: pa.Table
    before: Decided
    after: Decided
    recipe: Recipe

    def states(self) -> list[Count]:
        one, other = self.before.decisions.counts(), self.after.decisions.counts()
        return [Count(name, one[name], other[name]) for name in one]

    def reasons(self) -> list[Count]:
        """In the order of the funnel after the change; one that a rule's new place split is one line."""
        one, other = (dict(_named(d.decisions)) for d in (self.before, self.after))
        return [Count(name, one.get(name, 0), other.get(name, 0)) for name in dict.fromkeys([*other, *one])]

    def splits(self) -> list[Count]:
        names = list(self.recipe.splits)
        counts = [np.bincount(d.split[d.split >= 0], minlength=len(names)) for d in (self.before, self.after)]
        return [Count(name, int(counts[0][i]), int(counts[1][i])) for i, name in enumerate(names)]

    def borderline(self, margin: Margin) -> list[Example]:
        """The captures nearest to the threshold on both sides, farthest on the failing side first."""
        values = margin.margins
        fit = np.flatnonzero(~np.isnan(values) & ~self.after.decisions.failed)
        order = fit[np.argsort(values[fit], kind="stable")]
        at = int((values[order] < 0).sum())
        return self.examples(order[max(0, at - NEAREST) : at + NEAREST], margin)

    def examples(self, rows: np.ndarray, margin: Margin | None) -> list[Example]:
        names = [name for name in FACTS if name in self.table.schema.names]
        facts = columns.Rows(self.table.select(names)).at(rows).to_pylist()
        found = []
        for row, about in zip(rows.tolist(), facts, strict=True):
            value = float(margin.values[row]) if margin is not None else float("nan")
            known = margin is not None and value == value
            found.append(
                Example(
                    capture_id=about["capture_id"],
                    site=about["site"] or "",
                    before=_fate(self.before, row, self.recipe),
                    after=_fate(self.after, row, self.recipe),
                    operand=margin.operand if margin is not None else "",
                    value=value if known else None,
                    margin=float(margin.margins[row]) if known and margin is not None else None,
                    url=about.get("canonical_url") or "",
                    **{name: about.get(name) or "" for name in ("image_sha256", "format", "form_factor")},
                )
            )
        return found


def _named(decisions: Decisions) -> list[tuple[str, int]]:
    return [(reason.name or reason.stage, number) for reason, number in decisions.by_reason()]


def _fate(decided: Decided, row: int, recipe: Recipe) -> str:
    """`kept (train)`, or the name of what rejects it."""
    place = int(decided.decisions.reason[row])
    if place < 0:
        return f"kept ({list(recipe.splits)[int(decided.split[row])]})"
    reason = decided.decisions.reasons[place]
    return reason.name or "failed"


def thresholds(recipe: Recipe) -> list[str]:
    """`rule: operand op number` of every simple comparison in the recipe: what is worth another value."""
    return [f"{rule.name}: {one.operand} {one.op} {one.threshold:g}" for rule in recipe.keep
            for one in comparisons(rule.sql)]  # fmt: skip
