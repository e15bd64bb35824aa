"""Time of a training step by scale: the paper's schedule compared with the fast one.

    python -m benchmarks.training_time > training_time.json

The two take turns at every scale, a few steps each, so that a change in the machine's speed affects
both. The projection is for the whole schedule, without a time budget.
"""

import argparse
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks._common import (
    PHOTO,
    existing_file,
    positive,
    print_json,
    run,
    say,
    shown,
    size,
    spread,
)
from benchmarks._models import Subject, device_name, prepared
from internal_gan.models.base import Stage
from internal_gan.report.table import as_markdown
from internal_gan.training.stage_trainer import StageTrainer
from internal_gan.units import Size


class Contender:
    """One way to train, run for a few steps of each stage."""

    def __init__(self, overrides: Sequence[str], photo: Path, photo_size: Size) -> None:
        self.overrides = list(overrides)
        self.subject: Subject = prepared(overrides, photo, photo_size)
        self.model = self.subject.model
        self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.seconds: list[list[float]] = []
        self._rng = torch.Generator(self.model.device).manual_seed(self.subject.options.seed)
        self._previous: Stage | None = None

    def begin(self, index: int) -> None:
        steps = self.subject.steps[index]
        stage = self.subject.recipe.stage(self.model, index, steps, self._previous, self._rng)
        self._previous = stage
        self._trainer = StageTrainer(stage, self.subject.precision)
        self.seconds.append([])
        self._run(1)

    def measure(self, steps: int) -> None:
        start = time.perf_counter()
        self._run(steps)
        self.seconds[-1].append((time.perf_counter() - start) / steps)

    def end(self) -> None:
        self._trainer.finish()

    def last_line(self) -> str:
        height, width = self.model.sizes[len(self.seconds) - 1]
        return f"{height}x{width}: {statistics.median(self.seconds[-1]):.4f} s a step"

    def result(self) -> dict[str, Any]:
        stages = [
            {"size": size, "steps": steps, "seconds_per_step": spread(seconds)}
            for size, steps, seconds in zip(
                self.model.sizes, self.subject.steps, self.seconds, strict=True
            )
        ]
        return {
            "overrides": self.overrides,
            "precision": str(self.subject.precision).removeprefix("torch."),
            "time_budget": self.subject.options.trainer.time,
            "stages": stages,
            "projected_seconds": self._projected(),
        }

    def _projected(self) -> dict[str, float]:
        """Seconds of all steps, over the rounds of measurements."""
        steps, rounds = self.subject.steps, zip(*self.seconds, strict=True)
        return spread([sum(n * s for n, s in zip(steps, r, strict=True)) for r in rounds])

    def _run(self, steps: int) -> None:
        for _ in range(steps):
            self._trainer.discriminator_updates()
            self._trainer.generator_updates()
            self._trainer.average()
            self._trainer.step += 1
        # Reads a value from the device, which waits until the steps are done.
        self._trainer.check_finite()


def compare(baseline: Contender, candidate: Contender, rounds: int, steps: int) -> dict[str, Any]:
    """Measure both in turn, stage by stage, paired from the finest stage."""
    for behind in range(max(baseline.model.num_stages, candidate.model.num_stages), 0, -1):
        present = [c for c in (baseline, candidate) if behind <= c.model.num_stages]
        for contender in present:
            contender.begin(contender.model.num_stages - behind)
        for _ in range(rounds):
            for contender in present:
                contender.measure(steps)
        for contender in present:
            contender.end()
        say("; ".join(contender.last_line() for contender in present))
    return {"baseline": baseline.result(), "candidate": candidate.result()}


def tables(record: Mapping[str, Any]) -> dict[str, str]:
    """Seconds a step at every scale, and of all steps, for both ways to train."""
    rows = []
    for contender in ("baseline", "candidate"):
        found = record[contender]
        training = " ".join(found["overrides"])
        rows += [
            {
                "training": training,
                "scale": "x".join(map(str, stage["size"])),
                "seconds a step": shown(stage["seconds_per_step"]),
                "steps": str(stage["steps"]),
            }
            for stage in found["stages"]
        ]
        total = shown(found["projected_seconds"])
        rows.append(
            {"training": training, "scale": "all steps", "seconds a step": total, "steps": ""}
        )
    return {"steps": as_markdown(rows)}


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training_time", description=__doc__)
    parser.add_argument("--baseline", nargs="+", default=["experiment=singan_paper"])
    parser.add_argument("--candidate", nargs="+", default=["trainer=fast"])
    parser.add_argument("--photo", type=existing_file, default=PHOTO)
    parser.add_argument(
        "--size", type=size, default=(188, 250), help="size to which the photo is resized"
    )
    parser.add_argument("--rounds", type=positive, default=3, help="turns of each at a scale")
    parser.add_argument(
        "--steps",
        type=positive,
        default=8,
        help="steps a turn; periodic work recurs within 8",
    )
    parser.add_argument("--threads", type=positive, default=torch.get_num_threads())
    options = parser.parse_args(argv)

    torch.set_num_threads(options.threads)
    baseline = Contender(options.baseline, options.photo, options.size)
    candidate = Contender(options.candidate, options.photo, options.size)
    results = compare(baseline, candidate, options.rounds, options.steps)
    about = {
        "photo_size": options.size,
        "threads": options.threads,
        "device": device_name(baseline.model.device),
        "steps_per_measurement": options.steps,
    }
    print_json("training_time", about | results)


if __name__ == "__main__":
    run(main)
