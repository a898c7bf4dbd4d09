"""Image and text encoders of the CLIP family: where their weights are, how a picture is laid before them, vectors.

`place` finds a model and says what is known of it without loading it, `views` cuts and letterboxes pictures, `towers`
loads the model and runs it. Every score of curation stands on the one embedding that this gives.
"""
