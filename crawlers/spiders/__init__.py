"""Spiders: thin. What they read is parsed in crawlers/parsers, what they look at is taken in crawlers/browser."""
