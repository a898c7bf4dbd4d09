"""May we? robots.txt and page-level opt-outs, as pure functions that keep their evidence."""
