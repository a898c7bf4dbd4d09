"""Images that are already here: folders, Parquet files and WebDataset tars, read in pieces that can be resumed."""
