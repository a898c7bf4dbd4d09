"""One design in the forms that a model might write instead of the notation, each as tight as its API lets it be."""

from benchmarks.formats.properties import property_json, tight_json
from benchmarks.formats.rest import rest_json
from benchmarks.formats.script import plugin_js

__all__ = ["plugin_js", "property_json", "rest_json", "tight_json"]
