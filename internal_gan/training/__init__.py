"""Training any family of models: the loop, its time, checkpoints, progress and log."""
