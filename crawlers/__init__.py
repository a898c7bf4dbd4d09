"""Fetch listings and pages; take trusted screenshots with their DOM. Hands on captures."""
