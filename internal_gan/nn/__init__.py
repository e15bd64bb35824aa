"""Shared network components: blocks, generators, discriminators and losses; no files, no loops."""
