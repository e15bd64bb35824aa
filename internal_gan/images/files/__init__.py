"""Image files in and out, with nothing lost silently."""
