"""Reading and writing image files; whatever is lost is logged."""
