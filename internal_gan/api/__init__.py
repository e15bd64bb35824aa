"""The Python API. The command line is built on it, too."""
