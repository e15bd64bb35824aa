"""The product: all that the command line, an app and a notebook do is a call here."""
