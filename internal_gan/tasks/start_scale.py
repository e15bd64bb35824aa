"""The scale at which a task starts."""

from internal_gan.errors import UserError
from internal_gan.models.base import Model


def check_start_scale(
    model: Model, task: str, scale: int, first: int = 0, others: str = ""
) -> None:
    """Raise a UserError if a model has no such scale, or has not finished it.

    Args:
        model: finished, partly trained, or untrained, which counts as finished.
        first: the lowest scale that is allowed.
        others: what else is allowed, to complete the message.
    """
    count = model.finished or model.num_stages
    if scale >= count:
        what = f"this model has {count} scales"
        if model.finished:
            what = f"{count} of the model's {model.num_stages} scales are finished"
        raise UserError(
            f"{task}.start_scale={scale}: {what}; allowed: {first} to {count - 1}{others}"
        )
