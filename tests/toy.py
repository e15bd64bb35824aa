"""A family whose whole training can be worked out by hand: two numbers that go down or up.

Both losses are a weight itself, so that Adam moves it by exactly the learning rate each step.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from internal_gan.models.base import Losses, Model, Optimization, Stage

RATE = 0.01


class Number(nn.Module):
    """One weight, zero at first."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))


class ToyStage(Stage):
    """Generator and discriminator are each a number that is to become small."""

    def __init__(self, model: "ToyModel", index: int) -> None:
        self.name = f"toy {index}"
        self.size = model.sizes[index]
        self.optimization = model.optimization
        self.discriminator_steps, self.generator_steps = model.updates
        self.generator, self.discriminator = Number(), Number()
        self.model = model
        self.index = index

    def discriminator_loss(self) -> Losses:
        return self._loss("D", self.discriminator)

    def generator_loss(self) -> Losses:
        return self._loss("G", self.generator)

    def _loss(self, name: str, network: nn.Module) -> Losses:
        generator, discriminator = (
            n.get_parameter("weight").requires_grad for n in (self.generator, self.discriminator)
        )
        self.model.calls.append((name, generator, discriminator))
        total = self.model.loss(self.index, network.get_parameter("weight"))
        return total, {name: total.detach()}

    def finish(self) -> None:
        self.generator.requires_grad_(False)
        self.model.generators.append(self.generator)

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        pass


class ToyModel(Model):
    """``stages`` stages of ``steps`` steps; ``loss(stage, weight)`` is what is minimised."""

    family: ClassVar[str] = "toy"
    device_marker: Tensor

    def __init__(
        self,
        *,
        stages: int = 2,
        steps: int = 10,
        optimization: Optimization | None = None,
        updates: tuple[int, int] = (1, 1),
        loss: Callable[[int, Tensor], Tensor] = lambda stage, weight: weight.sum(),
    ) -> None:
        super().__init__()
        self.register_buffer("device_marker", torch.zeros(1))
        self.sizes = [(8, 8)] * stages
        self.steps = [steps] * stages
        self.optimization = optimization or Optimization(
            generator_lr=RATE, discriminator_lr=2 * RATE, decay_start=1.0
        )
        self.updates = updates
        self.loss = loss
        self.generators = nn.ModuleList()
        self.calls = Calls()

    @property
    def finished(self) -> int:  # type: ignore[override]
        return len(self.generators)

    def prepare(self, pixels: Tensor, *others: Tensor) -> None:
        pass

    def stage(self, index: int, previous: Stage | None, rng: torch.Generator) -> ToyStage:
        return ToyStage(self, index)

    def preview(self) -> Tensor:
        return torch.zeros(1, 3, 8, 8)

    def metadata(self) -> dict[str, Any]:
        return {"finished": self.finished}

    def restore(self, metadata: Mapping[str, Any]) -> None:
        for _ in range(metadata["finished"]):
            self.generators.append(Number())

    def weights(self) -> list[float]:
        """The finished generators' numbers."""
        return [float(g.get_parameter("weight").detach()) for g in self.generators]


class Calls(list[tuple[str, bool, bool]]):
    """Which loss was asked for, and whether G's and D's weights then wanted gradients.

    A copy of the model, on which the engine tries a few steps first, begins with an empty list.
    """

    def __deepcopy__(self, memo: dict[int, Any]) -> "Calls":
        return Calls()
