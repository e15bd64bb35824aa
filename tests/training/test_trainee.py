"""A step of one stage: what is averaged, and what a good state of it holds."""

import torch

from internal_gan.training.trainee import Trainee
from tests.tiny import picture, recipe_of


def test_the_statistics_of_batch_norms_are_averaged_with_the_weights() -> None:
    recipe = recipe_of("model.generator.norm=batch", "model.optimization.ema=0.9")
    stage = recipe.stage(recipe.prepare(picture()), 0, 6, None, torch.Generator().manual_seed(0))
    trainee = Trainee(stage, 6, torch.float32)
    norm = next(m for m in stage.generator.modules() if isinstance(m, torch.nn.BatchNorm2d))
    assert norm.running_mean is not None
    average = norm.running_mean.clone()
    for step in range(6):
        trainee.step(step)
        average.lerp_(norm.running_mean, 1 - min(0.9, (1 + step) / (10 + step)))
    last = norm.running_mean.clone()
    trainee.finish()
    torch.testing.assert_close(norm.running_mean, average)
    assert not torch.allclose(last, average)
