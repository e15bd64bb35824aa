"""Averaged weights of a stage: batch norm statistics and spectral norms."""

from typing import Any

import pytest
import torch

from internal_gan.training.stage_trainer import StageTrainer
from tests.tiny import rng, stage_of


def trainer_of(norm: str) -> StageTrainer:
    settings = f"model.generator.norm={norm}", "model.optimization.ema=0.9"
    return StageTrainer(stage_of(*settings, steps=6), torch.float32)


def test_batch_norm_statistics_are_averaged_with_the_weights() -> None:
    trainer = trainer_of("batch")
    norm = next(m for m in trainer.stage.generator.modules() if isinstance(m, torch.nn.BatchNorm2d))
    assert norm.running_mean is not None
    average = norm.running_mean.clone()
    for step in range(6):
        trainer.take_step()
        average.lerp_(norm.running_mean, 1 - min(0.9, (1 + step) / (10 + step)))
    last = norm.running_mean.clone()
    trainer.finish()
    torch.testing.assert_close(norm.running_mean, average)
    assert not torch.allclose(last, average)


def test_averaged_weights_are_divided_by_their_own_spectral_norms() -> None:
    trainer: Any = trainer_of("spectral")
    trainer.take_step()
    for average in trainer.ema:  # as far as possible from the last weights
        average.normal_(0, 0.02, generator=rng())
    trainer.finish()
    for block in trainer.stage.generator.blocks:
        assert not block[0].training
        norm = torch.linalg.matrix_norm(block[0].weight.flatten(1), 2)
        assert float(norm) == pytest.approx(1, abs=0.002)
