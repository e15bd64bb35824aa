"""What the package costs and how good its pictures are: commands that print JSON."""
