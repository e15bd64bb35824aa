"""ST-LPIPS follows its formula, whatever the form in which it is computed."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.judging.sifid import frechet_distance, gaussian
from internal_gan.judging.st_lpips import StLpips, deep_frechet, st_lpips
from tests.tiny import picture
from tests.wheels import st_lpips_tensors

NETWORK = StLpips(st_lpips_tensors())


def distance(real: Tensor, image: Tensor) -> float:
    """The sum of the weighted squared differences of five layers, written out."""
    weights = st_lpips_tensors()

    def blurred(x: Tensor, name: str) -> Tensor:
        return F.conv2d(
            F.pad(x, (2, 2, 2, 2), mode="reflect"),
            weights[f"net.{name}.filt"],
            None,
            2,
            0,
            1,
            x.shape[1],
        )

    def convolved(x: Tensor, name: str, padding: int) -> Tensor:
        return F.conv2d(x, weights[f"net.{name}.weight"], weights[f"net.{name}.bias"], 1, padding)

    def layers(image: Tensor) -> list[Tensor]:
        x = (image - weights["scaling_layer.shift"]) / weights["scaling_layer.scale"]
        one = F.relu(blurred(convolved(x, "slice1.0", 2), "slice1.1"))
        two = F.relu(convolved(blurred(F.max_pool2d(one, 3, 1), "slice2.4"), "slice2.5", 2))
        three = F.relu(convolved(blurred(F.max_pool2d(two, 3, 1), "slice3.8"), "slice3.9", 1))
        four = F.relu(convolved(three, "slice4.11", 1))
        return [one, two, three, four, F.relu(convolved(four, "slice5.13", 1))]

    total = 0.0
    for number, maps in enumerate(zip(layers(real), layers(image), strict=True)):
        one, other = (x / (x.square().sum(dim=1, keepdim=True).sqrt() + 1e-10) for x in maps)
        apart = (one - other).square() * weights[f"lin{number}.model.1.weight"]
        total += float(apart.sum(dim=1).mean())
    return total


def test_the_distance_is_the_published_formula() -> None:
    one, other = picture(), picture(seed=1)
    assert st_lpips(NETWORK, one, one) == 0
    assert st_lpips(NETWORK, one, other) == pytest.approx(distance(one, other), rel=1e-4)


def test_inside_a_mask_only_its_surroundings_count() -> None:
    photo = picture(160, 160)
    changed, mask = photo.clone(), torch.zeros(1, 1, 160, 160)
    changed[..., 20:40, 20:40] *= -1
    mask[..., 20:40, 20:40] = 1
    inside, outside = (st_lpips(NETWORK, photo, changed, m) for m in (mask, mask.flip(-1, -2)))
    everywhere = st_lpips(NETWORK, photo, changed)
    assert inside is not None
    assert everywhere is not None
    assert inside > 2 * everywhere
    assert outside == 0
    assert st_lpips(NETWORK, photo, changed, mask + 1 - mask) == pytest.approx(everywhere)


def test_the_deep_frechet_distance_is_that_of_the_last_layer() -> None:
    one, other = picture(), picture(48, 80, seed=1)
    maps = [gaussian(NETWORK.maps(image)[4]) for image in (one, other)]
    assert deep_frechet(NETWORK, one, other) == pytest.approx(frechet_distance(*maps))
    assert deep_frechet(NETWORK, one, one) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("side", "is_judged"), [(20, False), (21, True)])
def test_pictures_that_are_too_small_are_left_out(side: int, is_judged: bool) -> None:
    one, other = picture(side, 40), picture(side, 40, seed=1)
    assert (st_lpips(NETWORK, one, other) is not None) == is_judged
    assert (deep_frechet(NETWORK, one, other) is not None) == is_judged
    assert st_lpips(NETWORK, picture(20, 800), picture(20, 800)) is None


def test_long_pictures_are_shrunk_by_one_factor() -> None:
    one, other = picture(100, 1024), picture(100, 512, seed=1)
    shrunk = [F.interpolate(x, scale_factor=0.5, mode="area") for x in (one, other)]
    found = deep_frechet(NETWORK, one, other)
    assert found == pytest.approx(deep_frechet(NETWORK, *shrunk), rel=0.05)
