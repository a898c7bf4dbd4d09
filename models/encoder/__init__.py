"""Trains encoders of the CLIP family on a dataset version: contrastive, by groups, and after a text teacher.

`pack` turns listings into shards, `config` is the recipe, `samples` the order of the data, `towers` the model and where
its weights start, `losses` pure functions, `train` the loop. The result is a folder that open_clip loads.
"""
