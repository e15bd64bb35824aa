"""Searches and compares the photo's own patches, and fills holes and builds results with them.

There are two searches, because they serve different sizes:

* An exact one, in torch, for pictures of a network's size: :mod:`~internal_gan.patches.search`.
  On it stand ``losses``, ``statistics`` and ``completion``.
* An approximate one, in numba, for pictures of many megapixels: :mod:`~internal_gan.patches.field`,
  with its loops in ``kernels``. On it stands ``synthesis``, which rebuilds a picture coarse to
  fine, and on that ``finish``, ``inside`` and ``film``. Tests compare it with the exact one.
"""
