"""Checks the overrides of trainings before the first one starts."""

from collections.abc import Collection, Sequence

from internal_gan.config.arguments import key_of, prepare
from internal_gan.config.compose import compose
from internal_gan.errors import UserError


def check_overrides(overrides: Sequence[str], own: Collection[str]) -> None:
    """Check the overrides of every training.

    Args:
        own: options and groups of options that the benchmark itself sets.

    Raises:
        UserError: an override is wrong, or the benchmark sets it itself.
    """
    for override in overrides:
        if key_of(override).partition(".")[0] in own:
            raise UserError(f"{override}: the benchmark sets {key_of(override)} itself")
    compose(prepare(overrides))
