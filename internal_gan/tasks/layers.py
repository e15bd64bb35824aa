"""The layers of a photo, rearranged like results made of its pixels."""

from dataclasses import replace
from pathlib import Path

from internal_gan.errors import UserError
from internal_gan.finishing.layers import Layer, read_layer
from internal_gan.runs.source import Source
from internal_gan.units import Size

FILES, LABELS = "layers.files", "layers.labels"


def read_layers(given: Source, trained: Source, size: Size, *, learnt: bool = True) -> list[Layer]:
    """The layers given to the run or, if none, to its model's training.

    Args:
        given, trained: the inputs of the run and of the training.
        size: (height, width) of the photo.
        learnt: whether the photo is the training photo, so that the training's layers fit it.

    Raises:
        UserError: a file cannot be read, has another size or the name of another layer, or is
            listed as labels but not as a layer; or the model was trained on several photos.
    """
    source = given if given.files(FILES) or not learnt else trained
    files = source.files(FILES)
    # The file names of layers differ, so they tell those of the training without their folder.
    labels = [Path(name) for name, _ in given.files(LABELS) or source.files(LABELS)]
    for path in labels:
        if path.name not in [Path(name).name for name, _ in files]:
            raise UserError(f"layers.labels={path}: not one of the files in layers=")
    if files and learnt and trained.count > 1:
        raise UserError(
            f"layers={files[0][0]}: the model was trained on several photos; allowed: one"
        )
    layers: list[Layer] = []
    for name, path in files:
        try:
            # The copy in the run folder has another name.
            is_label = Path(name).name in [label.name for label in labels]
            layer = replace(read_layer(path, is_label), name=Path(name).stem)
        except UserError as error:
            raise UserError(f"layers={error}") from error
        if layer.size != size:
            sizes = [f"{height}x{width}" for height, width in (layer.size, size)]
            raise UserError(f"layers={name}: {sizes[0]} pixels; the photo has {sizes[1]}")
        if layer.name in [other.name for other in layers]:
            raise UserError(f"layers={name}: another layer is also called {layer.name}; rename one")
        layers.append(layer)
    return layers


def refuse_layers(source: Source, what: str, allowed: str) -> None:
    """Raise a UserError if layers were given, which ``what`` does not support."""
    if files := source.files(FILES):
        raise UserError(f"layers={files[0][0]}: not possible with {what}; allowed: {allowed}")
