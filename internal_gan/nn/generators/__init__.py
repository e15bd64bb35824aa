"""Generators, shared by the families."""
