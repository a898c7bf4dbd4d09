"""Hostile servers and pages on loopback, and what a crawl must make of each; run by benchmarks.hazards."""
