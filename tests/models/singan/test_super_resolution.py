"""Super-resolution with the finest generator."""

from internal_gan.images.resize import resize
from tests.tiny import picture, untrained


def test_each_pass_enlarges_by_about_the_square_of_the_ratio_of_the_finest_scales() -> None:
    model = untrained()  # (17, 23) and (20, 28): a ratio of 1.197, its square 1.43
    assert model.enlarged_sizes(4, (20, 28)) == [(28, 40), (40, 56), (57, 79), (80, 112)]
    assert model.enlarged_sizes(1.01, (20, 28)) == [(20, 28)]


def test_back_projection_brings_the_result_closer_to_the_photo() -> None:
    photo, distances = picture(), []
    for ratio in ("null", "1.43"):
        model = untrained(f"model.enlarging_ratio={ratio}")
        model.noise_std.fill_(0.3)
        result = model.super_resolve(2, photo)
        distances.append(float((resize(result, (40, 56)) - photo).abs().mean()))
    assert distances[0] < 0.2 * distances[1]
