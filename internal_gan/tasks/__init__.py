"""The tasks that users run, each in a module of its name, and the code that runs them."""
