"""Whatever the photo and the options, a result has the promised size, or one line says why not."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

import internal_gan
from internal_gan.config.options import ANCHORS
from internal_gan.errors import UserError
from tests.tiny import picture

EXAMPLES = 12  # of each task
LONGEST, SHORTEST, MOST = 400, 16, 16  # sides in pixels, and their ratio

Array = np.ndarray[Any, Any]
Options = Mapping[str, Any]
DILATE = st.none() | st.floats(0, 30)
INWARDS = st.floats(0, 0.4)
MARGINS = st.lists(st.integers(0, 120) | st.just("10%"), min_size=4, max_size=4)
TILEABLE = st.sampled_from([False, True, "x", "y"])
SEEDS = st.integers(0, 3)


@st.composite
def sizes(draw: st.DrawFn) -> tuple[int, int]:
    long = draw(st.integers(SHORTEST, LONGEST))
    short = max(SHORTEST, round(long / draw(st.floats(1, MOST))))
    return (long, short) if draw(st.booleans()) else (short, long)


@st.composite
def photos(draw: st.DrawFn) -> Array:
    """Of 8 or 16 bits, gray, in colour or with some transparency."""
    height, width = draw(sizes())
    pixels = (picture(height, width, seed=draw(SEEDS))[0].movedim(0, -1).numpy() + 1) / 2
    pixels = pixels[..., : draw(st.sampled_from([1, 3]))]
    if pixels.shape[2] == 3 and draw(st.booleans()):
        seen = np.ones((height, width, 1), np.float32)
        seen[draw(windows(height, width))] = 0
        pixels = np.concatenate([pixels, seen], axis=2)
    levels = draw(st.sampled_from([255, 65535]))
    return (pixels * levels).round().astype(np.uint8 if levels == 255 else np.uint16)


@st.composite
def windows(draw: st.DrawFn, height: int, width: int) -> tuple[slice, slice]:
    spans = []
    for side in (height, width):
        start = draw(st.integers(0, side - 1))
        spans.append(slice(start, draw(st.integers(start + 1, side))))
    return spans[0], spans[1]


@st.composite
def masks(draw: st.DrawFn, photo: Array) -> Array:
    mask = np.zeros(photo.shape[:2], np.bool_)
    for _ in range(draw(st.integers(1, 3))):
        mask[draw(windows(*photo.shape[:2]))] = True
    return mask


def tried(size: Any, call: Callable[..., Any], /, *given: Any, **how: Any) -> Array | None:
    """A result (H, W, 3), of this size if one is given, or None after a one-line mistake."""
    try:
        found: Array = call(*given, output_type="np", **how)
    except UserError as error:
        assert "\n" not in str(error)  # noqa: PT017 (any of them)
        event(str(error)[:60])
        return None
    event("made")
    assert np.isfinite(found).all()
    assert size is None or found.shape == (*size, 3)
    return found


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A model of each family that is trained, hardly trained."""
    folder = tmp_path_factory.mktemp("models")
    fast = {"trainer": "debug", "finish": {"detail": "patches", "resolution": "auto"}}
    return {
        family: internal_gan.fit(
            picture(48, 72)[0] / 2 + 0.5, family, overrides=fast, output=folder / family
        ).model
        for family in ("singan", "ingan", "edgeconnect")
    }


def at_random(**options: st.SearchStrategy[Any]) -> Callable[[Any], Any]:
    """A slow test with random arguments, of which ``data`` draws those that depend on others."""

    def marked(test: Any) -> Any:
        quiet = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[*HealthCheck])
        return pytest.mark.slow(quiet(given(data=st.data(), seed=SEEDS, **options)(test)))

    return marked


def drawer(models: Options, family: str, photo: Array) -> Any:
    return internal_gan.Patches(photo) if family == "patches" else models[family]


BY_SINGAN = st.sampled_from(["patches", "singan"])


@at_random(photo=photos(), family=BY_SINGAN, size=st.none() | sizes(), tileable=TILEABLE)
def test_sample(
    models: Options, data: Any, seed: int, photo: Array, family: str, size: Any, tileable: Any
) -> None:
    how = {"seed": seed, "tileable": tileable, "start_scale": data.draw(st.integers(0, 5))}
    model = drawer(models, family, photo)
    own = photo.shape[:2] if family == "patches" else (48, 72)
    tried(size or own, lambda **all_of: model.sample(1, **all_of)[0], size=size, **how)


@at_random(photo=photos(), family=st.sampled_from(["patches", "ingan"]), size=sizes())
def test_retarget(
    models: Options, data: Any, seed: int, photo: Array, family: str, size: tuple[int, int]
) -> None:
    how = {"seed": seed, "resolution": data.draw(st.sampled_from(["auto", "photo", 40]))}
    shape = data.draw(st.sampled_from(["size", "corners", "outline", "protect"]))
    if shape == "corners":
        inwards = data.draw(st.lists(st.tuples(INWARDS, INWARDS), min_size=4, max_size=4))
        corners = ((0, 0), (0, 1), (1, 1), (1, 0))
        how[shape] = [
            [abs(row - down), abs(column - right)]
            for (down, right), (row, column) in zip(inwards, corners, strict=True)
        ]
    elif shape != "size":
        learnt = photo if family == "patches" else np.zeros((48, 72))
        how[shape] = data.draw(masks(learnt if shape == "protect" else np.zeros(size)))
    tried(size, drawer(models, family, photo).retarget, size, **how)


@at_random(photo=photos(), family=st.sampled_from(["patches", "edgeconnect"]))
def test_fill(models: Options, data: Any, seed: int, photo: Array, family: str) -> None:
    how: dict[str, Any] = {"dilate": data.draw(DILATE), "seed": seed}
    names = data.draw(st.sets(st.sampled_from(["avoid", "edges"]), max_size=1))
    transparent = photo.shape[2] == 4 and data.draw(st.booleans())
    for name in names if transparent else {"mask", *names}:
        how[name] = data.draw(masks(photo))
    given = () if family == "patches" else (photo,)
    tried(photo.shape[:2], drawer(models, family, photo).fill, *given, **how)


@pytest.mark.parametrize("task", ["edit", "harmonize", "paint"])
@at_random(photo=photos(), changed=photos(), family=BY_SINGAN)
def test_inject(
    models: Options, data: Any, seed: int, photo: Array, changed: Array, family: str, task: str
) -> None:
    how = {"seed": seed, "start_scale": data.draw(st.none() | st.integers(1, 5))}
    if task != "paint" and (task == "harmonize" or data.draw(st.booleans())):
        how["mask"] = data.draw(masks(changed))
        how["dilate"] = data.draw(DILATE)
    size = None if task == "paint" else changed.shape[:2]
    tried(size, getattr(drawer(models, family, photo), task), changed, **how)


@at_random(photo=photos(), family=BY_SINGAN, size=st.none() | sizes(), loop=st.booleans())
def test_animate(
    models: Options, data: Any, seed: int, photo: Array, family: str, size: Any, loop: bool
) -> None:
    how = {"fps": data.draw(st.floats(4, 12)), "start_scale": data.draw(st.none() | SEEDS)}
    model, seconds = drawer(models, family, photo), data.draw(st.floats(0.3, 1))
    frames: list[Array] = []

    def film(**all_of: Any) -> Array:
        frames.extend(model.animate(seconds, **all_of))
        return frames[-1]

    if tried(size, film, size=size, loop=loop, seed=seed, **how) is not None:
        assert len(frames) == round(seconds * how["fps"])
        assert len({frame.shape for frame in frames}) == 1


@at_random(photo=photos(), family=BY_SINGAN, factor=st.floats(1.01, 3))
def test_super_resolve(
    models: Options, data: Any, seed: int, photo: Array, family: str, factor: float
) -> None:
    given = () if family == "patches" else (photo,)
    size = [max(1, round(side * factor)) for side in photo.shape[:2]]
    tried(size, drawer(models, family, photo).super_resolve, *given, factor=factor, seed=seed)


@at_random(photo=photos(), anchor=st.sampled_from([*ANCHORS]))
def test_extend(data: Any, seed: int, photo: Array, anchor: str) -> None:
    how: dict[str, Any] = {"seed": seed}
    size: Any = None
    wish = data.draw(MARGINS | sizes() | st.just("16:9"))
    height, width = photo.shape[:2]
    if isinstance(wish, list):
        top, right, bottom, left = (
            one if isinstance(one, int) else round(0.1 * side)
            for one, side in zip(wish, 2 * (height, width), strict=True)
        )
        how["margins"], size = wish, (height + top + bottom, width + left + right)
    else:
        how |= {"shape": wish, "anchor": anchor}
        size = None if wish == "16:9" else wish
    if data.draw(st.booleans()):
        how["avoid"] = data.draw(masks(photo))
    found = tried(size, internal_gan.extend, photo, **how)
    if found is not None and wish == "16:9":
        assert math.isclose(found.shape[1] / found.shape[0], 16 / 9, rel_tol=0.1)


@at_random(photo=photos(), axes=st.sampled_from(["both", "x", "y"]))
def test_make_tileable(data: Any, seed: int, photo: Array, axes: str) -> None:
    tried(photo.shape[:2], internal_gan.make_tileable, photo, axes=axes, seed=seed)


@at_random(photo=photos(), samples=st.lists(photos(), min_size=1, max_size=3))
def test_evaluate(data: Any, seed: int, photo: Array, samples: list[Array]) -> None:
    def judged(output_type: str, **how: Any) -> Array:
        found = internal_gan.evaluate(photo, samples, **how)["samples"]
        assert [tuple(one["size"]) for one in found] == [one.shape[:2] for one in samples]
        return np.array([value for one in found for value in one["figures"].values()])

    tried(None, judged)
