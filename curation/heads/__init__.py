"""Heads: small networks over an image embedding, read from what their authors published, without their framework.

`load.read_head` takes .pth, .safetensors and TensorFlow SavedModels; nothing is unpickled and nothing in a file is run.
"""
