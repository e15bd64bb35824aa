"""A run on disk. Files that cannot be read or written are UserErrors."""
