"""task=animate: the photo in motion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from internal_gan.config.task_options import AnimateOptions
from internal_gan.errors import UserError
from internal_gan.images.files.video import check_format
from internal_gan.models.singan.animation import animate, animating_memory
from internal_gan.models.singan.model import SinGAN
from internal_gan.runs.results import Result
from internal_gan.tasks.base import Film, Picture, Work
from internal_gan.tasks.reporting import check_memory


class Animate(Work[AnimateOptions]):
    """Draws ``animate/frames/0000.png`` and so on, and of them a film unless the format is png."""

    def check(self, model: SinGAN) -> None:
        wanted = self.wanted
        check_format(wanted.format, wanted.fps, "animate")
        if self._count < 2:
            raise UserError(
                f"animate.seconds={wanted.seconds:g}: that is less than two frames at "
                f"animate.fps={wanted.fps:g}; at least {2 / wanted.fps:.3g} seconds"
            )
        if wanted.size:
            height, width = wanted.size
            needed = animating_memory(model, (height, width))
            check_memory(needed, model.device, f"animate.size=[{height},{width}]")
        if wanted.start_scale >= model.finished:
            raise UserError(
                f"animate.start_scale={wanted.start_scale}: {model.finished} of the model's "
                f"{model.num_stages} scales are finished; allowed: 0 to {model.finished - 1}"
            )

    def draw(self, model: SinGAN, preview: bool = False) -> Iterator[Picture | Film]:
        wanted = self.wanted
        frames = animate(
            model,
            self._count,
            alpha=wanted.alpha,
            beta=wanted.beta,
            fps=wanted.fps,
            start_scale=wanted.start_scale,
            loop=wanted.loop,
            seed=self.context.seed if wanted.seed is None else wanted.seed,
            size=(wanted.size[0], wanted.size[1]) if wanted.size else None,
        )
        for index, frame in enumerate(self.context.progress(frames, self._count, "frames")):
            yield Picture(f"animate/frames/{index:04d}.png", frame, "frame")
        if wanted.format != "png":
            yield Film(f"animate/animation.{wanted.format}", wanted.fps)

    def made(self, results: Sequence[Result]) -> str:
        return f"{self._count} frames"

    @property
    def _count(self) -> int:
        return round(self.wanted.seconds * self.wanted.fps)


WORK = Animate
