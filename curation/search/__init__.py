"""Search in a dataset version by words, by picture or by one of its captures.

Three rankings (words, embedding, perceptual hash) are built once a version; those that a query can use are fused.
"""

from curation.search.find import Hit, Results, Search, SearchError, open_search

__all__ = ["Hit", "Results", "Search", "SearchError", "open_search"]
