"""Figures and maps that evaluate results."""
