"""The photo's own patches: searched, compared, put into holes and results."""
