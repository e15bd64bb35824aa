"""The benchmark of the gain, with one labelled picture and one step."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks import gain
from benchmarks.gain import ARMS, BASE, Defects, Labelled, cut_mixed, dice_of, interval, pasted
from internal_gan.errors import UserError

RNG = np.random.default_rng


def one(top: int, left: int, tone: int = 0) -> Labelled:
    """A bright square of 20 pixels on a ramp."""
    picture = np.tile(np.arange(gain.SIDE, dtype=np.uint8), (gain.SIDE, 1)) + np.uint8(tone)
    mask = np.zeros(picture.shape, np.bool_)
    mask[top : top + 20, left : left + 20] = True
    picture[mask] = 250
    return Labelled(picture, mask)


def test_every_arm_is_tested(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gain, "SIZES", {1: 1})
    monkeypatch.setattr(gain, "TESTED", 1)
    made = one(30, 40)
    monkeypatch.setattr(gain, "variations", lambda *_: [made])
    monkeypatch.setattr(gain, "_model", lambda *_: None)
    options = ["--output", str(tmp_path), "--steps", "1", "--seeds", "0", "1"]
    gain.main(options)
    record = json.loads(capsys.readouterr().out)
    assert [result["data"] for result in record["results"]] == ["defects", "defects"]
    assert all(result["dice"]["1"].keys() == set(ARMS) for result in record["results"])
    tables = gain.tables(record)
    assert tables.keys() == {"defects", "usual"}
    assert "| ours, trained | 0." in tables["defects"]
    assert (tmp_path / "sheets" / "defects-seed0.png").is_file()

    # Finished results are reused.
    monkeypatch.setattr(gain, "trained_on", None)
    gain.main(options)
    with pytest.raises(UserError, match="choose another folder"):
        gain.main([*options, "--steps", "2"])


def test_variations_are_ours() -> None:
    square = one(4, 6)
    small = Labelled(square.picture[:32, :32], square.mask[:32, :32])
    (made,) = gain.variations(small, 1, 0)
    assert made.picture.shape == made.mask.shape == (32, 32)
    assert (made.picture[made.mask] > 200).mean() > 0.9


def test_labelled_and_test_pictures_are_of_different_halves() -> None:
    data = Defects()
    data._photo = np.tile(np.repeat(np.array([50, 150], np.uint8), 256), (512, 1))
    for test, tone in ((False, 50), (True, 150)):
        for seed in range(3):
            found = data.draw(RNG(seed), test)
            assert np.median(found.picture) == tone
            assert 0.001 < found.mask.mean() < 0.1


@pytest.mark.parametrize("blend", [False, True])
def test_a_thing_is_pasted_with_its_label(blend: bool) -> None:
    made = pasted([one(50, 50)], RNG(1), blend)
    assert made.mask.sum() > 400
    assert (made.picture[made.mask] > 150).mean() > 0.99
    assert (made.picture[~made.mask] < 150).mean() > 0.98


def test_a_box_comes_with_its_labels() -> None:
    mixed = [cut_mixed([one(50, 50), one(20, 70)], RNG(seed)) for seed in range(4)]
    assert all(((made.picture == 250) == made.mask).all() for made in mixed)


def test_a_network_learns_a_bright_square_and_dice_is_its_share() -> None:
    few, far = [one(30, 40), one(60, 50)], [one(80, 90), one(50, 10)]
    network = gain.trained_on(few, None, 40, 0)
    assert sum(values.numel() for values in network.parameters()) == 122_321
    assert dice_of(network, far) > 0.6
    with torch.no_grad():
        for values in network.last.parameters():
            values.fill_(values.ndim == 1)  # weights 0 and bias 1: everything
    everything = 2 * 400 / (400 + gain.SIDE**2)
    assert dice_of(network, far) == pytest.approx(everything)


def test_an_interval_is_that_of_a_paired_t_test() -> None:
    assert interval([1.0, 2.0, 3.0]) == "+2.000 (-0.484 to +4.484)"


def test_every_arm_has_a_gain_but_the_first() -> None:
    dice = {size: {arm: 0.5 + 0.1 * (arm != BASE) for arm in ARMS} for size in ("1", "5", "10")}
    rows = gain.tables({"results": [{"data": "a", "dice": dice}] * 2})["a"].splitlines()
    assert len(rows) == 2 + len(ARMS)
    assert "+0.100 (+0.100 to +0.100)" in rows[3]
    assert "+0.1" not in rows[2]
