"""The families of models, each listed once, and what their models can do. Does not load torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from internal_gan.config.catalogue import (
    ANIMATES,
    ENLARGES,
    FILLS,
    INJECTS,
    RETARGETS,
    SAMPLES,
    SPECS,
    Ability,
)
from internal_gan.errors import UserError


@dataclass(frozen=True)
class Family:
    """A family of models, whose code is in ``internal_gan/models/NAME``.

    Attributes:
        title: its name in text.
        abilities: what its models can do; a training ends with the first.
        minutes: how long a training takes by default, in words.
    """

    title: str
    abilities: tuple[Ability, ...]
    minutes: str = "some minutes"

    @property
    def ending(self) -> Ability:
        """What a training ends with."""
        return self.abilities[0]


FAMILIES = {
    "patches": Family(
        "Patches", (SAMPLES, RETARGETS, FILLS, INJECTS, ANIMATES, ENLARGES), "no time"
    ),
    "singan": Family("SinGAN", (SAMPLES, INJECTS, ANIMATES, ENLARGES), "one to two minutes"),
    "ingan": Family("InGAN", (RETARGETS,), "about three minutes"),
    "edgeconnect": Family("EdgeConnect", (FILLS,), "one to two minutes"),
}


def family_of(model: Mapping[str, Any]) -> str:
    """The family that a model's configuration names by its class, or an empty string.

    >>> family_of({"_target_": "internal_gan.models.ingan.pyramid_training.InGANPyramidRecipe"})
    'ingan'
    """
    parts = str(model.get("_target_", "")).split(".")
    return parts[2] if len(parts) > 3 else ""


def is_trained(model: Mapping[str, Any]) -> bool:
    """Whether a model's configuration names a family that is trained; the photo's own patches need
    no training."""
    return family_of(model) not in ("", "patches")


def check_trains(model: Mapping[str, Any]) -> None:
    """Raise a UserError for a model's configuration that names the photo's own patches."""
    if family_of(model) == "patches":
        raise UserError(
            "model=patches: there is nothing to train; name a task, such as sample, or a model "
            "that is trained: model=singan, ingan or edgeconnect"
        )


def ending_of(family: str) -> str:
    """The task that a family's training ends with."""
    return FAMILIES[family].ending.task


def families_for(task: str) -> list[str]:
    """The families whose models can do a task.

    >>> families_for("animate")
    ['patches', 'singan']
    """
    needs = SPECS[task].needs
    return [name for name, family in FAMILIES.items() if set(needs) & set(family.abilities)]


def check_able(family: str, task: str, where: str) -> None:
    """Raise a UserError if a family's models, named ``where``, cannot do a task."""
    spec, able = SPECS[task], families_for(task)
    if family not in able:
        can = " or ".join(ability.verb for ability in spec.needs)
        raise UserError(
            f"{where}: a model of {family}; task={task} needs one that {can}: {', '.join(able)}"
            + (f"; for its results: {spec.instead}=FOLDER" if spec.instead else "")
        )
