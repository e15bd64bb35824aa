"""Options, command-line arguments and configuration files. Loads no torch."""
