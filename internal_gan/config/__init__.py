"""Options, command-line arguments and configuration files. Does not load torch."""
