"""Random holes: how much they cover, where they lie, and that only the seed decides."""

from itertools import islice

import numpy as np
import pytest
import torch

from internal_gan.images.random_holes import KINDS, _pieces, random_box, random_strokes
from tests.tiny import rng


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ratio", [0.02, 0.3, 0.8])
@pytest.mark.parametrize("size", [(48, 160), (97, 61)])
def test_the_hole_covers_the_wanted_share(kind: str, ratio: float, size: tuple[int, int]) -> None:
    for seed in range(3):
        hole = KINDS[kind](size, ratio, rng(seed))
        assert hole.shape == (1, 1, *size)
        assert set(hole.flatten().tolist()) == {0.0, 1.0}
        assert float(hole.mean()) == pytest.approx(ratio, abs=0.02)


def test_boxes_are_upright_have_many_shapes_and_reach_every_border() -> None:
    holes, shapes = torch.cat([random_box((50, 70), 0.2, rng(seed)) for seed in range(60)]), set()
    for hole in holes[:, 0]:
        rows, columns = hole.any(dim=1), hole.any(dim=0)
        assert torch.equal(hole.bool(), rows[:, None] & columns)
        assert int(rows.long().diff().abs().sum()) <= 2
        assert int(columns.long().diff().abs().sum()) <= 2
        shapes.add((int(rows.sum()), int(columns.sum())))
    assert len(shapes) > 10
    anywhere = holes.amax(dim=(0, 1))
    assert all(float(edge.max()) == 1 for edge in (*anywhere[[0, -1]], *anywhere.T[[0, -1]]))


@pytest.mark.parametrize("ratio", [0.05, 0.4, 0.97])
def test_strokes_are_the_pixels_that_the_brush_reaches_first(ratio: float) -> None:
    size = (24, 36)
    pixels = np.moveaxis(np.indices(size) + 0.5, 0, -1)
    reached = np.full(size, np.inf)
    for number, piece in enumerate(islice(_pieces(size, ratio, rng()), 300)):
        start, way, length, radius = map(np.array, piece)
        along = (pixels - start) @ way / length
        on_piece = np.clip(along / length, 0, 1)[..., None] * way + start
        inside = np.linalg.norm(pixels - on_piece, axis=-1) <= radius
        share = (along + radius) / (length + 2 * radius)
        reached = np.minimum(reached, np.where(inside, number + share, np.inf))
    last = np.sort(reached, axis=None)[round(ratio * reached.size) - 1]
    assert last < 300
    drawn = random_strokes(size, ratio, rng())[0, 0].numpy() > 0
    assert (drawn != (reached <= last)).sum() <= 2  # in float32


def test_strokes_scale_with_the_image() -> None:
    large = random_strokes((1000, 1600), 0.3, rng())
    assert bool(((large == 0) | (large == 1)).all())
    assert float(large.mean()) == pytest.approx(0.3, abs=0.003)
    small = random_strokes((320, 512), 0.3, rng())
    again = torch.nn.functional.interpolate(large, size=(320, 512), mode="area")
    assert float((small - again).abs().mean()) < 0.01
