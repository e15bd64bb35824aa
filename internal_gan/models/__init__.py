"""The families of internal GANs, each with its sequence of adversarial stages.

An argument out of range is a ValueError that names what is allowed.
"""
