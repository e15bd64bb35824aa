"""The files next to an exported network: a README, and a program that uses it."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from internal_gan.files import atomic_write
from internal_gan.models.ingan.retargeting import RetargetModel
from internal_gan.tasks.export.graphs import Export, SamplerExport, WholeExport
from internal_gan.version import __version__

FILES = ("README.md", "use.py")


def explain(folder: Path, made: Export, file: str, difference: str) -> None:
    """Write ``FILES`` next to an exported network.

    Args:
        file: its name.
        difference: between its pictures and the model's, in words.
    """
    environment = Environment(
        loader=PackageLoader("internal_gan.tasks.export"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    model = made.model
    sampler = made if isinstance(made, SamplerExport) else None
    low, high = model.scale_range if isinstance(model, RetargetModel) else (1, 1)
    facts = {
        "file": file,
        "version": __version__,
        "onnx": file.endswith(".onnx"),
        "difference": difference,
        "rounds": made.rounds,
        "sampler": sampler is not None,
        "whole": isinstance(made, WholeExport),
        "start": sampler.start if sampler else 0,
        "scales": sampler.scales if sampler else (),
        "beyond": sampler.beyond if sampler else [],
        "image": None if made.image is None else tuple(made.image.shape[-2:]),
        "sizes": made.sizes,
        "example": made.sizes[0],
        "scale_sizes": [list(size) for size in model.sizes[: model.finished]],
        "learnt": model.sizes[model.finished - 1],
        "photos": "one photo" if len(model.images) == 1 else f"{len(model.images)} photos",
        "low": low,
        "high": high,
        "task": model.task,
    }
    for name in FILES:
        with atomic_write(folder / name) as temporary:
            text = environment.get_template(f"{name}.jinja").render(facts)
            temporary.write_text(text, encoding="utf-8")
