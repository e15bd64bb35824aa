"""What the losses of all stages share."""

from collections.abc import Callable

from torch import Tensor

Losses = tuple[Tensor, dict[str, Tensor]]


class Terms:
    """A sum of named, weighted terms: the ``total`` to minimise, None before the first term, and
    for logs the detached ``scalars`` without their weights."""

    def __init__(self, step: int = 0) -> None:
        self.step = step
        self.total: Tensor | None = None
        self.scalars: dict[str, Tensor] = {}

    def add(self, name: str, value: Tensor, weight: float = 1.0) -> None:
        term = weight * value
        self.total = term if self.total is None else self.total + term
        self.scalars[name] = value.detach()

    def every(self, interval: int, name: str, value: Callable[[], Tensor], weight: float) -> None:
        """Add a term every ``interval`` steps; skip it if its weight is 0."""
        if weight and self.step % interval == 0:
            self.add(name, value(), weight)

    @property
    def losses(self) -> Losses:
        assert self.total is not None
        return self.total, self.scalars
