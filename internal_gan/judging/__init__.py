"""Whether results are good: figures, comparisons of runs, and the check of an origin."""
