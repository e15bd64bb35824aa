"""The tables of docs/results, and the command that writes them."""

import json
from importlib import import_module
from pathlib import Path

import pytest

from benchmarks import _pages
from benchmarks import all as everything
from benchmarks._common import ROOT
from internal_gan.errors import UserError

# Facts, and figures quoted from papers.
BY_HAND = {"gpu.md", "fidelity.md", "published.md"}
RECORD = {
    "benchmark": "sampling",
    "environment": {
        "time": "2026-01-02T03:04:05+00:00",
        "commit": "0123456789abcdef",
        "modified": False,
        "machine": {"cpu": "a processor", "cores": 2, "instructions": ["avx2", "avx512f"]},
        "versions": {"torch": "2.0"},
    },
    "results": [
        {
            "size": [10, 20],
            "seconds": {"median": 0.123456, "lowest": 0.1, "highest": 0.2, "runs": 3},
            "megapixels_per_second": {"median": 5.0, "lowest": 5.0, "highest": 5.0, "runs": 1},
        }
    ],
}


def test_the_pages_have_the_tables_of_the_records() -> None:
    """If a table was edited or is out of date: ``python -m benchmarks.all --write``."""
    tables = everything.all_tables()
    for path in _pages.pages():
        text = path.read_text(encoding="utf-8")
        assert _pages.renewed(text, tables, path.name) == text, path.name


def test_no_page_has_a_table_made_by_hand() -> None:
    assert list(_pages.tables_by_hand("| x | y |\n|---|:-:|\n| 1 | 2 |\n")) == ["| x | y |"]
    for path in _pages.pages():
        if path.name not in BY_HAND:
            assert list(_pages.tables_by_hand(path.read_text(encoding="utf-8"))) == [], path.name


def test_every_record_belongs_to_a_benchmark_and_is_shown() -> None:
    records = {path.stem for path in _pages.RECORDS.glob("*.json")}
    assert records <= set(everything.ENTRIES)
    texts = [path.read_text(encoding="utf-8") for path in _pages.pages()]
    shown = {name.partition(".")[0] for text in texts for name in _pages.tables_in(text)}
    assert records <= shown <= set(everything.ENTRIES)


def test_no_record_names_a_folder_of_the_machine() -> None:
    for path in _pages.RECORDS.glob("*.json"):
        text = path.read_text(encoding="utf-8")
        assert not any(folder in text for folder in (str(ROOT), f"{Path.home()}/", "/tmp/")), path


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page of results, and a benchmark that prints RECORD, or fails while ``fail`` exists."""
    results = tmp_path / "results"
    results.mkdir()
    page = "# Speed\n\n<!-- table sampling.sizes -->\n<!-- end of table -->\n"
    (results / "speed.md").write_text(page)
    monkeypatch.setattr(_pages, "RESULTS", results)
    monkeypatch.setattr(_pages, "RECORDS", results / "data")
    monkeypatch.setattr(_pages, "ROOT", tmp_path)
    monkeypatch.setattr(everything, "ROOT", tmp_path)
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "__init__.py").touch()
    (tmp_path / "benchmarks" / "sampling.py").write_text(
        "import pathlib, sys\n"
        "with open('count', 'a') as file: file.write('.')\n"
        "if pathlib.Path('fail').exists(): sys.exit(3)\n"
        f"print({json.dumps(RECORD)!r})\n"
    )
    return tmp_path


def run(folder: Path, *names: str) -> None:
    everything.main([*names, "--output", str(folder / "all")])


def test_a_benchmark_runs_until_it_succeeds_and_its_table_is_written(project: Path) -> None:
    (project / "fail").touch()
    with pytest.raises(UserError, match=r"sampling: exit code 3; run the same command to continue"):
        run(project, "sampling")
    (project / "fail").unlink()
    for _ in range(2):
        run(project, "sampling")
    assert (project / "count").read_text() == ".."
    page = (project / "results" / "speed.md").read_text()
    assert "| 10x20 | 0.123 (0.1 to 0.2) | 5 |" in page
    assert "*Commit 0123456789; 2 cores, a processor (avx512f); torch 2.0; 2026-01-02.*" in page
    assert "`python -m benchmarks.sampling`" in page


def test_mistakes_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nothing: no such benchmark; allowed: quality-places50"):
        everything.main(["nothing", "--write"])
    with pytest.raises(UserError, match="--output: needs a folder"):
        everything.main(["sampling"])
    with pytest.raises(UserError, match=r"benchmarks.quality needs --data"):
        run(tmp_path, "quality-places50")


def test_every_benchmark_takes_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong option would be found only after hours of other benchmarks."""
    for entry in everything.ENTRIES.values():
        for word in entry.arguments.replace("gpnn=", "").split():
            path = Path(word.replace("{data}", str(tmp_path)))
            if word.startswith("{data}") and "." in path.name:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
            elif word.startswith("{data}"):
                path.mkdir(parents=True, exist_ok=True)
        module = import_module(f"benchmarks.{entry.benchmark}")
        assert callable(module.tables)
        with pytest.raises(SystemExit) as ended:
            module.main([*entry.argv(tmp_path, tmp_path / "out"), "--help"])
        assert ended.value.code == 0, capsys.readouterr().err
