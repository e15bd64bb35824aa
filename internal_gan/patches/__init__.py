"""Searches and compares the photo's own patches, and fills holes with them.

There are two searches:

* an exact one, in torch, for pictures of a network's size: ``exact``, on which ``losses``,
  ``statistics`` and ``completion`` stand;
* an approximate one, in numba, for pictures of many megapixels: ``fast``, with its loops in
  ``kernels``. What it finds becomes ``origins``, on which :mod:`internal_gan.finishing` stands.

``denoiser`` draws, and ``expectation`` enlarges, by the mean of all patches instead.
"""
