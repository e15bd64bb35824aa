"""Shared network components: blocks, generators, discriminators and losses.

Networks share some arguments: ``init`` of the weights (see
:func:`~internal_gan.nn.blocks.initialise`), drawn from ``rng``; and the
``norm`` of their blocks (:class:`~internal_gan.nn.blocks.ConvBlock`). An argument out of range is a
ValueError that names what is allowed.
"""
