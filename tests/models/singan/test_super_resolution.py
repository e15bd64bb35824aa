"""Super-resolution with the finest generator."""

from internal_gan.images.resize import resize
from tests.tiny import picture, untrained


def test_each_pass_enlarges_by_about_the_square_of_the_ratio_of_the_finest_scales() -> None:
    model = untrained()  # (17, 23) and (20, 28): a ratio of 1.197, its square 1.43
    assert model.enlarged_sizes(4, (20, 28)) == [(28, 40), (40, 56), (57, 79), (80, 112)]
    assert len(model.enlarged_sizes(4, (20, 28), passes=8)) == 8
    assert model.enlarged_sizes(1.01, (20, 28)) == [(20, 28)]


def test_back_projection_brings_the_result_closer_to_the_photo() -> None:
    model = untrained()
    photo = picture()
    model.noise_std.fill_(0.3)

    def distance(back_projection: int) -> float:
        result = model.super_resolve(2, photo, back_projection=back_projection)
        return float((resize(result, (40, 56)) - photo).abs().mean())

    assert distance(1) < 0.2 * distance(0)
    assert distance(2) < 0.7 * distance(1)
