"""The names of models and presets."""

from __future__ import annotations

from internal_gan.config.conf import choices


def list_models() -> list[str]:
    """Names for ``fit(image, model)``: the methods.

    >>> list_models()
    ['edgeconnect', 'ingan', 'ingan_unet', 'singan']
    """
    return choices("model")


def list_presets() -> list[str]:
    """Names for ``overrides={"trainer": ...}``: how long and how carefully to train.

    >>> "fast" in list_presets()
    True
    """
    return choices("trainer")
