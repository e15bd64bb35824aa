"""The families of internal GANs, each with its sequence of adversarial stages."""
