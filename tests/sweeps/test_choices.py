"""The names of jobs and their run folders."""

from internal_gan.runs.folder import LONGEST_NAME
from internal_gan.sweeps.multirun import job_name


def test_a_job_is_named_after_its_photo_and_what_differs() -> None:
    overrides = ["image='a/b c.jpg'", "model.num_scales=4", "seed=1", "trainer=fast"]
    assert job_name(overrides, ["image", "model.num_scales", "seed"]) == "b_c-num_scales=4-seed=1"
    assert job_name(["checkpoint='runs/x/1'"], ["checkpoint"]) == "checkpoint=runs_x_1"
    assert job_name(["trainer=fast"], []) == "job"
    seeds = [job_name([f"seed={n}"], ["seed"]) for n in (123456789, 123456780)]
    assert seeds == ["seed=123456789", "seed=123456780"]


def test_long_names_are_shortened_and_stay_unique() -> None:
    for letter in "a日":
        names = {job_name([f"image='{letter * 300}{end}.png'"], ["image"]) for end in "xy"}
        assert len(names) == 2
        assert max(len(name.encode()) for name in names) <= LONGEST_NAME
