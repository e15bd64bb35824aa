"""The built distributions work when installed, without access to the checkout."""

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).resolve().parents[1]
# Without the variables that point to the checkout.
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_"))}


def run(*command: str | Path, cwd: Path) -> str:
    """The output of a command."""
    result = subprocess.run(command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheel and the sdist, each built from the checkout."""
    folder = tmp_path_factory.mktemp("dist")
    build = (sys.executable, "-m", "build", "--no-isolation", "--wheel", "--sdist")
    run(*build, "--outdir", folder, ROOT, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    (sdist,) = folder.glob("*.tar.gz")
    return {"wheel": wheel, "sdist": sdist}


@pytest.fixture(scope="module", params=["wheel", pytest.param("sdist", marks=pytest.mark.slow)])
def installed(request: Any, distributions: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs' folder of a new environment with one of the distributions installed.

    A ``.pth`` line adds this environment's packages, but not those of their own ``.pth`` files, as
    the checkout, so torch need not be installed again.
    """
    folder = tmp_path_factory.mktemp(request.param)
    venv.create(folder, symlinks=True)
    paths = {"base": str(folder), "platbase": str(folder)}
    (Path(sysconfig.get_path("purelib", "venv", vars=paths)) / "borrowed.pth").write_text(
        "\n".join(sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}))
    )
    programs = Path(sysconfig.get_path("scripts", "venv", vars=paths))
    run(
        *(sys.executable, "-m", "pip", "--python", programs / "python", "install", "--quiet"),
        *("--disable-pip-version-check", "--no-deps", "--no-index", "--no-build-isolation"),
        *("--ignore-installed", distributions[request.param]),
        cwd=folder,
    )
    return programs


def test_the_wheel_has_the_package_and_conf_alone(distributions: dict[str, Path]) -> None:
    with zipfile.ZipFile(distributions["wheel"]) as wheel:
        names = set(wheel.namelist())
    files = {f"internal_gan/{p.relative_to(ROOT)}" for p in (ROOT / "conf").rglob("*.yaml")}
    package = [p for p in (ROOT / "internal_gan").rglob("*") if p.is_file()]
    files |= {str(p.relative_to(ROOT)) for p in package if "__pycache__" not in p.parts}
    assert {"internal_gan/py.typed", "internal_gan/__init__.pyi"} <= files
    assert files <= names
    assert {Path(name).parts[0] for name in names - files} == {
        distributions["wheel"].name.removesuffix("-py3-none-any.whl") + ".dist-info"
    }


def test_sdist_has_what_tests_and_readers_need(distributions: dict[str, Path]) -> None:
    with tarfile.open(distributions["sdist"]) as sdist:
        names = [Path(*Path(name).parts[1:]) for name in sdist.getnames()]
    folders = {path.parts[0] for path in names if len(path.parts) > 1}
    assert {"internal_gan", "conf", "tests", "docs", "examples"} <= folders
    assert set(map(Path, ("LICENSE", "README.md", "Makefile", "constraints.txt"))) <= set(names)
    assert not [path for path in names if "__pycache__" in path.parts or path.suffix == ".pyc"]


def test_the_installed_package_trains(installed: Path, tmp_path: Path, tiny_photo: Path) -> None:
    show = "import internal_gan; print(internal_gan.__file__)"
    assert installed.parent in Path(run(installed / "python", "-c", show, cwd=tmp_path)).parents
    given = ("model=singan", f"image={tiny_photo}", "trainer=debug", "output=run")
    run(installed / "internal-gan", *given, cwd=tmp_path)
    assert sorted((tmp_path / "run" / "sample").glob("*.png"))
    assert (tmp_path / "run" / "index.html").is_file()


@pytest.mark.parametrize("installed", ["wheel"], indirect=True)
def test_the_installed_app_serves_its_page_and_its_health(installed: Path, tmp_path: Path) -> None:
    pytest.importorskip("starlette")
    options = ("host=0.0.0.0", "port=0", "browser=false", "runs=runs")
    with subprocess.Popen(
        [installed / "internal-gan", "app", *options],
        cwd=tmp_path,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            assert server.stdout is not None
            found: Any = re.search(r"(http://.*:\d+/)(\?token=\S+)", server.stdout.readline())
            with urlopen(f"{found[1]}health", timeout=120) as answer:
                assert answer.status == 204
            with urlopen(f"{found[1]}page/index.html{found[2]}", timeout=60) as answer:
                assert b"<title>" in answer.read()
        finally:
            server.terminate()
