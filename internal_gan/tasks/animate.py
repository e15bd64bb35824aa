"""task=animate: the photo in motion."""

from collections.abc import Iterator, Sequence

from internal_gan.config.task_options import AnimateOptions
from internal_gan.models.singan.animation import animate, animating_memory
from internal_gan.models.singan.model import SinGAN
from internal_gan.runs.results import Result
from internal_gan.tasks.base import Film, Picture, Work, check_film
from internal_gan.tasks.finishing import is_wanted as finishing_is_wanted
from internal_gan.tasks.reporting import check_memory
from internal_gan.tasks.start_scale import check_start_scale


class Animate(Work[AnimateOptions]):
    """Draws ``animate/frames/0000.png`` and so on, and a film unless the format is png.

    Frames are not finished with the photo's pixels: pieces of it would jump from frame to frame.
    """

    def check(self, model: SinGAN) -> None:
        wanted = self.wanted
        check_film("animate", "format", wanted.format, wanted.seconds, wanted.fps)
        if wanted.size:
            height, width = wanted.size
            needed = animating_memory(model, (height, width))
            check_memory(needed, model.device, f"animate.size=[{height},{width}]")
        check_start_scale(model, "animate", wanted.start_scale)

    def draw(self, model: SinGAN, preview: bool = False) -> Iterator[Picture | Film]:
        wanted = self.wanted
        if finishing_is_wanted(self.context):
            self.context.say(
                "Films are drawn by the network alone, as large as it has learnt; a model of "
                "trainer=full, or of a larger model.max_size, gives sharper ones"
            )
        frames = animate(
            model,
            self._count,
            alpha=wanted.alpha,
            beta=wanted.beta,
            fps=wanted.fps,
            start_scale=wanted.start_scale,
            loop=wanted.loop,
            seed=self.seed,
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
