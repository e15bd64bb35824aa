"""How much samples differ, by figures added up one sample at a time."""

from itertools import combinations
from statistics import fmean

import pytest
import torch

from internal_gan.evaluation.spread import Diversity, PerceptualDiversity
from internal_gan.evaluation.st_lpips import StLpips
from internal_gan.patches.statistics import diversity
from tests.evaluation.test_st_lpips import distance
from tests.tiny import picture
from tests.wheels import st_lpips_tensors

PICTURES = [picture(seed=seed) for seed in range(4)]


def test_the_diversity_is_that_of_all_samples_of_the_photos_size() -> None:
    spread = Diversity(picture(seed=9))
    for image in (picture(50, 56), *PICTURES):
        spread.add(image)
    assert spread.value == pytest.approx(diversity(picture(seed=9), torch.cat(PICTURES)), rel=1e-6)


def test_the_perceptual_diversity_is_the_mean_distance_of_all_pairs() -> None:
    spread = PerceptualDiversity(StLpips(st_lpips_tensors()))
    assert spread.value is None
    for image in (*PICTURES, picture(50, 56)):
        spread.add(image)
    pairs = [distance(*pair) for pair in combinations(PICTURES, 2)]
    assert spread.value == pytest.approx(fmean(pairs), rel=1e-4)
