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
from internal_gan.judging.evaluate import Evaluation, Groups
from internal_gan.judging.figures import HEADLINE_FIGURES, PATCH, summarise
from internal_gan.report.page import EVALUATION
from internal_gan.runs.source import Source
from internal_gan.tasks.bind import begin
from internal_gan.tasks.how import How
from internal_gan.tasks.items import Document, Item, Picture
from internal_gan.units import counted, three_digits


def evaluate(model: Any, given: Source, wanted: EvaluateOptions, how: How) -> Iterator[Item]:
    """Writes ``evaluation.json`` and ``.csv`` about what the model's own task draws, or files."""
    evaluation = Evaluation(wanted, given.trained)
    if model is None:
        groups = evaluation.read(given)
        how.report.record(device=str(evaluation.real.device))
        return _judged(evaluation, groups, None, how)
    if wanted.mask is not None:
        raise UserError(
            "evaluate.mask: only with evaluate.samples, pictures of the photo's size; those of "
            "a model are random"
        )
    # The samples have the size of the training image, with which they are compared.
    sized = copy.copy(given)
    sized.forget_warnings()
    finish = replace(given.options.finish, resolution="model")
    sized.options = replace(given.options, finish=finish)
    drawn = begin(ending_of(model.family), sized, model, how.report)
    evaluation.real = model.image
    check_trainable(Photo(model.image.cpu(), path=given.trained.folder), PATCH)
    return _drawn(evaluation, drawn, model, given, how)


def _drawn(
    evaluation: Evaluation, drawn: Iterator[Item], model: Any, given: Source, how: How
) -> Iterator[Item]:
    """What a model's own task draws, and its figures."""
    files = list[str]()
    for item in drawn:
        yield item
        if isinstance(item, Picture) and item.kind == "result":
            files.append(item.file)
    assert given.folder is not None
    samples = [given.folder / file for file in sorted(files)]
    yield from _judged(evaluation, {"samples": samples}, model, how)


def _judged(evaluation: Evaluation, groups: Groups, model: Any, how: How) -> Iterator[Item]:
    """The figures of groups of pictures."""
    for line in evaluation.lines:
        how.report.say(line)
    count = sum(map(len, groups.values()))
    with how.report.share("judging the samples") as show:
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
    how.report.say(f"{counted(count, 'sample')}, on average: {shown}")
