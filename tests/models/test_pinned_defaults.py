"""The first steps of each default, as they are. A change that is not meant to change results leaves
these numbers; one that is renews them: ``python -m tests.models.test_pinned_defaults``."""

import tempfile
from pathlib import Path

import pytest

import internal_gan
from internal_gan.training.callbacks import Callback
from tests.tiny import picture

PINNED: dict[str, dict[str, float]] = {
    "singan": {
        "0 discriminator": -1.415,
        "0 penalty": 0.0,
        "0 generator": -0.8151,
        "0 reconstruction": 0.2361,
        "1 discriminator": -1.147,
        "1 penalty": 1.49,
        "1 generator": -0.1994,
        "1 reconstruction": 0.2213,
        "2 discriminator": -1.243,
        "2 penalty": 10.3,
        "2 generator": 0.3455,
        "2 reconstruction": 0.2201,
        "3 discriminator": -0.1938,
        "3 penalty": 0.0,
        "3 generator": -0.05211,
        "3 reconstruction": 0.2156,
    },
    "ingan": {
        "0 discriminator": 0.6471,
        "0 generator": 0.4992,
        "0 nearest_patch": 0.2258,
        "0 sliced_wasserstein": 0.08895,
        "0 identity": 0.001535,
        "0 cycle": 0.0661,
        "1 discriminator": 0.3537,
        "1 generator": 0.2254,
        "1 nearest_patch": 0.1358,
        "1 sliced_wasserstein": 0.07238,
        "1 identity": 0.004426,
        "1 cycle": 0.09888,
        "2 discriminator": 0.4757,
        "2 generator": 0.3318,
        "2 nearest_patch": 0.07658,
        "2 sliced_wasserstein": 0.05767,
        "2 identity": 0.003012,
        "2 cycle": 0.0808,
        "3 discriminator": 0.2984,
        "3 generator": 0.1976,
        "3 nearest_patch": 0.0454,
        "3 sliced_wasserstein": 0.04794,
        "3 identity": 0.002703,
        "3 cycle": 0.07254,
        "4 discriminator": 0.2575,
        "4 generator": 0.1626,
        "4 nearest_patch": 0.02851,
        "4 sliced_wasserstein": 0.02778,
        "4 identity": 0.002322,
        "4 cycle": 0.06609,
    },
    "edgeconnect": {
        "0 discriminator": 1.337,
        "0 generator": 0.7619,
        "0 matching": 0.1164,
        "0 entropy": 0.8185,
        "1 discriminator": 1.39,
        "1 generator": 0.7239,
        "1 l1": 0.4643,
        "1 content": 0.1908,
        "1 style": 0.0003348,
        "2 discriminator": 1.39,
        "2 generator": 0.694,
        "2 l1": 0.2514,
        "2 content": 0.1317,
        "2 style": 0.0002317,
        "3 discriminator": 1.38,
        "3 generator": 0.6933,
        "3 l1": 0.2437,
        "3 content": 0.1024,
        "3 style": 0.0001769,
    },
}
# Of the pictures at the end, which these numbers do not depend on, as few as possible.
FEW = {"singan": ["sample.count=1"], "ingan": ["retarget.scale=[1,1]"]}
# Processors differ by less, and what a step of another size changes is more.
TOLERANCE = 0.02


class Losses(Callback):
    """The losses of every stage's last step, by ``STAGE LOSS``."""

    def __init__(self) -> None:
        self.found: dict[str, float] = {}

    def on_step(
        self, stage_index: int, step: int, steps: int, scalars: dict[str, float] | None
    ) -> None:
        self.found |= {
            f"{stage_index} {name}": float(loss) for name, loss in (scalars or {}).items()
        }


def losses_of(model: str, folder: Path) -> dict[str, float]:
    losses = Losses()
    internal_gan.fit(
        (picture() + 1) / 2,
        model=model,
        output=folder,
        device="cpu",
        callbacks=[losses],
        overrides=[
            "precision=fp32",
            "trainer.threads=1",
            "trainer.max_steps=3",
            "trainer.log_interval=1",
            "finish.detail=network",
            *FEW.get(model, []),
        ],
    )
    return losses.found


@pytest.mark.parametrize("model", ["singan", "ingan", "edgeconnect"])
def test_the_first_steps_of_a_default_are_as_they_were(model: str, tmp_path: Path) -> None:
    assert losses_of(model, tmp_path / "run") == pytest.approx(
        PINNED[model], rel=TOLERANCE, abs=0.0005
    )


if __name__ == "__main__":
    for family in ("singan", "ingan", "edgeconnect"):
        with tempfile.TemporaryDirectory() as made:
            found = losses_of(family, Path(made) / "run")
            print(family, {name: float(f"{loss:.4g}") for name, loss in found.items()})
