"""Prompts of `tags` and their calibration, chosen on captures of the training split that were labelled by eye."""
