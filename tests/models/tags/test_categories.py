"""F-Droid's categories as the labels of the group `category`."""

from __future__ import annotations

from curation.encoder.prompts import read_prompts
from curation.features.tags import DEFAULT
from models.tags.categories import GROUPS, groups_of
from models.tags.tune import CANDIDATES, read_candidates


def test_an_app_is_in_the_groups_of_all_its_categories() -> None:
    assert groups_of(["Task", "Note", "Calendar & Agenda"]) == ("time", "writing")


def test_a_wide_category_counts_only_alone() -> None:
    assert groups_of(["Internet", "News"]) == ("reading",)
    assert groups_of(["Internet", "Multimedia"]) == ("connectivity", "media")
    assert groups_of(["Hats"]) == ()


def test_the_groups_are_the_labels_that_compete() -> None:
    assert set(read_candidates(CANDIDATES)[1]["category"]) == set(GROUPS)
    assert set(read_prompts(DEFAULT).groups["category"]) == set(GROUPS)
