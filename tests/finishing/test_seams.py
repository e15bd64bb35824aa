"""Seams: pieces, the seam figure, and the correction that hides seams."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import label, maximum_filter1d
from scipy.sparse import csr_array, eye_array, kron, vstack
from scipy.sparse.linalg import spsolve

from internal_gan.finishing.seams import Hiding, hide, largest_piece, near_seams, seam_figure
from internal_gan.images.periodic import Wrap
from internal_gan.patches import kernels
from internal_gan.patches.fast import over_rows
from internal_gan.patches.origins import own_places, taken
from internal_gan.shapes import Places
from tests.patches.pictures import WRAPS, noise


def in_pieces(size: tuple[int, int], source: tuple[int, int], seed: int = 0) -> Places:
    """Origins of a picture made of 12 overlapping rectangles from random places in the source."""
    rng = np.random.default_rng(seed)
    origins = own_places(size)
    for _ in range(12):
        top, left = (int(rng.integers(0, side - 1)) for side in size)
        height, width = (int(rng.integers(1, side)) for side in size)
        piece = origins[top : top + height, left : left + width]
        start = [
            rng.integers(0, side - extent + 1)
            for side, extent in zip(source, piece.shape[:2], strict=True)
        ]
        piece[:] = own_places(piece.shape[:2]) + np.array(start, np.int32)
    return origins


@pytest.mark.parametrize("in_one", [False, True])
@pytest.mark.parametrize("wrap", WRAPS)
def test_near_seams_by_definition(wrap: Wrap, in_one: bool) -> None:
    # In one piece that goes on across the borders, the seams are beside them.
    one = np.roll(own_places((12, 15)), (1, 1), (0, 1))
    origins, reach = one if in_one else in_pieces((12, 15), (30, 30)), 2
    beside = np.zeros((12, 15), np.uint8)
    for axis in range(2):
        broken = (np.roll(origins, -1, axis) - origins != (1 - axis, axis)).any(axis=2)
        if not wrap[axis]:
            broken[(slice(None),) * axis + (-1,)] = False
        beside |= broken | np.roll(broken, 1, axis)
    for axis in range(2):
        mode = "wrap" if wrap[axis] else "constant"
        beside = maximum_filter1d(beside, 2 * reach + 1, axis, mode=mode)
    assert np.array_equal(near_seams(origins, reach, wrap), beside > 0)


@pytest.mark.parametrize("seed", range(5))
def test_largest_piece_agrees_with_a_flood_fill(seed: int) -> None:
    origins = in_pieces((14, 11), (20, 20), seed)
    moves = origins - own_places((14, 11))
    sizes = [
        np.bincount(label((moves == move).all(axis=2))[0].ravel())[1:].max()
        for move in np.unique(moves.reshape(-1, 2), axis=0)
    ]
    assert largest_piece(origins) == max(sizes) / (14 * 11)


def test_seam_figure_of_a_picture_made_by_hand() -> None:
    """A ramp of 10 per pixel with its halves swapped, so that they join in a step of -50."""
    ramp = np.repeat(np.arange(0, 60, 10, dtype=np.uint8)[None, :, None], 2, axis=0)
    origins = own_places((2, 6))
    origins[..., 1] = [3, 4, 5, 0, 1, 2]
    pixels = taken(ramp, origins)
    assert pixels[0, :, 0].tolist() == [30, 40, 50, 0, 10, 20]
    # The photo ends at both 50 and 0, so it has no step there to compare with.
    assert seam_figure(pixels, origins, ramp) == 1.0
    origins[..., 1] = [1, 2, 3, 1, 2, 3]
    assert seam_figure(taken(ramp, origins), origins, ramp) == pytest.approx(20 / 10)


def differences(side: int, wraps: bool) -> NDArray[np.float64]:
    """From each of some values to the next, as a matrix; 0 beyond a border that does not wrap."""
    matrix = np.roll(np.eye(side), 1, axis=1) - np.eye(side)
    matrix[-1] *= wraps
    return matrix


def equations(
    pixels: NDArray[np.uint8], origins: Places, photo: NDArray[np.uint8], hold: float, wrap: Wrap
) -> tuple[csr_array, NDArray[np.float64]]:
    """The matrix and the right-hand side that the correction solves, in double precision."""
    height, width = origins.shape[:2]
    down, right = differences(height, wrap[0]), differences(width, wrap[1])
    steps = vstack([kron(down, eye_array(width)), kron(eye_array(height), right)]).tocsr()
    values = pixels.reshape(-1, 3).astype(float)
    wanted = steps @ values
    for k, (axis, y, x) in enumerate(np.ndindex(2, height, width)):
        move = np.eye(2, dtype=int)[axis]
        here = origins[y, x]
        there = origins[(y + move[0]) % height, (x + move[1]) % width]
        if (there - here == move).all():
            continue
        beside = [
            photo[tuple(b)].astype(float) - photo[tuple(a)]
            for a, b in ((here, here + move), (there - move, there))
            if (a >= 0).all() and (b < photo.shape[:2]).all()
        ]
        wanted[k] = np.mean(beside, axis=0) if beside else 0.0
    matrix = steps.T @ steps + hold * eye_array(height * width)
    return matrix.tocsr(), steps.T @ (wanted - steps @ values)


@pytest.mark.parametrize("wrap", WRAPS)
@pytest.mark.parametrize("hold", [1.0, 0.02, 0.0005])
def test_hide_solves_its_equations(wrap: Wrap, hold: float) -> None:
    photo, origins = noise((20, 25)), in_pieces((13, 18), (20, 25))
    pixels = taken(photo, origins)
    matrix, right = equations(pixels, origins, photo, hold, wrap)
    expected = spsolve(matrix.tocsc(), right)
    found = hide(pixels, origins, photo, Hiding(hold, wrap))
    assert np.abs(expected).max() > 5
    assert np.abs(found.reshape(-1, 3) - expected).max() < 0.02


@pytest.mark.parametrize("wrap", WRAPS)
def test_seams_are_hidden_inside_a_part_alone(wrap: Wrap) -> None:
    """Outside it, nothing is added."""
    size, hold = (70, 90), 0.01
    photo, origins = noise(size), in_pieces(size, size)
    pixels = taken(photo, origins)
    part = np.random.default_rng(2).random(size) < 0.8
    matrix, right = equations(pixels, origins, photo, hold, wrap)
    free = part.ravel().nonzero()[0]
    expected = spsolve(matrix[free][:, free].tocsc(), right[free])
    found = hide(pixels, origins, photo, Hiding(hold, wrap, part))
    assert not found[~part].any()
    assert np.linalg.norm(found[part] - expected) < 0.01 * np.linalg.norm(expected)


@pytest.mark.parametrize("size", [(6, 8), (7, 8), (6, 9), (5, 3)])
def test_values_at_half_the_size_are_sums_and_come_back_in_the_part(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=size).astype(np.float32)
    rows, columns = ((side + 1) // 2 for side in size)
    sums, expected = (np.zeros((rows, columns), np.float32) for _ in range(2))
    for y, x in np.ndindex(size):
        expected[y // 2, x // 2] += values[y, x]
    over_rows(kernels.coarsen, rows, values, sums)
    assert np.allclose(sums, expected, atol=1e-6)
    part, finer = rng.random(size) < 0.5, values.copy()
    over_rows(kernels.refine, size[0], finer, sums, part)
    enlarged = sums.repeat(2, 0).repeat(2, 1)[: size[0], : size[1]]
    assert np.allclose(finer, np.where(part, values + enlarged, values))
