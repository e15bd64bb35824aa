"""Shared network components: blocks, generators, discriminators and losses."""
