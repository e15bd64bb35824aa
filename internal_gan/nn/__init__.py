"""Shared network components: blocks, generators, discriminators and losses.

Networks share some arguments: ``init`` of the weights (see
:func:`~internal_gan.nn.blocks.initialise`), drawn from ``rng``; ``output_std``, the standard
deviation of the last layer's initial weights, 0 to 1, or None to leave it to ``init``; and the
``norm`` of their blocks (:class:`~internal_gan.nn.blocks.ConvBlock`). An argument out of range is a
ValueError that names what is allowed.
"""
