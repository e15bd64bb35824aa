"""Previews: the same calls on a smaller copy, and work that ends early."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock, create_autospec

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

import internal_gan
from internal_gan import Stopped, UserError
from internal_gan.api import previews as module
from internal_gan.api.model import results
from internal_gan.api.previews import Previews
from internal_gan.finishing import finisher
from internal_gan.finishing.drawing import finish
from internal_gan.finishing.filling import draw_filling
from internal_gan.finishing.part_finisher import PartFinisher
from internal_gan.images.files.memory import to_photo, to_pil
from internal_gan.models.patches.model import Patches
from internal_gan.models.patches.reshaping import Route
from internal_gan.patches.denoiser import Denoiser
from internal_gan.patches.exact import nearest
from internal_gan.patches.fast import search
from internal_gan.stopping import check_stop, stopping
from tests.tiny import picture


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies of at most 50 pixels, of photos that are at most 80 pixels in results."""
    monkeypatch.setattr("internal_gan.finishing.sizes.SMALL_SIDE", 50)
    for where in (module, finisher):
        monkeypatch.setattr(where, "LONGEST", 80)


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    return to_pil(picture(120, 160))


def mask(width: int, height: int) -> Image.Image:
    hole = Image.new("L", (width, height))
    hole.paste(255, (width // 4, height // 4, width // 2, height // 2))
    return hole


@pytest.mark.parametrize(
    ("task", "options", "size"),
    [
        ("retarget", {"shape": [90, 150]}, (40, 24)),
        ("retarget", {"shape": [7, 30]}, (30, 7)),  # little would be seen of a smaller one
        ("retarget", {"shape": ["50%", "100%"]}, (40, 15)),
        ("retarget", {"shape": [120, 320]}, (80, 30)),
        ("retarget", {"shape": ["3:4", "2:1"], "resolution": 80}, (22, 30)),  # the first of several
        ("sample", {"size": (80, 120)}, (60, 40)),  # of one that is shown at 80 x 60 pixels
        ("sample", {"resolution": "photo", "size": [80, 120]}, (30, 20)),
        ("sample", {"resolution": 80, "size": [160, 200]}, (50, 40)),  # much larger than the photo
        ("extend", {"margins": [0, 40, 0, "10%"]}, (54, 30)),
    ],
)
def test_sizes_are_in_the_photos_pixels(photo: Any, task: str, options: Any, size: Any) -> None:
    assert Previews(photo)(task, **options).size == pytest.approx(size, abs=1)


@pytest.mark.parametrize("size", [(450, 800), (800, 450), (600, 600)])
def test_a_preview_is_half_as_large_to_the_pixel(size: Any, monkeypatch: Any) -> None:
    """Any size that is drawn with the same layout would do."""
    monkeypatch.setattr("internal_gan.finishing.sizes.SMALL_SIDE", 600)
    shown = Mock(side_effect=lambda *_: iter([None]))
    monkeypatch.setattr(module, "results", shown)
    for where in (module, finisher):
        monkeypatch.setattr(where, "LONGEST", 1000)
    Previews(to_pil(picture(600, 1000)))("sample", size=size)
    assert shown.call_args.args[1]["size"] == [side // 2 for side in size]


def test_other_sizes_are_scaled(photo: Image.Image) -> None:
    """Those of an outline, and of what the network has drawn."""
    previews = Previews(photo)
    outlined = previews("retarget", shape=[90, 150], mask=mask(160, 120))
    assert outlined.size == pytest.approx((38, 22), abs=1)
    drawn = previews("retarget", shape="4:3", detail="network")
    assert drawn.size == previews._network.sizes[-1][::-1]


def test_plans_are_those_of_the_photo() -> None:
    photo = Image.effect_noise((239, 159), 9).convert("RGB")  # no half of it has the same shape
    photo.paste((250, 60, 20), (150, 30, 200, 120))
    previews, patches = Previews(photo), internal_gan.Patches(photo)
    for shape in ("1:1", "2:1"):
        made, found = patches.plans(shape), previews.plans(shape=shape, seed=1)
        assert [one.in_words() for one in made] == [one.in_words() for one in found]
    assert previews.plans(shape=["200%", "200%"]) == previews.plans() == []
    kept = mask(239, 159)
    assert previews.plans(shape="1:1", mask=kept) == []
    assert previews.plans(shape="1:2", protect=kept) != previews.plans(shape="1:2")


def test_a_mask_of_the_copys_size_fits_the_copy_for_a_size(photo: Image.Image) -> None:
    """Few copies are kept."""
    previews = Previews(photo)
    kept = mask(*previews.copy("retarget").size)
    assert previews("retarget", shape=[44, 107], protect=kept).size == (40, 16)
    assert previews._copy.cache_info().currsize == 1
    assert previews("retarget", shape=["100%", "200%"], protect=kept).size == (80, 30)
    assert previews._copy.cache_info().currsize == 2
    assert len({previews.copy("sample", side).size for side in range(60, 80)}) > 8
    assert previews._copy.cache_info().currsize == 8


def test_a_preview_is_the_functions_result_for_the_copy(photo: Image.Image) -> None:
    previews = Previews(photo)
    copy = previews.copy("fill")
    assert copy.size == (40, 30)
    expected = np.asarray(internal_gan.fill(copy, mask(40, 30), dilate=2, seed=4))
    for hole in (mask(160, 120), mask(40, 30)):  # of the photo's size, and of the copy's
        assert np.array_equal(np.asarray(previews("fill", mask=hole, dilate=8, seed=4)), expected)


@pytest.mark.parametrize(
    ("task", "options"), [("sample", {}), ("retarget", {"shape": ["100%", "200%"]})]
)
def test_the_layout_is_that_of_the_result_bit_for_bit(
    photo: Image.Image, monkeypatch: pytest.MonkeyPatch, task: str, options: dict[str, Any]
) -> None:
    finished = Mock(side_effect=finish)
    monkeypatch.setattr("internal_gan.finishing.finisher.finish", finished)
    monkeypatch.setattr("internal_gan.finishing.drawing.LAYOUT_SIDE", 30)
    Previews(photo)(task, seed=3, resolution=80, **options)
    getattr(internal_gan.Patches(photo), task)(*options.values(), seed=3, resolution=80)
    preview, result = (call.args for call in finished.call_args_list)
    assert np.array_equal(preview[0], result[0])
    # So is the photo where the layout decides.
    images = [octaves.images for _, octaves, _ in (preview, result)]
    assert list(map(len, images)) == [1, 2]
    assert np.array_equal(images[0][0], images[1][1])


@pytest.mark.parametrize(
    ("task", "options"),
    [
        *(("sample", {"size": size}) for size in [(597, 361), (1600, 2300), (888, 1186)]),
        ("sample", {"size": (1475, 786)}),  # one pixel more or less than scaled
        ("sample", {"size": (597, 361), "resolution": 700}),
        ("sample", {"size": (1900, 2200), "resolution": 600}),  # much larger than the photo
        *(("retarget", {"shape": s}) for s in [["139%", "157%"], [["200%", "97%"], "1:1"]]),
        ("retarget", {"shape": ["200%", "99%"], "resolution": "photo"}),
    ],
)
def test_the_layout_has_as_many_pixels_as_the_results(
    monkeypatch: pytest.MonkeyPatch, task: str, options: dict[str, Any]
) -> None:
    photo, drawn = to_pil(picture(900, 1200)), []
    monkeypatch.setattr("internal_gan.finishing.sizes.SMALL_SIDE", 600)
    for where in (module, finisher):
        monkeypatch.setattr(where, "LONGEST", 1000)

    def draw(image: Tensor, size: Any, *arguments: Any, **how: Any) -> None:
        drawn.append(size.end.size if isinstance(size, Route) else size)
        raise Stopped

    monkeypatch.setattr("internal_gan.models.patches.model.layout", draw)
    monkeypatch.setattr("internal_gan.models.patches.model.reshaped", draw)
    with pytest.raises(Stopped):
        Previews(photo)(task, **options)
    with pytest.raises(Stopped):
        list(results(task, {"photo": photo, **options}, Patches.of(to_photo(photo))))
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize(
    ("options", "width"),
    [
        ({"shape": "2:1", "anchor": "left"}, 60),
        ({"margins": [0, 55, 0, 9]}, 56),
        ({"margins": [0, 1, 0, 0]}, 41),
    ],
)
def test_margins_are_drawn_around_the_same_copy(
    photo: Image.Image, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], width: int
) -> None:
    drawn, rebuilt = Mock(side_effect=draw_filling), PartFinisher.rebuilt
    finished = create_autospec(rebuilt, side_effect=rebuilt)
    monkeypatch.setattr("internal_gan.finishing.filling.draw_filling", drawn)
    monkeypatch.setattr(PartFinisher, "rebuilt", finished)
    avoid = Image.new("L", photo.size)
    avoid.paste(255, (40, 32, 80, 64))
    Previews(photo)("extend", seed=3, avoid=avoid, **options)
    internal_gan.extend(photo, seed=3, avoid=avoid, **options)
    preview, result = (call.args for call in drawn.call_args_list)
    assert preview[0].size == (30, width)
    assert torch.equal(preview[0].pixels, result[0].pixels)
    assert all(torch.equal(a, b) for a, b in zip(preview[1:3], result[1:3], strict=True))
    assert preview[2].sum() == preview[1].sum() + 10 * 8
    assert preview[4] == result[4]
    scales = [call.args[2] for call in finished.call_args_list]
    assert scales[0] == pytest.approx(4 * scales[1])


def test_only_one_picture_is_drawn(photo: Image.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = Mock(side_effect=results)
    monkeypatch.setattr(module, "results", drawn)
    assert isinstance(Previews(photo)("sample", count=3), Image.Image)
    assert drawn.call_args.args[1]["count"] == 1


def test_a_huge_files_copy_is_exact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("internal_gan.images.files.decode.WHOLE_PIXELS", 10_000)
    monkeypatch.setattr(module, "SMALL_SIDE", 50)
    to_pil(picture(900, 1200)).save(tmp_path / "large.jpg")
    previews = Previews(tmp_path / "large.jpg")
    assert max(previews._photo.size) == 400
    copy = previews.copy("fill")
    assert copy.size == (38, 29)
    whole = Previews(Image.open(tmp_path / "large.jpg")).copy("fill")
    assert np.array_equal(np.asarray(copy), np.asarray(whole))
    assert previews.copy("sample").size == (40, 30)
    assert previews("extend", margins=[0, 600, 0, 0]).size == (57, 29)


def test_what_the_function_refuses_is_refused(photo: Image.Image) -> None:
    with pytest.raises(UserError, match="has no such argument"):
        Previews(photo)("fill", margins=3)
    for task in ("nope", "train", "evaluate", ["sample"]):
        for ask in (Previews(photo), Previews(photo).copy):
            with pytest.raises(UserError, match=r"^task=.*: there is no such task.* Allowed: samp"):
                ask(task)  # type: ignore[arg-type]
    with pytest.raises(UserError, match=r"extend\.anchor=\[left\]: needs one of centre"):
        Previews(photo)("extend", shape="16:9", anchor=["left"])
    with pytest.raises(UserError, match=r"finish\.resolution=large: needs auto"):
        Previews(photo).copy("retarget", "large")
    with pytest.raises(UserError, match=r"extend\.shape=4:3: adds nothing"):
        Previews(photo)("extend", shape="4:3")
    with pytest.raises(UserError, match=r"extend\.margins or extend\.shape, one of them"):
        Previews(photo)("extend", shape="2:1", margins=[0, 9, 0, 0])
    with pytest.raises(UserError, match=r"extend.margins=\[.*\]: margins of"):
        Previews(photo)("extend", margins=[0, 0, 0, 999])


@pytest.mark.parametrize(
    ("task", "options"),
    [
        *(
            ("sample", {}),
            ("retarget", {"size": ("100%", "200%")}),
            ("fill", {"mask": mask(160, 120)}),
        ),
        *(("extend", {"shape": "2:1"}), ("edit", {"image": mask(160, 120)})),
        ("super_resolve", {"factor": 4.0}),
    ],
)
def test_work_ends_between_two_passes(photo: Image.Image, task: str, options: Any) -> None:
    stop = Mock(side_effect=[False, False, False, True])
    with pytest.raises(Stopped):
        getattr(internal_gan, task)(photo, **options, stop=stop)
    assert stop.call_count == 4
    check_stop()  # does nothing outside
    assert getattr(internal_gan, task)(photo, **options, stop=lambda: False) is not None


@pytest.mark.parametrize(
    "work",
    [
        lambda: search(np.zeros((9, 9, 3), np.uint8), np.zeros((9, 9, 3), np.uint8)),
        lambda: nearest(torch.ones(2, 3), torch.ones(2, 3)),
        lambda: Denoiser(torch.zeros(1, 3, 9, 9), 5)(torch.zeros(1, 3, 9, 9), 0.5),
    ],
)
def test_a_search_and_a_denoiser_ask(work: Callable[[], object]) -> None:
    with stopping(lambda: True), pytest.raises(Stopped):
        work()
