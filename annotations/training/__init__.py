"""Heads from labels: consensus and a dataset's embeddings in, a head that won its place out.

`examples` gathers what is learned from, `linear` fits, `held_out` keeps the judgement honest (folds by site, pairs that
neither side's fold has seen), `train` puts it together and writes the manifest.
"""

from annotations.training.examples import TASKS, TrainingError
from annotations.training.train import Trained, train

__all__ = ["TASKS", "Trained", "TrainingError", "train"]
