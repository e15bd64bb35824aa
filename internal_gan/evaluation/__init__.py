"""Numbers and pictures about results."""
