"""Old names of classes and options, which keep runs and models of earlier versions readable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Names of modules and classes until 0.1.0, and their current names.
NAMES = {
    f"internal_gan.{old}": f"internal_gan.{new}"
    for old, new in {
        "models.edgeconnect.EdgeConnect": "models.edgeconnect.training.EdgeConnectRecipe",
        "models.edgeconnect.Weights": "models.edgeconnect.losses.Weights",
        "models.edgeconnect.model.EdgeConnect": "models.edgeconnect.training.EdgeConnectRecipe",
        "models.edgeconnect.model.Weights": "models.edgeconnect.losses.Weights",
        "models.edgeconnect.cases": "models.edgeconnect.batches",
        "models.edgeconnect_cases": "models.edgeconnect.batches",
        "models.ingan.InGAN": "models.ingan.whole_training.InGANRecipe",
        "models.ingan.pyramid.InGANPyramid": "models.ingan.pyramid_training.InGANPyramidRecipe",
        "models.ingan.whole.InGAN": "models.ingan.whole_training.InGANRecipe",
        "models.ingan_pyramid.InGANPyramid": "models.ingan.pyramid_training.InGANPyramidRecipe",
        "models.scales": "models.ladder",
        "nn.dilated": "nn.generators.dilated_residual",
        "nn.features": "nn.perceptual",
        "nn.flexible": "nn.generators.shape_flexible",
        "nn.generators": "nn.generators.residual_patch",
        "nn.generators.dilated": "nn.generators.dilated_residual",
        "nn.generators.flexible": "nn.generators.shape_flexible",
        "nn.generators.patch": "nn.generators.residual_patch",
        "nn.patch_losses": "patches.losses",
    }.items()
}
# Old and new names of options, by the class that takes them now.
OPTIONS: dict[str, dict[str, str]] = {}
# Options that 0.1.0 did not have, with the values that keep its models as they were.
ADDED: dict[str, dict[str, Any]] = {
    "internal_gan.models.edgeconnect.losses.Weights": {"edge_entropy": 0.0},
    "internal_gan.models.edgeconnect.training.EdgeConnectRecipe": {
        "final_rates": None,
        "lines_first": False,
        "match_logits": False,
        "style_inside": False,
    },
    "internal_gan.models.ingan.pyramid_training.InGANPyramidRecipe": {
        "geometry": 0.0,
        "scale_count": "fewest",
    },
    "internal_gan.models.ingan.whole_training.InGANRecipe": {
        "noise_on": ["real", "input", "drawing"],
        "same_scales": False,
    },
}
# Tasks of 0.1.0 that are now commands in a checkout. The config.yaml of old runs has their options.
COMMANDS = {
    "evaluate_super_resolution": "benchmarks.super_resolution",
    "study": "benchmarks.study",
}


def migrated(config: Any) -> Any:
    """A model's configuration, written by any version, with the current names.

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
    values = {renamed.get(option, option): value for option, value in values.items()}
    return values | {k: v for k, v in ADDED.get(target, {}).items() if k not in values}
