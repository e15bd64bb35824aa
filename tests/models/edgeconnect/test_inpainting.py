"""Holes in images of any size are filled by a model that records its inputs."""

import copy
from typing import Any

import torch
from torch import Tensor, nn

from internal_gan.images.photo import Photo
from internal_gan.models.edgeconnect.model import EdgeConnect, windows
from tests.tiny import holes, picture

SIZE = (700, 1000)
# Two holes so near to each other that the window around the first shows a part of the second.
NEAR = holes(SIZE, (20, 30, 20, 40), (20, 134, 20, 40))


class Recorder(EdgeConnect):
    """Fills holes with 0.5, with no other part of the model."""

    def __init__(self, largest: int = 512, scale: float = 1.0) -> None:
        nn.Module.__init__(self)
        self.largest, self.scale, self.detector = largest, scale, None
        self.seen: list[Any] = []  # image, hole, edges and what is excluded

    def inpaint(self, image: Tensor, hole: Tensor, **how: Any) -> tuple[Tensor, Tensor]:
        edges = how["edges"]
        self.seen.append(copy.deepcopy((image, hole, edges, how["excluded"])))
        return torch.where(hole > 0, 0.5, image), hole if edges is None else edges

    @property
    def shown(self) -> list[tuple[int, ...]]:
        return [tuple(image.shape[-2:]) for image, *_ in self.seen]


def test_a_small_image_is_processed_whole() -> None:
    image, hole = picture(60, 80), holes((60, 80), (10, 10, 8, 9), (40, 60, 5, 5))
    model = Recorder()
    drawn, edges, *_ = model.fill(Photo(image), hole, None, hole, None)
    assert model.shown == [(60, 80)]
    assert torch.equal(Photo(image).with_drawn(drawn).colours, torch.where(hole > 0, 0.5, image))
    assert torch.equal(torch.as_tensor(edges), hole)


def test_in_a_large_image_each_hole_gets_a_full_resolution_window() -> None:
    image, hole = picture(*SIZE), holes(SIZE, (20, 30, 20, 40), (600, 900, 30, 30))
    model = Recorder(largest=256)
    filled = Photo(image).with_drawn(model.fill(Photo(image), hole, None, hole, None).drawn).colours
    assert len(model.seen) == 2
    assert all(max(sizes) <= 256 for sizes in model.shown)
    # Windows include enough surroundings, at the photo's own resolution.
    assert min(min(sizes) for sizes in model.shown) >= 30 + 64
    assert torch.equal(filled, torch.where(hole > 0, 0.5, image))
    assert sum(float(h.sum()) for _, h, *_ in model.seen) == float(hole.sum())


def test_a_later_window_keeps_what_an_earlier_one_filled() -> None:
    model = Recorder(largest=256)
    model.fill(Photo(picture(*SIZE)), NEAR, None, NEAR, None)
    _, second = windows(NEAR, 1.0, 256)
    image, left, *_ = model.seen[1]
    filled = (NEAR[(..., *second)] > 0) & (left == 0)
    assert filled.any()
    assert (image[filled.expand_as(image)] == 0.5).all()
    assert sum(float(h.sum()) for _, h, *_ in model.seen) == float(NEAR.sum())


def test_a_hole_larger_than_a_window_is_filled_at_a_lower_resolution() -> None:
    size = (900, 1200)
    image, hole = picture(*size), holes(size, (100, 100, 600, 800))
    model = Recorder(largest=256)
    filled = Photo(image).with_drawn(model.fill(Photo(image), hole, None, hole, None).drawn).colours
    assert [max(sizes) for sizes in model.shown] == [256]
    inside = (hole > 0).expand_as(image)
    assert torch.equal(filled[~inside], image[~inside])
    assert float((filled[inside] - 0.5).abs().mean()) < 0.05


def test_given_edges_are_resized_to_the_models_scale() -> None:
    model = Recorder(scale=0.5)
    hole, drawn = holes((60, 80), (20, 20, 20, 30)), holes((60, 80), (30, 0, 1, 80))
    model.fill(Photo(picture(60, 80)), hole, drawn, hole, None)
    edges = model.seen[0][2]
    assert edges.shape[-2:] == (30, 40)
    assert bool((edges[..., 15, :] == 1).all())


def test_windows_hold_their_holes() -> None:
    hole = holes((800, 900), (0, 0, 30, 30), (400, 850, 100, 50), (790, 5, 10, 300))
    for scale in (1.0, 0.7):
        found = list(windows(hole, scale, 300))
        covered = torch.zeros_like(hole)
        for window in found:
            covered[(..., *window)] = 1
        assert bool((covered >= hole).all())
    assert list(windows(torch.zeros(1, 1, 9, 9), 1.0, 300)) == []


def test_no_patch_comes_from_a_barred_region_or_another_hole() -> None:
    model = Recorder(largest=256)
    closed = torch.maximum(NEAR, holes(SIZE, (60, 0, 10, 300)))
    model.fill(Photo(picture(*SIZE)), NEAR, None, closed, None)
    columns = [excluded.sum(dim=2).flatten() for *_, excluded in model.seen]
    assert {float(found.min()) for found in columns} == {10}  # the excluded region below both
    assert (columns[0] == 30).sum() == 40 + 34
    assert (columns[1] == 30).sum() == 40
