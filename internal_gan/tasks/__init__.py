"""The tasks that users ask for, each in the module of its name, and what runs them."""
