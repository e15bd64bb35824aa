"""A run on disk; files that cannot be read or written are UserErrors."""
