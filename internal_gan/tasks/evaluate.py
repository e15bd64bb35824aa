"""task=evaluate: figures for a model's pictures, or for any pictures and a photo."""

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from internal_gan.config.catalogue import ending_of
from internal_gan.config.options import EvaluateOptions
from internal_gan.errors import UserError
from internal_gan.files import as_csv
from internal_gan.images.photo import Photo, check_trainable
from internal_gan.judging.evaluate import Evaluation
from internal_gan.judging.figures import HEADLINE_FIGURES, PATCH, summarise
from internal_gan.report.page import EVALUATION
from internal_gan.shapes import Pixels
from internal_gan.tasks.base import Document, Item, Picture, Task
from internal_gan.tasks.runner import task_of
from internal_gan.units import counted, three_digits


class Evaluate(Task[EvaluateOptions]):
    """Writes ``evaluation.json`` and ``.csv`` about what the model's own task draws, or files."""

    memory = "evaluate.samples"
    # The model's own task.
    _drawing: Task[Any] | None = None

    def check(self, model: Any) -> None:
        context = self.context
        self._evaluation = evaluation = Evaluation(self.wanted, context.given.trained)
        if model is None:
            self._groups = evaluation.read(context.given)
            context.facts["device"] = str(evaluation.real.device)
            return
        if self.wanted.mask is not None:
            raise UserError(
                "evaluate.mask: only with evaluate.samples, pictures of the photo's size; those of "
                "a model are random"
            )
        # The samples have the size of the training image, with which they are compared.
        finish = replace(context.options.finish, resolution="model")
        given = copy.copy(context.given)
        given.options = replace(context.options, finish=finish)
        self._drawing = task_of(ending_of(model.family), replace(context, given=given))
        self._drawing.check(model)
        self.memory = self._drawing.memory
        evaluation.real = model.image
        check_trainable(Photo(model.image.cpu(), path=context.given.trained.folder), PATCH)

    def draw(self, model: Any, preview: bool = False) -> Iterator[Item]:
        evaluation, context = self._evaluation, self.context
        if self._drawing is None:
            groups = self._groups
            yield None
            for line in evaluation.lines:
                context.say(line)
        else:
            files = list[str]()
            for item in self._drawing.draw(model):
                context.expected = self._drawing.context.expected
                yield item
                if isinstance(item, Picture) and item.kind == "result":
                    files.append(item.file)
            groups = {"samples": [context.run.path / file for file in sorted(files)]}
        count = sum(map(len, groups.values()))
        with context.share("judging the samples") as show:
            for done, _ in enumerate(evaluation.judge(groups), start=1):
                show(done / count)
        yield Document(EVALUATION, json.dumps(evaluation.record(model), indent=2) + "\n")
        lines = [
            {"file": row["file"], "group": row["group"], "height": row["size"][0]}
            | {"width": row["size"][1], **row["figures"]}
            for row in evaluation.rows
        ]
        yield Document("evaluation.csv", as_csv(lines))
        over = summarise(row["figures"] for row in evaluation.rows)
        known = [name for name in HEADLINE_FIGURES if name in over]
        shown = ", ".join(f"{name} {three_digits(over[name]['mean'])}" for name in known)
        context.say(f"{counted(count, 'sample')}, on average: {shown}")

    def photo(self) -> Pixels:
        return self._evaluation.real
