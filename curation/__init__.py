"""Captures to features to decisions to shards. Hands on dataset versions."""
