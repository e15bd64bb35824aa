"""What earlier versions called today's classes and options, in runs' ``config.yaml`` and in model
files alike: the one table by which these stay readable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Modules, or single classes of them, that have another name today (until 0.1.0).
NAMES = {
    "internal_gan.models.edgeconnect.EdgeConnect": (
        "internal_gan.models.edgeconnect.training.EdgeConnectRecipe"
    ),
    "internal_gan.models.edgeconnect.Weights": "internal_gan.models.edgeconnect.losses.Weights",
    "internal_gan.models.edgeconnect.model.EdgeConnect": (
        "internal_gan.models.edgeconnect.training.EdgeConnectRecipe"
    ),
    "internal_gan.models.edgeconnect.model.Weights": (
        "internal_gan.models.edgeconnect.losses.Weights"
    ),
    "internal_gan.models.edgeconnect_cases": "internal_gan.models.edgeconnect.cases",
    "internal_gan.models.ingan.InGAN": "internal_gan.models.ingan.whole_training.InGANRecipe",
    "internal_gan.models.ingan.pyramid.InGANPyramid": (
        "internal_gan.models.ingan.pyramid_training.InGANPyramidRecipe"
    ),
    "internal_gan.models.ingan.whole.InGAN": "internal_gan.models.ingan.whole_training.InGANRecipe",
    "internal_gan.models.ingan_pyramid.InGANPyramid": (
        "internal_gan.models.ingan.pyramid_training.InGANPyramidRecipe"
    ),
    "internal_gan.models.scales": "internal_gan.models.ladder",
    "internal_gan.models.singan.SinGAN": "internal_gan.models.singan.training.SinGANRecipe",
    "internal_gan.models.singan.model.SinGAN": "internal_gan.models.singan.training.SinGANRecipe",
    "internal_gan.nn.dilated": "internal_gan.nn.generators.dilated_residual",
    "internal_gan.nn.features": "internal_gan.nn.perceptual",
    "internal_gan.nn.flexible": "internal_gan.nn.generators.shape_flexible",
    "internal_gan.nn.generators": "internal_gan.nn.generators.residual_patch",
    "internal_gan.nn.generators.dilated": "internal_gan.nn.generators.dilated_residual",
    "internal_gan.nn.generators.flexible": "internal_gan.nn.generators.shape_flexible",
    "internal_gan.nn.generators.patch": "internal_gan.nn.generators.residual_patch",
    "internal_gan.nn.patch_losses": "internal_gan.patches.losses",
}
# Options, by the class of today that takes them: the old name and the new one.
OPTIONS: dict[str, dict[str, str]] = {}
# Tasks of 0.1.0 that are commands of a checkout now. Their options stand in its runs' config.yaml.
COMMANDS = {
    "evaluate_super_resolution": "benchmarks.super_resolution",
    "study": "benchmarks.study",
}


def migrated(config: Any) -> Any:
    """The configuration of a model, written by any version, in the names of today.

    >>> migrated({"_target_": "internal_gan.nn.patch_losses.NearestPatch", "patch": 7})
    {'_target_': 'internal_gan.patches.losses.NearestPatch', 'patch': 7}
    """
    if isinstance(config, list):
        return [migrated(value) for value in config]
    if not isinstance(config, Mapping):
        return config
    values = {name: migrated(value) for name, value in config.items()}
    target = values.get("_target_")
    if not isinstance(target, str):
        return values
    module, _, name = target.rpartition(".")
    values["_target_"] = target = NAMES.get(target, f"{NAMES.get(module, module)}.{name}")
    renamed = OPTIONS.get(target, {})
    return {renamed.get(option, option): value for option, value in values.items()}
