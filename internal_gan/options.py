"""What a run is asked to do: the schema of the top-level keys of ``conf/config.yaml``.

Plain dataclasses of the standard library, so that every layer may import them. Their defaults are
those of ``conf/``, for callers without Hydra. The ``needs`` of a field completes the sentence "this
option needs ..." in an error message.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

TASKS = ("train", "sample")
LOGGERS = ("none", "tensorboard")
PRECISIONS = ("auto", "fp32", "bf16")


def _needs(text: str) -> dict[str, str]:
    return {"needs": text}


@dataclass
class TrainerOptions:
    """How long and how carefully to train, whatever the family.

    ``time`` is a budget such as ``"90s"``, ``"10m"`` or ``"1h"``; ``max_steps`` caps the steps of
    each stage; ``checkpoint_interval`` is in seconds; ``log_interval`` is in steps.
    """

    time: str | None = field(
        default=None, metadata=_needs("a duration such as 90s, 10m or 1h, or null")
    )
    steps_factor: float = field(default=1.0, metadata=_needs("a number above 0"))
    max_steps: int | None = field(
        default=None, metadata=_needs("a whole number of steps, 1 or more, or null")
    )
    checkpoint_interval: float = field(
        default=60.0, metadata=_needs("a number of seconds, 0 or more")
    )
    log_interval: int = field(default=25, metadata=_needs("a whole number of steps, 1 or more"))


@dataclass
class SampleOptions:
    """Which samples to write. ``size`` is (height, width) in pixels, null: the photo's own size;
    ``start_scale`` 0 is the coarsest; ``seed`` null: the run's seed."""

    count: int = field(default=8, metadata=_needs("a whole number, 1 or more"))
    size: list[int] | None = field(
        default=None,
        metadata=_needs(
            "two whole numbers [height,width] in pixels, such as sample.size=[300,800], or null"
        ),
    )
    start_scale: int = field(
        default=0, metadata=_needs("a whole number, 0 (the coarsest scale) or more")
    )
    seed: int | None = field(
        default=None, metadata=_needs("a whole number from 0 to 2**63 - 1, or null")
    )


@dataclass
class Options:
    """One run: the resolved configuration, checked."""

    task: str = field(default="train", metadata=_needs("one of " + ", ".join(TASKS)))
    image: str | None = field(default=None, metadata=_needs("the name of one image file"))
    output: str | None = field(default=None, metadata=_needs("the name of a new folder, or null"))
    checkpoint: str | None = field(default=None, metadata=_needs("the run folder of a model"))
    resume: str | None = field(default=None, metadata=_needs("the run folder of a training"))
    device: str = field(default="auto", metadata=_needs("auto, cpu, cuda, or cuda:N"))
    precision: str = field(default="auto", metadata=_needs("one of " + ", ".join(PRECISIONS)))
    seed: int = field(default=0, metadata=_needs("a whole number from 0 to 2**63 - 1"))
    logger: str = field(default="none", metadata=_needs("one of " + ", ".join(LOGGERS)))
    model: dict[str, Any] = field(
        default_factory=dict, metadata=_needs("the name of a model, such as model=singan")
    )
    trainer: TrainerOptions = field(
        default_factory=TrainerOptions,
        metadata=_needs("the name of a trainer, such as trainer=fast"),
    )
    sample: SampleOptions = field(
        default_factory=SampleOptions,
        metadata=_needs("its own options, such as sample.count=16"),
    )
