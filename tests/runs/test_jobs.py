"""The records of a multirun's jobs."""

from pathlib import Path

from internal_gan.runs.jobs import Record, lasting, read_records


def test_overrides_that_affect_the_result_are_recorded_in_full() -> None:
    overrides = ["image='x.jpg'", "++seed=1", "device=cpu", "skip_finished=true", "output=a"]
    assert lasting(overrides) == [f"image={Path('x.jpg').absolute()}", "seed=1"]


def test_records_come_back_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    """And those of one number by name."""
    numbers = {11: 0, 9: 1, 10: 1}
    written = [Record(f"of/seed={n}", [f"seed={n}"], 2, "why", k) for n, k in numbers.items()]
    for record in reversed(written):
        record.write(tmp_path)
    assert read_records(tmp_path) == written
    (tmp_path / ".jobs" / "of" / "seed=11.json").write_text("{")
    assert read_records(tmp_path) == written[1:]


def test_the_exit_code_of_a_job_is_its_state() -> None:
    states = [Record("a", [], code).state for code in (None, 0, 130, 143, 2)]
    assert states == ["running", "finished", "stopped", "stopped", "failed"]
