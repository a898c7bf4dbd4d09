"""Text-to-image diffusion on dataset versions: recipe, loop and generation around a diffusers pipeline."""
