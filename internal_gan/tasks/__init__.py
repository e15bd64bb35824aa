"""What a user asks for: a work for each task, in the module of its name, and what runs them."""
