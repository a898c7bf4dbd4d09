"""Sentences about a screen: from what came with it (`template`), by a local model, or by an endpoint that sees it."""
