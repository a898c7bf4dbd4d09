"""From a picture to a design: retrieval today."""
