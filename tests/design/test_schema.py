"""The tree as JSON: there and back, as the schema says."""

from __future__ import annotations

import json

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings

from design import Design, TreeError, parse
from design.schema import FORMAT, from_json, schema, to_json
from tests.design.notation.test_grammar import EVERYTHING
from tests.design.trees import designs

VALIDATOR = jsonschema.Draft202012Validator(schema())


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(designs)
def test_any_design_goes_there_and_back_and_keeps_to_the_schema(design: Design) -> None:
    value = json.loads(json.dumps(to_json(design)))
    VALIDATOR.validate(value)
    assert from_json(value) == design


def test_the_schema_is_one_and_refuses_what_no_tree_has() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    value = to_json(parse(EVERYTHING))
    value["roots"][0]["kind"] = "div"
    assert not VALIDATOR.is_valid(value)


@pytest.mark.parametrize(
    ("roots", "message"),
    [
        ([{"kind": "div"}], r"roots\[0\].kind: 'div' is none of col"),
        ([{"name": "A"}], "'kind' is missing"),
        ([{"kind": "col", "colour": 1}], "Node has no 'colour'"),
        ([{"kind": "col", "padding": [1, 2]}], "2 values where there are 4"),
        ([{"kind": "col", "fills": [{"type": "glitter"}]}], "'glitter' is none of solid"),
        ([{"kind": "col", "width": True}], "is no float"),
        ([{"kind": "col", "children": 3}], "is no list"),
    ],
)
def test_an_error_names_its_place(roots: object, message: str) -> None:
    with pytest.raises(TreeError, match=message):
        from_json({"format": FORMAT, "roots": roots})


def test_other_json_is_refused() -> None:
    with pytest.raises(TreeError, match=FORMAT):
        from_json({"roots": []})
