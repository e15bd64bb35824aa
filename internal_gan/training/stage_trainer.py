"""A stage in training: networks, optimisers, averaged weights and precision."""

import copy
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from internal_gan.models.base import Stage
from internal_gan.models.losses import Losses
from internal_gan.nn.blocks import update_spectral_norms
from internal_gan.process_settings import temporary
from internal_gan.training.graphs import StepGraphs, count

# cuDNN spends milliseconds planning each new size (docs/results/gpu.md). The switch is
# process-wide, so other threads lose cuDNN, too.
_without_cudnn = temporary(torch.backends.cudnn, "enabled", False)


class NotFiniteError(Exception):
    """A loss, a gradient or a weight is infinite or not a number."""


class StageTrainer:
    """A stage with its optimisers and averaged generator.

    Between steps, the caller may change ``precision``, the dtype of convolutions; it counts
    ``step``, those done. ``graphs``: whether a card may take steps as CUDA graphs.
    """

    def __init__(self, stage: Stage, precision: torch.dtype, graphs: bool = True) -> None:
        self.stage = stage
        self.graphs = StepGraphs(stage, graphs)
        self.step = 0
        self.precision = precision
        settings = stage.optimization
        self.rates = (settings.generator_lr, settings.discriminator_lr)
        self._networks = [n for n in (stage.generator, stage.discriminator) if n is not None]
        for network in self._networks:
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            network.train()
        self.device = next(stage.generator.parameters()).device
        betas = (float(settings.betas[0]), float(settings.betas[1]))
        captured = self.graphs.active
        rates = [torch.tensor(lr, device=self.device) if captured else lr for lr in self.rates]
        self.optimizers = [
            torch.optim.Adam(network.parameters(), lr, betas, fused=True, capturable=captured)
            for network, lr in zip(self._networks, rates, strict=False)
        ]
        self.ema: list[Tensor] | None = None
        if settings.ema is not None:
            self.ema = [t.clone() for t in _averaged(stage.generator)]
        # The sum of all losses and gradient norms: not finite as soon as any of them is not.
        self._sum = torch.zeros((), device=self.device)

    def take_step(self) -> dict[str, Tensor]:
        """Update the discriminator, if there is one, then the generator, each as often as a step
        does, and the average of its weights; detached scalars, until the next step.

        On the CPU, NotFiniteError is raised before weights are affected. On a GPU, call
        :meth:`check_finite`, which waits for the device.
        """
        factor = self.stage.optimization.lr_factor(self.step, self.stage.steps)
        for optimizer, rate in zip(self.optimizers, self.rates, strict=False):
            group = optimizer.param_groups[0]
            now = rate * factor
            lr = group["lr"]
            group["lr"] = lr.fill_(now) if isinstance(lr, Tensor) else now
        count(self.stage, self.step)
        scalars = self.graphs.take(self.graphs.prepare(self.precision), self._both)
        if self.ema is not None and self.stage.optimization.ema is not None:
            # Early on the average follows faster, so that the random initial weights fade.
            decay = min(self.stage.optimization.ema, (1 + self.step) / (10 + self.step))
            torch._foreach_lerp_(self.ema, _averaged(self.stage.generator), 1 - decay)
        self.step += 1
        count(self.stage, self.step)
        return scalars

    def _both(self) -> dict[str, Tensor]:
        stage = self.stage
        scalars = dict[str, Tensor]()
        count(stage, self.step)
        if stage.discriminator is not None:
            for _ in range(stage.discriminator_steps):
                scalars |= self._minimise(stage.discriminator_loss, 1)
                stage.judged += 1
            stage.discriminator.requires_grad_(False)
        try:
            for _ in range(stage.generator_steps):
                scalars |= self._minimise(stage.generator_loss, 0)
                stage.step += 1
        finally:
            if stage.discriminator is not None:
                stage.discriminator.requires_grad_(True)
        return scalars

    def _minimise(self, loss: Callable[[], Losses], network: int) -> dict[str, Tensor]:
        optimizer = self.optimizers[network]
        optimization = self.stage.optimization
        mixed = self.precision != torch.float32
        optimizer.zero_grad(set_to_none=True)
        # Autocast's cache of weights belongs to the process: another thread would clear it midway.
        varied = self.stage.sizes_vary and not self.graphs.active
        with _without_cudnn() if varied else nullcontext():
            with torch.autocast(self.device.type, self.precision, mixed, cache_enabled=False):
                total, scalars = loss()
            torch.autograd.backward(total)
        weights = optimizer.param_groups[0]["params"]
        norm = get_total_norm([w.grad for w in weights if w.grad is not None])
        self._sum += total.detach() + norm
        if self.device.type == "cpu" and not self._sum.isfinite():
            raise NotFiniteError
        if optimization.clip is not None:
            clip_grads_with_norm_(weights, optimization.clip, norm)
        optimizer.step()
        return scalars

    def check_finite(self) -> None:
        """Wait for the device, and raise a NotFiniteError unless all numbers are finite."""
        weights = [p.detach().sum() for network in self._networks for p in network.parameters()]
        if not torch.stack([self._sum, *weights]).isfinite().all():
            raise NotFiniteError

    def finish(self) -> None:
        """Give the averaged weights to the generator and close the stage."""
        self.graphs.clear()
        if self.ema is not None:
            for tensor, average in zip(_averaged(self.stage.generator), self.ema, strict=True):
                tensor.copy_(average)
            update_spectral_norms(self.stage.generator)
        self.stage.finish()

    def state_dict(self) -> dict[str, Any]:
        """Everything a step depends on; shares tensors with the stage."""
        return {
            "step": self.step,
            "rng": self.stage.rng.get_state(),
            "networks": [network.state_dict() for network in self._networks],
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "ema": self.ema,
            "stage_state": self.stage.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the result of :meth:`state_dict`; ``state`` is not changed."""
        self.graphs.clear()
        for network, saved in zip(self._networks, state["networks"], strict=True):
            network.load_state_dict(saved)
        # Copied, because optimisers and stages keep the tensors that they load.
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            own = optimizer.state_dict()["param_groups"]  # which depend on whether there are graphs
            optimizer.load_state_dict({**copy.deepcopy(saved), "param_groups": own})
        if self.ema is not None:
            for average, saved in zip(self.ema, state["ema"], strict=True):
                average.copy_(saved)
        self.stage.load_state_dict(copy.deepcopy(state["stage_state"]))
        self.stage.rng.set_state(state["rng"].cpu())
        self.step = int(state["step"])
        count(self.stage, self.step)
        self._sum.zero_()

    def keep(self) -> None:
        """Keep the current state for :meth:`go_back`."""
        self._kept = copy.deepcopy(self.state_dict())

    def go_back(self) -> None:
        """Return to the state that was kept last."""
        self.load_state_dict(self._kept)


def _averaged(network: nn.Module) -> list[Tensor]:
    """Weights, and the batch norm statistics that belong to them."""
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    statistics = [t for m in norms for t in (m.running_mean, m.running_var) if t is not None]
    return [*(p.detach() for p in network.parameters()), *statistics]
