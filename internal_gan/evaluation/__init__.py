"""Figures and maps that judge results."""
