"""Targets: each compiles from the one design tree."""
