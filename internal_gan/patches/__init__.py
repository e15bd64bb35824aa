"""Searches and compares the photo's own patches, and fills holes with them.

There are two searches, because they serve different sizes:

* An exact one, in torch, for pictures of a network's size: :mod:`~internal_gan.patches.search`.
  On it stand ``losses``, ``statistics`` and ``completion``.
* An approximate one, in numba, for pictures of many megapixels: :mod:`~internal_gan.patches.field`,
  with its loops in ``kernels``. What it finds becomes ``origins``, on which
  :mod:`internal_gan.finishing` stands. Tests compare it with the exact one.
"""
