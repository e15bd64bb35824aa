"""Pixels, no networks: reading and writing, resampling, pyramid."""
