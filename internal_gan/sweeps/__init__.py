"""Many runs: their jobs, and what came of them side by side."""
