"""Many runs by one command: their jobs, and their results side by side."""
