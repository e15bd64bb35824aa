"""Training any family of models: the loop, its run folder, progress and loggers."""
