"""Draw new terrain from one elevation map, without training, and compare it with the original.

pip install 'internal-gan[science]' matplotlib
python examples/terrain.py out/
python examples/terrain.py out/ --elevation dem.tif --metres 30 30 --count 8

Without --elevation it is the map of the Jacksboro fault that matplotlib carries. Its shaded relief
is the photo, the elevation a layer. Results are out/preview/000.png and so on, their elevation
out/preview/layers/elevation/000.tif, and out/figures.png.
"""

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from matplotlib import cbook, colormaps, colors
from matplotlib.figure import Figure
from numpy.typing import NDArray

import internal_gan

Heights = NDArray[np.floating[Any]]
Metres = tuple[float, float]  # the height and the width of a pixel
SLOPES = np.arange(0, 61, 1.0)  # degrees


def fault() -> tuple[Heights, Metres]:
    """The elevation around the Jacksboro fault, Tennessee, in metres, by pixels of 3''."""
    with cbook.get_sample_data("jacksboro_fault_dem.npz") as data:
        degree, middle = 111_200, np.radians((data["ymin"] + data["ymax"]) / 2)
        pixel = degree * data["dy"], degree * data["dx"] * np.cos(middle)
        return data["elevation"].astype(np.float32), (float(pixel[0]), float(pixel[1]))


def relief(heights: Heights, pixel: Metres) -> NDArray[np.uint8]:
    """The elevation as colours, with light from above left."""
    light = colors.LightSource(azdeg=315, altdeg=45)
    tint = colormaps["gist_earth"]
    how = {"vert_exag": 2.0, "dx": pixel[1], "dy": pixel[0], "blend_mode": "soft"}
    shaded = light.shade(heights, tint, vmin=heights.min() - np.ptp(heights) / 2, **how)
    return (shaded[..., :3] * 255).round().astype(np.uint8)


def slopes(heights: Heights, pixel: Metres) -> NDArray[np.floating[Any]]:
    """The share of pixels with a slope in each degree."""
    steepness = np.degrees(np.arctan(np.hypot(*np.gradient(heights, *pixel))))
    counts = np.histogram(steepness.clip(0, SLOPES[-1]), SLOPES)[0]
    return counts / counts.sum()


def spectrum(heights: Heights, pixel: Metres) -> tuple[Heights, Heights]:
    """Wavelengths in metres, and the mean power over all directions at each."""
    rows, columns = heights.shape
    window = np.hanning(rows)[:, None] * np.hanning(columns)
    power = np.abs(np.fft.fft2((heights - heights.mean()) * window)) ** 2 / (rows * columns)
    along = np.hypot(np.fft.fftfreq(rows, pixel[0])[:, None], np.fft.fftfreq(columns, pixel[1]))
    edges = np.geomspace(4 / (min(rows, columns) * max(pixel)), 0.5 / max(pixel), 21)
    ring = np.digitize(along, edges).ravel()
    means = np.bincount(ring, power.ravel(), 22)[1:21] / np.bincount(ring, minlength=22)[1:21]
    return 1 / np.sqrt(edges[:-1] * edges[1:]), means


def differences(one: Heights, other: Heights, pixel: Metres) -> tuple[float, float]:
    """The share of pixels whose slope would have to change, and the mean difference of spectra in
    decibels."""
    off = np.abs(slopes(one, pixel) - slopes(other, pixel)).sum() / 2
    powers = [10 * np.log10(spectrum(heights, pixel)[1]) for heights in (one, other)]
    return float(off), float(np.abs(powers[0] - powers[1]).mean())


def together(picture: Path, photo: Path) -> float:
    """The largest share of a result's pixels that moved by the same distance."""
    places = internal_gan.verify(picture, photo).origin.places
    steps = places - np.moveaxis(np.indices(places.shape[:2]), 0, -1)
    counts = np.unique(steps.reshape(-1, 2), axis=0, return_counts=True)[1]
    return float(counts.max() / counts.sum())


def figure(file: Path, heights: Heights, drawn: list[Heights], pixel: Metres) -> None:
    """Reliefs above, and below them slopes and spectra."""
    picture = Figure((12, 7), layout="constrained")
    shown = [heights, *drawn[:3]]
    for place, one in enumerate(shown, 1):
        axes = picture.add_subplot(2, 4, place, xticks=[], yticks=[])
        axes.imshow(relief(one, pixel))
        axes.set_title("original" if place == 1 else f"new {place - 1}")
    left, right = picture.add_subplot(2, 2, 3), picture.add_subplot(2, 2, 4)
    for number, one in enumerate([*drawn, heights]):
        is_last = number == len(drawn)
        how = {"color": "black" if is_last else "tab:orange", "lw": 2 if is_last else 1}
        how["label"] = "original" if is_last else "new" if number == 0 else None
        left.plot(SLOPES[:-1], slopes(one, pixel), **how)
        right.loglog(*spectrum(one, pixel), **how)
    left.set(xlabel="slope, degrees", ylabel="share of pixels", xlim=(0, 45))
    right.set(xlabel="wavelength, metres", ylabel="power")
    right.invert_xaxis()
    right.minorticks_off()
    left.legend()
    picture.savefig(file, dpi=100)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path, help="new folder for the results")
    parser.add_argument("--elevation", type=Path, help="TIFF file of one band, complete")
    parser.add_argument("--metres", type=float, nargs=2, default=(30.0, 30.0), help="of a pixel")
    parser.add_argument("--count", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()

    inputs = wanted.out.with_name(f"{wanted.out.name}-inputs")
    inputs.mkdir(parents=True, exist_ok=True)
    heights, pixel = fault()
    if wanted.elevation:
        heights, pixel = tifffile.imread(wanted.elevation), tuple(wanted.metres)
    tifffile.imwrite(inputs / "elevation.tif", heights)
    tifffile.imwrite(inputs / "relief.tif", relief(heights, pixel), photometric="rgb")
    options = {
        "task": "preview",
        "image": inputs / "relief.tif",
        "layers": inputs / "elevation.tif",
        "output": wanted.out,
        "preview.count": wanted.count,
        "seed": wanted.seed,
    }
    command = [f"{name}={value}" for name, value in options.items()]
    subprocess.run([sys.executable, "-m", "internal_gan", *command], check=True)
    files = sorted((wanted.out / "preview" / "layers" / "elevation").glob("*.tif"))
    drawn = [tifffile.imread(file) for file in files]

    text = "{}: slopes differ by {:.1%}, spectra by {:.1f} dB"
    for file, one in zip(files, drawn, strict=True):
        said = text.format(file.stem, *differences(heights, one, pixel))
        moved = together(wanted.out / "preview" / f"{file.stem}.png", inputs / "relief.tif")
        print(f"{said}; {moved:.0%} moved as one")
    middle = heights.shape[1] // 2
    halves = heights[:, :middle], heights[:, -middle:]
    print(text.format("the original's halves", *differences(*halves, pixel)))
    figure(wanted.out / "figures.png", heights, drawn, pixel)


if __name__ == "__main__":
    main()
