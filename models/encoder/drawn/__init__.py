"""Drawn app screens with listing texts: what kinds of apps look like, for an encoder that has few real ones to learn from."""
