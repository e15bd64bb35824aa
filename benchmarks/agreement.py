"""Compares the patch statistics with another implementation, figure by figure.

    python -m benchmarks.agreement --panel panel.py --real photos/ --samples samples/

``panel.py`` has a function ``panel(real, samples)``, which takes file names and returns figures by
name. Both implementations judge every photo that has a sample of the same name. The figures that
both of them return are compared.
"""

import argparse
import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks._common import existing_file, existing_folder, pictures, print_json, run, say
from internal_gan.errors import UserError
from internal_gan.images.files.image import read_image
from internal_gan.patches.statistics import patch_panel

Panel = Callable[[str, list[str]], dict[str, float]]


def read_panel(path: Path) -> Panel:
    """The function ``panel`` of a Python file."""
    spec = importlib.util.spec_from_file_location("panel", path)
    if spec is None or spec.loader is None:
        raise UserError(f"{path}: is not a Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    panel: Panel | None = getattr(module, "panel", None)
    if panel is None:
        raise UserError(f"{path}: has no function panel(real, samples)")
    return panel


def differences(panel: Panel, real: Path, samples: Path, names: Sequence[str]) -> dict[str, Any]:
    """The largest relative difference of every figure over the photos, and the photo with it."""
    photos, drawn = pictures(real), pictures(samples)
    known = list(names) or [name for name in photos if name in drawn]
    if not known:
        raise UserError(f"{real} and {samples}: no two pictures have the same name")
    worst: dict[str, dict[str, Any]] = {}
    for name in known:
        if name not in photos or name not in drawn:
            raise UserError(f"{name}: is not in both folders")
        theirs = panel(str(photos[name]), [str(drawn[name])])
        ours = patch_panel(read_image(photos[name]).pixels, read_image(drawn[name]).pixels)
        for figure in sorted(theirs.keys() & ours.keys()):
            scale = max(abs(theirs[figure]), 1e-9)
            found = abs(ours[figure] - theirs[figure]) / scale
            if figure not in worst or found > worst[figure]["largest"]:
                values = {"ours": ours[figure], "theirs": theirs[figure]}
                worst[figure] = {"largest": found, "photo": name, **values}
        say(f"{name}: " + ", ".join(f"{k} {v['largest']:.1e}" for k, v in worst.items()))
    return {"photos": len(known), "relative_difference": worst}


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.agreement", description=__doc__)
    parser.add_argument(
        "--panel", type=existing_file, required=True, help="Python file of the other implementation"
    )
    parser.add_argument("--real", type=existing_folder, required=True, help="folder of photos")
    parser.add_argument(
        "--samples", type=existing_folder, required=True, help="folder of samples of the same names"
    )
    parser.add_argument("--photos", nargs="+", default=[], metavar="NAME", help="default: all")
    options = parser.parse_args(argv)
    panel = read_panel(options.panel)
    print_json("agreement", differences(panel, options.real, options.samples, options.photos))


if __name__ == "__main__":
    run(main)
