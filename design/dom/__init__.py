"""DOM snapshot → design tree, in the order of the run: snapshot, collect (surface, text, vector), arrange, size."""
