"""The Python API, on which the command line is built as well."""
