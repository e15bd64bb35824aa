"""File names reach the program unchanged."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf
from PIL import Image

from internal_gan.config.arguments import key_of, overrides_of, prepare
from internal_gan.config.messages import parsed
from internal_gan.errors import UserError
from internal_gan.images.files.names import PILLOW_FORMATS
from internal_gan.sweeps.multirun import choices_of

NAMES = [
    *("a b.jpg", "a=b.jpg", "#1.jpg", "photo (1).jpg", "a,b.jpg", "[1].jpg", "[a,b]", "é.jpg"),
    *("-x.jpg", "it's.jpg", 'the "one".jpg', "back\\slash.jpg", "end\\", "quote\\'.jpg"),
    *("{a: b}.jpg", "$HOME.jpg", "${seed}.jpg", "\\${seed}.jpg", "a${b", "null.jpg", "100%.jpg"),
    *("new\nline.jpg", "'x'.jpg", "choice(1,2)", "日本.jpg"),
]


def understood(override: str) -> list[str]:
    """The values that Hydra and OmegaConf parse from an override, one per job."""
    (jobs,) = choices_of([override]).values()
    return [str(OmegaConf.create({"value": parsed(job).value()}).value) for job in jobs]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "key", ["", "image", "checkpoint", "resume", "output", "model.features.weights"]
)
@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_exists_is_meant_by_its_literal_name(key: str, name: str) -> None:
    """Without a key, it is the photo."""
    Path(name).touch()
    (override,) = prepare(overrides_of([f"{key}={name}" if key else name]))
    assert (key_of(override), understood(override)) == (key or "image", [name])


@pytest.mark.parametrize("name", [name for name in NAMES if name != "[a,b]"])
def test_a_file_that_is_missing_keeps_its_name_too(name: str) -> None:
    (override,) = prepare([f"image={name}"])
    assert understood(override) == [name]


def test_values_in_hydra_syntax_and_other_options_are_left_alone() -> None:
    values = [f"image={value}" for value in ("'a b.jpg'", '"a b.jpg"', "null", "")]
    values += ["model.steps=[1,2]", "+a.b={c: d}", "~sample.size", "seed=1,2"]
    for multirun in (False, True):
        assert prepare(values[3 * multirun :], multirun) == values[3 * multirun :]


@pytest.mark.parametrize(
    ("given", "prepared"),
    [
        ("output=~/runs", "output='/home/me/runs'"),
        ("mask=my hole.png", "mask.file='my hole.png'"),
        ("edges=a=b.png", "fill.edges='a=b.png'"),
        ("mask=null", "mask.file=null"),
        ("mask.dilate=4", "mask.dilate=4"),
        ("-m checkpoint=runs/a b,c", "checkpoint='runs/a b','c'"),
        ("-m output=my runs", "hydra.sweep.dir='my runs'"),
    ],
)
def test_short_names_and_sweeps(given: str, prepared: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert prepare([given.removeprefix("-m ")], multirun=given.startswith("-m ")) == [prepared]


def photos(*names: str) -> None:
    for name in names:
        path = Path(name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")


@pytest.mark.parametrize(
    ("files", "value", "found"),
    [
        (["p/b.png", "p/a, b.JPG", "p/n.txt", "p/.h.png"], "p/", ["p/a, b.JPG", "p/b.png"]),
        (["p/b.png", "p/a.png", "p/c.jpg"], "p/*.png", ["p/a.png", "p/b.png"]),
        (["a b.png", "c,d.png"], "a b.png,'c,d.png'", ["a b.png", "c,d.png"]),
        (["c,d.png"], "c,d.png", ["c,d.png"]),
        (["*.png", "a.png"], "*.png", ["*.png"]),
    ],
    ids=["folder", "pattern", "commas", "a name with a comma", "a name with a star"],
)
def test_multirun_takes_each_image(files: list[str], value: str, found: list[str]) -> None:
    photos(*files)
    (override,) = prepare([f"image={value}"], multirun=True)
    assert understood(override) == found


def test_multirun_takes_every_format_that_can_be_read() -> None:
    known = Image.registered_extensions().items()
    names = [f"photos/x{end}" for end, name in known if name in PILLOW_FORMATS]
    assert {"photos/x.png", "photos/x.gif", "photos/x.ppm"} <= {*names}
    photos(*names, "photos/x.pdf")
    (override,) = prepare(["image=photos"], multirun=True)
    assert understood(override) == sorted(names)


def test_a_list_of_photos_is_one_value() -> None:
    photos("a b.png", "c,d.png", "e=1.png")
    for multirun in (False, True):
        (override,) = prepare(["layers.files=[a b.png,'c,d.png', e=1.png]"], multirun=multirun)
        assert understood(override) == ["['a b.png', 'c,d.png', 'e=1.png']"]


def test_a_bare_word_is_no_option_in_python() -> None:
    photos("a.png")
    with pytest.raises(UserError, match=r"a\.png: an option is written option=value"):
        prepare(["a.png"])


@pytest.mark.parametrize(
    ("words", "overrides"),
    [
        ("x.JPG fill", "task=fill image=x.JPG"),
        ("seed=3 fill - ~sample.size", "seed=3 ~sample.size task=fill image=-"),
        ("sample photos", "task=sample image=photos"),
        ("fill sample", "task=fill image=sample"),
        ("sample", "task=sample"),
        ("task=extend photos/new.tif", "task=extend image=photos/new.tif"),
        ("photos=3 image=x.jpg", "photos=3 image=x.jpg"),
    ],
)
def test_the_first_bare_task_is_the_task_and_a_file_the_photo(words: str, overrides: str) -> None:
    photos("photos/a.png", "sample", "photos=3")
    assert overrides_of(words.split()) == overrides.split()


def test_multirun_takes_several_bare_files_as_a_shell_lists_them() -> None:
    photos("photos/a, b.png", "photos/c.png")
    words = ["fill", "photos/a, b.png", "photos/c.png"]
    task, image, _ = prepare(overrides_of(words, multirun=True), multirun=True)
    assert (task, understood(image)) == ("task=fill", words[1:])
