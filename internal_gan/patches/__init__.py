"""Searches and compares the photo's own patches, and fills holes and builds results with them."""
