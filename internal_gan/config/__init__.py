"""What can be asked for: options, commands, configuration files. Loads no torch."""
