"""The families of internal GANs: which adversarial stages, in which order."""
