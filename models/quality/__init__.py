"""A design-quality head: pairs of a page and its damaged self teach a ranker over frozen embeddings and craft."""
