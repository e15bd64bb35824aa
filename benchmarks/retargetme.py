"""Photos in other formats compared with the published results of RetargetMe, ranked blind.

    python -m benchmarks.retargetme --data retargetme/ --output ranked/

RetargetMe (Rubinstein et al., SIGGRAPH Asia 2010) has 80 photos at half to one and a half times one
side, with the results of eight methods; ``--data`` is a clone of a repository that has them at full
size, such as FlyingGoblin/Servey_Extend_RetargetMe.

The first run makes our results, at the published sizes, and ``sheets/N.png``: a photo and, in
random order, its results, lettered. Judges look at nothing else, and write a file
``judged-NAME.txt`` into the output folder, with a line for each sheet: all letters from the best to
the worst, and those in which something is torn, doubled or floating.

    12: C>A>B>D ; broken: D,B

The next run counts what they wrote. It also compares the votes of people that come with the set
with figures: by Kendall's tau with the share of pairs won, the mean over photos.
"""

import argparse
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from PIL import Image, ImageDraw, ImageFont
from scipy.stats import kendalltau

import internal_gan
from benchmarks._common import existing_folder, positive, print_json, run, say, write_json
from internal_gan.errors import UserError
from internal_gan.files import make_folder
from internal_gan.images.files.image import read_image
from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import resize
from internal_gan.patches.statistics import coherence, completeness, sliced_wasserstein
from internal_gan.report.table import as_markdown

# The methods by the numbers of their files, in sets that have all eight.
METHODS = ("crop", "SV", "MULTIOP", "seam carving", "scaling", "SM", "SNS", "WARP")
RIVALS = ("crop", "SV", "MULTIOP", "seam carving")
OURS = "internal-gan"
# Photos on which nothing was chosen: 24, drawn at random, with even numbers and all eight results,
# of those that are not in other sizes among the ranked ones with odd numbers.
RANKED = (
    *(2, 6, 8, 12, 14, 18, 24, 26, 28, 34, 36, 38),
    *(46, 50, 52, 54, 56, 60, 64, 68, 70, 74, 78, 80),
)
# The height of a picture on a sheet, and the width of a sheet, in pixels.
HEIGHT, WIDEST = 360, 1500
# Figures are computed at this long side, in pixels.
FIGURES_LONGEST = 128
LINE = re.compile(r"\s*(\d+)\s*:\s*([A-Z](?:\s*>\s*[A-Z])+)\s*(?:;\s*broken\s*:(.*))?$")


def published(data: Path, number: int) -> dict[str, Path]:
    """The photo's published results by method; none if some of the eight are missing."""
    files = [data / "data" / str(number) / f"{k}_lrg.jpg" for k in range(1, len(METHODS) + 1)]
    if not all(file.is_file() for file in files):
        return {}
    return dict(zip(METHODS, files, strict=True))


def photo_of(data: Path, number: int) -> Path:
    return data / "data" / str(number) / "src_lrg.jpg"


def make(data: Path, number: int, output: Path) -> dict[str, Path]:
    """Our result at the published size, and those of its rivals."""
    others, ours = published(data, number), output / "made" / f"{number}.png"
    with Image.open(others["crop"]) as image:
        width, height = image.size
    if not ours.is_file():
        make_folder(ours.parent)
        internal_gan.retarget(photo_of(data, number), (height, width)).save(ours)
    return {OURS: ours} | {name: others[name] for name in RIVALS}


def order(number: int) -> list[str]:
    """The methods on a photo's sheet, in the order of their letters."""
    names = [OURS, *RIVALS]
    random.Random(f"RetargetMe {number}").shuffle(names)
    return names


def write_sheet(path: Path, photo: Path, results: Mapping[str, Path]) -> None:
    """A photo and its lettered results on one picture."""
    font, rows = ImageFont.load_default(26), list[list[Image.Image]]([[]])
    names = order(int(path.stem))
    labelled = [("source", photo), *((chr(65 + k), results[n]) for k, n in enumerate(names))]
    for label, file in labelled:
        with Image.open(file) as image:
            width = round(image.width * HEIGHT / image.height)
            tile = Image.new("RGB", (width + 8, HEIGHT + 38), "white")
            tile.paste(image.convert("RGB").resize((width, HEIGHT)), (4, 34))
        ImageDraw.Draw(tile).text((6, 2), label, fill="black", font=font)
        if rows[-1] and sum(one.width for one in rows[-1]) + tile.width > WIDEST:
            rows.append([])
        rows[-1].append(tile)
    widths = [sum(tile.width for tile in row) for row in rows]
    sheet = Image.new("RGB", (max(widths), len(rows) * (HEIGHT + 38)), "white")
    for number, row in enumerate(rows):
        left = 0
        for tile in row:
            sheet.paste(tile, (left, number * (HEIGHT + 38)))
            left += tile.width
    make_folder(path.parent)
    sheet.save(path)


def count(text: str, name: str, numbers: Sequence[int]) -> dict[str, dict[str, float]]:
    """What a judge wrote: for each method, the share of pairs won, and how many of its pictures are
    broken; a UserError if a line cannot be read, or a sheet is missing."""
    won, broken, seen = Counter[str](), Counter[str](), set[int]()
    for line in filter(str.strip, text.splitlines()):
        found = LINE.match(line)
        letters = re.findall("[A-Z]", found[2]) if found else []
        if found is None or sorted(letters) != sorted("ABCDE") or int(found[1]) not in numbers:
            raise UserError(f"{name}: {line}: needs a sheet and its five letters, as in the help")
        names = order(int(found[1]))
        places = [names[ord(letter) - 65] for letter in letters]
        for place, method in enumerate(places):
            won[method] += len(places) - 1 - place
        for letter in re.findall("[A-E]", found[3] or ""):
            broken[names[ord(letter) - 65]] += 1
        seen.add(int(found[1]))
    if missing := sorted(set(numbers) - seen):
        raise UserError(f"{name}: no verdict on {missing}")
    pairs = len(RIVALS) * len(numbers)
    return {n: {"won": won[n] / pairs, "broken": broken[n]} for n in (OURS, *RIVALS)}


def votes(data: Path) -> dict[int, dict[str, float]]:
    """The share of pairs that each method won in the votes of people, by photos with all eight."""
    won, met = (defaultdict[int, Counter[str]](Counter) for _ in range(2))
    for file in sorted((data / "sessions").glob("*.dat")):
        for line in file.read_text(errors="replace").splitlines():
            parts = line.split("|")
            if len(parts) < 6 or not all(part.isdecimal() for part in parts[:5]):
                continue
            number, first, second, chosen = map(int, parts[1:5])
            if chosen in (first, second) and max(first, second) <= len(METHODS):
                won[number][METHODS[chosen - 1]] += 1
                met[number].update((METHODS[first - 1], METHODS[second - 1]))
    whole = [number for number in sorted(met) if published(data, number)]
    return {n: {name: won[n][name] / met[n][name] for name in met[n]} for n in whole}


def figures(photo: Path, result: Path) -> dict[str, float]:
    """Our figures of layouts, of a picture and its photo; smaller is better."""
    pair = [read_image(path).pixels for path in (photo, result)]
    size = fit_size(read_image(photo).size, FIGURES_LONGEST)
    ratio = max(size) / max(pair[0].shape[-2:])
    real, made = (resize(x, (round(x.shape[-2] * ratio), round(x.shape[-1] * ratio))) for x in pair)
    found = {
        "coherence": coherence(real, made),
        "completeness": completeness(real, made),
        "swd": sliced_wasserstein(real, made),
    }
    return found | {"their sum": found["coherence"] + found["completeness"]}


def taus(data: Path) -> dict[str, Any]:
    """Kendall's tau of figures with the votes, the mean over photos, and of what stays the same on
    all photos: the methods' mean share."""
    by_photo = votes(data)
    if not by_photo:
        return {}
    everywhere = {n: fmean(shares[n] for shares in by_photo.values()) for n in METHODS}
    found = defaultdict[str, list[float]](list)
    for number, shares in by_photo.items():
        files, wanted = published(data, number), [shares[name] for name in METHODS]
        say(f"figures of {number}")
        each = [figures(photo_of(data, number), files[name]) for name in METHODS]
        for name in each[0]:
            found[name].append(kendalltau([-one[name] for one in each], wanted).statistic)
        found["the methods' mean order"].append(
            kendalltau([everywhere[name] for name in METHODS], wanted).statistic
        )
    return {
        "photos": len(by_photo),
        "votes": everywhere,
        "tau": {name: fmean(values) for name, values in found.items()},
    }


def tables(record: Mapping[str, Any]) -> dict[str, str]:
    """The ranking, and the figures beside the votes, as Markdown."""
    judges, people, sheets = record["judges"], record["people"], len(record["numbers"])
    rows = []
    for name in ("crop", OURS, *METHODS[1:]):
        row = {"method": name}
        for number, judge in enumerate(judges.values(), 1):
            found = judge.get(name)
            row[f"pairs won, judge {number}"] = f"{found['won']:.2f}" if found else ""
            row[f"broken, judge {number}"] = f"{found['broken']} of {sheets}" if found else ""
        share = people.get("votes", {}).get(name)
        row["pairs won, 62 people, 16 other photos"] = "" if share is None else f"{share:.2f}"
        rows.append(row)
    tau = [
        {"figure": name, "Kendall's tau with the votes": f"{value:.2f}"}
        for name, value in people.get("tau", {}).items()
    ]
    return {"ranked": as_markdown(rows), "taus": as_markdown(tau)}


def judged(output: Path, numbers: Sequence[int]) -> Iterator[tuple[str, dict[str, Any]]]:
    for file in sorted(output.glob("judged-*.txt")):
        yield file.stem.removeprefix("judged-"), count(file.read_text(), file.name, numbers)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.retargetme",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=existing_folder, required=True, help="a clone of the set")
    parser.add_argument("--numbers", type=positive, nargs="+", default=RANKED)
    parser.add_argument("--output", type=Path, required=True, help="for results and sheets")
    options = parser.parse_args(argv)
    numbers = [number for number in options.numbers if published(options.data, number)]
    if not numbers:
        raise UserError(f"--data {options.data}: has none of these photos with all eight results")
    for number in numbers:
        sheet = options.output / "sheets" / f"{number}.png"
        if not sheet.is_file():
            results = make(options.data, number, options.output)
            write_sheet(sheet, photo_of(options.data, number), results)
            say(f"written: {sheet}")
    judges = dict(judged(options.output, numbers))
    if not judges:
        say(f"now judge {options.output / 'sheets'}, as in --help, and run this command again")
    record = {"numbers": numbers, "judges": judges, "people": taus(options.data)}
    write_json(options.output / "results.json", record)
    print_json("retargetme", record)


if __name__ == "__main__":
    run(main)
