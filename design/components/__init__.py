"""Components: repeated subtrees found, named, and replaced by instances."""

from design.components.find import Group, groups
from design.components.make import with_components

__all__ = ["Group", "groups", "with_components"]
