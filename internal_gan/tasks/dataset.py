"""task=dataset: new pictures of labelled photos, with masks and boxes, in forms that trainers
read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy import ndimage

from internal_gan.config.task_options import DatasetOptions
from internal_gan.errors import UserError
from internal_gan.files import as_csv, make_folder, read_json_lines, write_text
from internal_gan.finishing.finisher import Finished
from internal_gan.finishing.layers import NO_LAYERS, Layer, Layers, write_layer
from internal_gan.finishing.layout import layout, small
from internal_gan.finishing.origin import write_origin
from internal_gan.finishing.seams import largest_piece
from internal_gan.finishing.sizes import box_of
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.levels import spread
from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import resize, size_of
from internal_gan.models.abilities import Samples
from internal_gan.shapes import Pixels
from internal_gan.tasks.ahead import ahead
from internal_gan.tasks.base import Item, Picture, Task, gray
from internal_gan.tasks.runner import mark_of
from internal_gan.units import counted

# What is known of each picture, one a line. A line is written after the picture's files, so that a
# picture of which only some are written does not count.
INDEX = "pictures.jsonl"
# On a sheet: how many pictures, the longest side of each, and the colours of classes, by turns.
SHOWN, SIDE = 16, 256
COLOURS = ((1.0, -1.0, -1.0), (-1.0, 0.2, 1.0), (-0.6, 0.8, -0.8), (1.0, 0.6, -1.0))
Known = tuple[NDArray[Any], list[str]]


class Labelled(NamedTuple):
    """A picture, its masks, its objects (see :func:`thing`), and what else to record about it."""

    image: Finished
    masks: Sequence[Layer]
    things: Sequence[dict[str, Any]]
    facts: dict[str, Any]


def thing(label: str, inside: NDArray[np.bool_], **facts: Any) -> dict[str, Any]:
    """An object of a picture, as COCO has it: its box [left, top, width, height], its area, and the
    lengths of the runs outside and inside it, column by column."""
    rows, columns = box_of(inside)
    box = [columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start]
    flat = inside.ravel(order="F")
    ends = [0, *np.flatnonzero(np.diff(flat, prepend=False)).tolist(), flat.size]
    runs = {"size": list(inside.shape), "counts": np.diff(ends).tolist()}
    return {"class": label, "bbox": box, "area": int(flat.sum()), "segmentation": runs, **facts}


def inside_of(one: dict[str, Any]) -> NDArray[np.bool_]:
    """(H, W), where an object is."""
    runs = one["segmentation"]
    flat = np.repeat(np.arange(len(runs["counts"])) % 2 == 1, runs["counts"])
    return flat.reshape(runs["size"], order="F")


class DataSet:
    """A folder of labelled pictures, to which those that it lacks can be added.

    Args:
        form: ``dataset.form``.
        classes: the names of all classes.
        mark: from :func:`internal_gan.tasks.runner.mark_of`.
    """

    def __init__(self, folder: Path, form: str, classes: Sequence[str], mark: bytes | None) -> None:
        self.folder, self.form, self.classes, self.mark = make_folder(folder), form, classes, mark
        rows = (row for row in read_json_lines(folder / INDEX) if (folder / row["file"]).is_file())
        self.rows = {row["number"]: row for row in rows}
        # Without a line that a power cut left incomplete.
        write_text(folder / INDEX, "".join(f"{json.dumps(row)}\n" for row in self.rows.values()))

    def add(self, number: int, made: Labelled) -> None:
        """Write a picture, and then its line."""
        image, name, things = made.image, f"{number:05d}", list(made.things)
        labels, room, masks = sorted({one["class"] for one in things}), "images", dict[str, Layer]()
        if self.form == "mvtec":
            kind = "combined" if len(labels) > 1 else "".join(labels)
            room = f"test/{kind}" if labels else "train/good"
            if labels:
                inside = np.any([inside_of(one) for one in things], axis=0)
                white = Layer(kind, inside * np.uint8(255), "L", labels=True)
                masks[f"ground_truth/{kind}/{name}_mask.png"] = white
        else:
            for layer in made.masks:
                folder = f"masks/{layer.name}" if len(made.masks) > 1 else "masks"
                masks[f"{folder}/{name}{layer.suffix}"] = layer
        for file, layer in masks.items():
            write_layer(self._place(file), layer)
        height, width = image.pixels.shape[-2:]
        if self.form == "yolo":
            lines = (f"{self._line(one, height, width)}\n" for one in things)
            write_text(self._place(f"labels/{name}.txt"), "".join(lines))
        if image.origin is not None:
            write_origin(self._place(f"origins/{name}.origin.png"), image.origin)
        row = {"number": number, "file": f"{room}/{name}.png", "height": height, "width": width}
        self.rows[number] = row | made.facts | {"objects": things}
        how: Any = {"like": image.like, "alpha": image.alpha, "mark": self.mark}
        write_image(self._place(f"{room}/{name}.png"), image.pixels, **how)
        with (self.folder / INDEX).open("a", encoding="utf-8") as index:
            index.write(f"{json.dumps(self.rows[number])}\n")

    def close(self) -> None:
        """Write what describes all pictures."""
        rows, numbered = [self.rows[n] for n in sorted(self.rows)], [*enumerate(self.classes, 1)]
        table = [row | {"objects": len(row["objects"])} for row in rows]
        write_text(self.folder / "pictures.csv", as_csv(table))
        if self.form == "yolo":
            names = "".join(f"  {number - 1}: {json.dumps(name)}\n" for number, name in numbered)
            where = "train: images\nval: images  # better: photos that these are not made of\n"
            write_text(self.folder / "data.yaml", f"{where}names:\n{names}")
        elif self.form == "coco":
            images, annotations = list[dict[str, Any]](), list[dict[str, Any]]()
            for row in rows:
                size = {side: row[side] for side in ("height", "width")}
                images.append({"id": row["number"], "file_name": Path(row["file"]).name, **size})
                for one in row["objects"]:
                    ids = {"id": len(annotations) + 1, "image_id": row["number"], "iscrowd": 0}
                    ids["category_id"] = self.classes.index(one["class"]) + 1
                    annotations.append(ids | one)
            categories = [{"id": number, "name": name} for number, name in numbered]
            about = {"images": images, "annotations": annotations, "categories": categories}
            write_text(self._place("annotations/instances.json"), json.dumps(about))

    def sheet(self) -> Pixels:
        """The first pictures, each beside itself with its objects in colour."""
        cells = list[Pixels]()
        for row in (self.rows[number] for number in sorted(self.rows)[:SHOWN]):
            plain = spread(read_image(self.folder / row["file"])).pixels
            marked = plain.clone()
            for one in row["objects"]:
                colour = COLOURS[self.classes.index(one["class"]) % len(COLOURS)]
                inside = torch.from_numpy(inside_of(one))
                marked[0, :, inside] = (marked[0, :, inside] + torch.tensor(colour)[:, None]) / 2
            height, width = fit_size(size_of(plain), SIDE)
            beside = (0, SIDE + 4 - width, 0, SIDE + 4 - height)
            for image in (plain, marked):
                small = resize(image, (height, width)).clamp(-1, 1)
                cells.append(F.pad(small, beside, value=1.0))
        cells += [torch.ones_like(cells[0])] * (-len(cells) % 4)
        lines = [torch.cat(cells[n : n + 4], 3) for n in range(0, len(cells), 4)]
        return torch.cat(lines, 2)

    def _line(self, one: dict[str, Any], height: int, width: int) -> str:
        """An object as YOLO has it: its class, centre and size, as shares of the picture."""
        left, top, across, down = one["bbox"]
        shares = (left + across / 2) / width, (top + down / 2) / height, across / width
        numbers = " ".join(f"{share:.6f}" for share in (*shares, down / height))
        return f"{self.classes.index(one['class'])} {numbers}"

    def _place(self, file: str) -> Path:
        return make_folder((self.folder / file).parent) / Path(file).name


def labelled(
    task: Task[Any],
    classes: Sequence[str],
    count: int,
    make: Callable[[int], Labelled],
    at_once: int,
    model: Samples | None = None,
) -> Iterator[Item]:
    """Write the pictures that a task's data set lacks, and yield a sheet of the first; in a call
    from Python, yield each picture and a mask of its objects."""
    context = task.context
    if not context.asides:
        for number in range(count):
            made = make(number)
            yield Picture(f"{number}.png", made.image)
            inside = torch.from_numpy(np.any([inside_of(one) for one in made.things], axis=0))
            yield gray(f"{number}-mask.png", inside[None, None].float(), "mask")
        return
    assert context.folder is not None
    folder, mark = context.folder.path / task.name, mark_of(task, model)
    data = DataSet(folder, context.options.dataset.form, classes, mark)
    left = [number for number in range(count) if number not in data.rows]
    pairs = zip(left, ahead(make, left, at_once), strict=True)
    for number, made in context.progress(pairs, len(left), "pictures"):
        data.add(number, made)
    data.close()
    yield Picture(f"{task.name}/sheet.png", Finished(data.sheet()))
    objects = sum(len(row["objects"]) for row in data.rows.values())
    context.say(f"{counted(count, 'picture')} with {counted(objects, 'object')} in {folder}")


class Dataset(Task[DatasetOptions]):
    """Writes a data set into ``dataset``: new pictures of labelled photos."""

    result_name = "sheet of pictures"

    def check(self, model: Samples | None) -> None:
        if model is not None and self.context.given.has_photos:
            raise UserError("image, checkpoint: a model has its own photo; give one of them")

    def read_layers(self) -> Layers:
        return NO_LAYERS  # of the sheet; pictures have theirs

    def draw(self, model: Samples | None, preview: bool = False) -> Iterator[Item]:
        wanted, context, seeds = self.wanted, self.context, self.seeds(self.wanted.count)
        photos, masks = context.photos, context.read_layers().photos
        if not any(masks):
            raise UserError("task=dataset needs layers=MASK, labels of the photo's size")
        for name, path in context.given.files("layers.files"):
            if path.suffix.lower() in (".jpg", ".jpeg"):
                raise UserError(f"layers={name}: JPEG changes labels; save the mask as PNG")
        masks = [[replace(layer, labels=True) for layer in of_photo] for of_photo in masks]
        layers, known = Layers(masks), _known(masks, wanted.objects)
        learnt = [model.image] if model else []
        for number in range(0 if model else photos.count):
            learnt.append(small(spread(photos.photo(number)).pixels))
        finishers = [context.finisher(image, wanted.size, n) for n, image in enumerate(learnt)]
        for finisher in finishers:
            finisher.check(self.size_option)
            context.check_size(finisher.size or finisher.photo_size, self.size_option)

        candidates = context.as_trained("sample.candidates")

        def made(number: int) -> Labelled:
            which, seed = number % len(learnt), seeds[number]
            finisher, image = finishers[which], learnt[which]
            size = finisher.drawing_size or size_of(image)
            if model is None:
                rng = torch.Generator().manual_seed(seed)
                drawing = layout(image, size, rng, freedom=wanted.freedom)
            else:
                (drawing,) = model.samples(1, size, candidates=candidates, seed=seed)
            done = finisher(drawing, matching=context.options.sample.matching if model else 0)
            assert done.origin is not None
            about = {"photo": Path(photos.called(which)).name, "seed": seed}
            about |= {"largest_piece": round(largest_piece(done.origin.places), 4)}
            if size_of(done.pixels) == finisher.photo_size:
                off = (done.pixels - finisher.photo).square().mean().sqrt() / 2
                about["copy"] = round(float(off), 4)
            found = list(layers.along(done.origin))
            things = chain.from_iterable(_things(m, known[m.name], wanted.least) for m in found)
            return Labelled(done, found, list(things), about)

        yield None
        classes = list(dict.fromkeys(chain.from_iterable(names for _, names in known.values())))
        at_once = 0 if model else finishers[0].at_once
        yield from labelled(self, classes, wanted.count, made, at_once, model)


def _numbers(layer: Layer) -> NDArray[Any]:
    """(H, W), the labels of a layer; of colours, what their hexadecimal digits stand for; 0 where
    they are missing or transparent."""
    values = layer.values
    if values.ndim == 3:
        digits = np.array([1 << 8 * values.itemsize * place for place in (2, 1, 0)])
        values = values[..., [0, 0, 0] if layer.mode == "LA" else [0, 1, 2]] @ digits
    return np.where(np.isnan(layer.numbers).any(axis=2), 0, values)


def _known(photos: Sequence[Sequence[Layer]], objects: bool) -> dict[str, Known]:
    """By the name of each layer, its labels in all photos, in order, and the class of each."""
    found = dict[str, Known]()
    for layer in chain.from_iterable(photos):
        if layer.values.dtype.kind == "f" or (layer.mode == "bands" and layer.values.ndim == 3):
            raise UserError(
                f"layers: {layer.name} has floating-point numbers, or several bands that are no "
                "colours; labels are whole numbers or colours"
            )
        before = [found[layer.name][0]] if layer.name in found else []
        labels = np.unique(np.concatenate([*before, _numbers(layer).ravel()]))
        labels = labels[labels != 0]
        form = "06x" if layer.values.ndim == 3 else ""
        names = [f"{layer.name}-{label:{form}}" for label in labels.tolist()]
        one_class = objects or len(labels) == 1
        found[layer.name] = labels, [layer.name] * len(labels) if one_class else names
    if not any(classes for _, classes in found.values()):
        raise UserError(f"layers: nothing but 0, the background, in {', '.join(found)}")
    return found


def _things(layer: Layer, known: Known, least: int) -> Iterator[dict[str, Any]]:
    """The connected parts of each label in a layer, from so many pixels on."""
    numbers = _numbers(layer)
    which = np.where(numbers != 0, np.searchsorted(known[0], numbers) + 1, 0)
    for number, window in enumerate(ndimage.find_objects(which)):
        if window is None:
            continue
        parts, count = ndimage.label(which[window] == number + 1, np.ones((3, 3)))
        for part in range(1, count + 1):
            inside = np.zeros(layer.size, np.bool_)
            inside[window] = parts == part
            if inside.sum() >= least:
                yield thing(known[1][number], inside)


TASK = Dataset
