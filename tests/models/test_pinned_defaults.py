"""The first steps of each default, as they are. A change that is not meant to change results leaves
these numbers; one that is renews them: ``python -m tests.models.test_pinned_defaults``."""

import tempfile
from pathlib import Path
from typing import Any

import pytest

import internal_gan
from internal_gan.training.callbacks import Callback
from tests.tiny import picture

# For each loss, its value at the end of each stage that has it.
PINNED: dict[str, dict[str, dict[int, float]]] = {
    "singan": {
        # Processors lead the later scales' adversarial losses apart, by a half and more.
        "discriminator": {0: -1.418, 1: -1.151},
        "penalty": {0: 0.0, 1: 1.892},
        "generator": {0: -0.8165, 1: -0.1774},
        "reconstruction": {0: 0.2359, 1: 0.2215, 2: 0.2193, 3: 0.2143},
    },
    "ingan": {
        "discriminator": {0: 0.6471, 1: 0.3537, 2: 0.4757, 3: 0.2984, 4: 0.2575},
        "generator": {0: 0.4992, 1: 0.2254, 2: 0.3318, 3: 0.1976, 4: 0.1626},
        "nearest_patch": {0: 0.2258, 1: 0.1358, 2: 0.07658, 3: 0.0454, 4: 0.02851},
        "sliced_wasserstein": {0: 0.08895, 1: 0.07238, 2: 0.05767, 3: 0.04794, 4: 0.02778},
        "identity": {0: 0.001535, 1: 0.004426, 2: 0.003012, 3: 0.002703, 4: 0.002322},
        "cycle": {0: 0.0661, 1: 0.09888, 2: 0.0808, 3: 0.07254, 4: 0.06609},
    },
    "edgeconnect": {
        "discriminator": {0: 1.337, 1: 1.39, 2: 1.39, 3: 1.38},
        "generator": {0: 0.7619, 1: 0.7239, 2: 0.694, 3: 0.6933},
        "matching": {0: 0.1164},
        "entropy": {0: 0.8185},
        "l1": {1: 0.4643, 2: 0.2514, 3: 0.2437},
        "content": {1: 0.1908, 2: 0.1317, 3: 0.1024},
        "style": {1: 0.0003348, 2: 0.0002317, 3: 0.0001769},
    },
    "zssr": {"l1": {0: 0.0395}},
}
# Of the pictures at the end, which these numbers do not depend on, as few as possible.
FEW = {
    "singan": ["finish.detail=network", "sample.count=1"],
    "ingan": ["finish.detail=network", "retarget.shape=[100%,100%]"],
    "edgeconnect": ["finish.detail=network"],
}
# Processors differ by less, and what a step of another size changes is more.
TOLERANCE = 0.02


class Losses(Callback):
    """The losses of every stage's last step."""

    def __init__(self) -> None:
        self.found: dict[str, dict[int, float]] = {}

    def on_step(self, stage_index: int, step: int, steps: int, scalars: Any) -> None:
        for name, loss in (scalars or {}).items():
            self.found.setdefault(name, {})[stage_index] = float(f"{float(loss):.4g}")


def losses_of(model: str, folder: Path) -> dict[str, dict[int, float]]:
    losses = Losses()
    internal_gan.fit(
        (picture() + 1) / 2,
        model=model,
        output=folder,
        device="cpu",
        callbacks=[losses],
        overrides=[
            *("precision=fp32", "trainer.threads=1", "trainer.max_steps=3"),
            "trainer.log_interval=1",
            *FEW.get(model, []),
        ],
    )
    return losses.found


@pytest.mark.parametrize("model", PINNED)
def test_the_first_steps_of_a_default_are_as_they_were(model: str, tmp_path: Path) -> None:
    found = losses_of(model, tmp_path / "run")
    assert found.keys() == PINNED[model].keys()
    for name, pinned in PINNED[model].items():
        losses = {stage: found[name][stage] for stage in pinned}
        assert losses == pytest.approx(pinned, rel=TOLERANCE, abs=0.0005), name


if __name__ == "__main__":
    for family in PINNED:
        with tempfile.TemporaryDirectory() as made:
            print(family, losses_of(family, Path(made) / "run"))
