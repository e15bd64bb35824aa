"""Figures and maps about results."""
