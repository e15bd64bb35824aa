"""Whether results are good: figures, maps, comparisons of runs, and the check of an origin."""
