"""Read shards; train, generate, evaluate. Hands on checkpoints and generated designs."""
