"""Write the network of a trained SinGAN or InGAN as an ONNX file, which runs without torch.

python examples/export_onnx.py runs/photo-singan/2026-01-31_10-00-00 network.onnx

It needs `pip install onnx onnxruntime onnxscript`. The file draws `picture`, (1, 3, H, W) in
[-1, 1], as the network draws it; results made of the photo's own pixels come from a search through
the photo, which is no network.

* A SinGAN takes normal noise for each scale: `noise_0`, (1, 1, h, w), of standard deviation 1, then
  `noise_1` and so on, (1, 3, h, w). `task=sample` gives these a standard deviation of
  `model.detail_noise`. The picture has the size of the last one.
* An InGAN, in its fast form, takes `coarse`, (1, 3, h, w) in [-1, 1]: the photo at the size of its
  coarsest scale, resized to the shape wanted.

The script prints the sizes that the scales were trained at. Others should be in proportion.
"""

import argparse
import logging
import sys
import warnings

import onnxruntime
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import internal_gan
from internal_gan.images.resize import resize

# The largest mean difference of values in [-1, 1], an eighth of a level of 8 bits.
CLOSE = 1e-3


class Sampler(nn.Module):
    """A SinGAN as a function of its noise."""

    def __init__(self, network):
        super().__init__()
        self.network = network
        network.tile_pixels = sys.maxsize  # the file draws a picture of any size in one piece
        self.names = [f"noise_{scale}" for scale in range(network.finished)]

    def inputs(self, widened: float = 1) -> list[Tensor]:
        """Noise for a picture of the trained size, or a wider one."""
        last = self.network.finished - 1
        height, width = self.network.sizes[last]
        sizes = self.network.sizes_for((height, round(width * widened)), last)
        return [torch.randn(1, 3 if scale else 1, *size) for scale, size in enumerate(sizes)]

    def forward(self, noises: list[Tensor]) -> Tensor:
        def noise(scale, size):
            margins = (self.network.margins[scale],) * 4
            scaled = F.pad(noises[scale] * self.network.noise_std[scale], margins)
            return scaled.expand(-1, 3, -1, -1)

        return self.network.synthesise([given.shape[-2:] for given in noises], noise).clamp(-1, 1)


class Repainter(nn.Module):
    """A fast InGAN as a function of the photo at the coarsest scale."""

    names = ("coarse",)

    def __init__(self, network):
        super().__init__()
        self.network = network

    def inputs(self, widened: float = 1) -> list[Tensor]:
        """The photo at the trained size, or wider."""
        height, width = self.network.sizes[0]
        return [resize(self.network.real(0), (height, round(width * widened)))]

    def forward(self, given: list[Tensor]) -> Tensor:
        (coarse,) = given
        height, width = coarse.shape[-2:]
        rows, columns = self.network.sizes[0]
        trained = self.network.sizes[: self.network.finished]
        sizes = [(height * h // rows, width * w // columns) for h, w in trained]
        return self.network.synthesise(coarse, sizes).clamp(-1, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("run", help="run folder of the training")
    parser.add_argument("file", help="ONNX file to write")
    wanted = parser.parse_args()

    network = internal_gan.load(wanted.run, device="cpu", dtype=torch.float32).network
    if not hasattr(network, "synthesise") or getattr(network, "noise_padding", "zero") != "zero":
        parser.error(f"{wanted.run}: not a SinGAN with noise_padding=zero or an InGAN's fast form")
    graph = (Sampler if network.family == "singan" else Repainter)(network).eval()
    inputs = graph.inputs()
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        any_size = [{2: torch.export.Dim.AUTO, 3: torch.export.Dim.AUTO}] * len(inputs)
        program = torch.export.export(graph, (inputs,), dynamic_shapes=(any_size,))
        converted = torch.onnx.export(
            program, input_names=graph.names, output_names=["picture"], dynamo=True, verbose=False
        )
    converted.save(wanted.file)

    session = onnxruntime.InferenceSession(wanted.file)
    inputs = graph.inputs(widened=1.6)
    arrays = {name: given.numpy() for name, given in zip(graph.names, inputs, strict=True)}
    picture = torch.from_numpy(session.run(["picture"], arrays)[0])
    with torch.no_grad():
        difference = (picture - graph(inputs)).abs().mean()
    print("Sizes of the scales:", *(f"{h}x{w}" for h, w in network.sizes[: network.finished]))
    size = "x".join(map(str, picture.shape[-2:]))
    print(f"At {size}, the file's values differ from torch's by {difference:.1g} on average")
    if not difference < CLOSE:
        sys.exit(f"{wanted.file} does not draw what the network draws")


if __name__ == "__main__":
    main()
