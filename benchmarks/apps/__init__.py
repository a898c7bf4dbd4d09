"""Apps with their screens and listings, and how well rankings find one by the other: for benchmarks.retrieval."""
