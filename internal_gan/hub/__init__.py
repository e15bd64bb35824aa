"""Sharing run folders, and the Hugging Face Hub (``pip install 'internal-gan[hub]'``)."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

from internal_gan.config.families import FAMILIES
from internal_gan.config.options import LICENCE, LICENCE_NEEDS, PATHS, Options
from internal_gan.config.record import load_options, save_options
from internal_gan.errors import UserError
from internal_gan.files import atomic_write, disk_errors, make_folder, read_json_object
from internal_gan.hub.card import card
from internal_gan.models.base import Model
from internal_gan.runs.results import read_results

MODEL, CONFIG, CARD = "model.safetensors", "config.yaml", "README.md"
# The Hub counts downloads by this file.
SAVED = "config.json"
# Other files of a shared run folder, and the largest number of its results.
PHOTOS = ("photo.png", "photos/*.png", "unknown*.png")
MOST_PICTURES = 8
INSTALL = "pip install 'internal-gan[hub]'"
_NAME = re.compile(r"[\w.-]+/[\w.-]+")


def save(model: Path, folder: Path, network: Model, licence: str | None = None) -> None:
    """Copy a model's run folder to a ``folder`` for sharing, without the paths of the user's files.

    The folder of the file ``model`` may lack other files of a run.

    Args:
        network: what the file holds.
        licence: the photo's, as the Hub names it, such as ``cc0-1.0``; None: the run's.

    Raises:
        UserError: the licence is no such name, the folder holds anything but a model saved there
            earlier, or it cannot be written.
    """
    run, config = model.parent, make_folder(folder) / CONFIG
    _check_place(folder, network)
    # Without a configuration, the files next to the model may be unrelated to it.
    known = (run / CONFIG).is_file()
    results = read_results(run) if known else []
    drawn = [made.file for made in results if made.kind == "result"][:MOST_PICTURES]
    options = load_options(run / CONFIG) if known else Options()
    licence = options.hub.licence if licence is None else licence
    if licence is not None and not re.fullmatch(LICENCE, licence):
        raise UserError(f"licence={licence}: needs {LICENCE_NEEDS}")
    photos = [path for pattern in PHOTOS for path in sorted(run.glob(pattern)) if known]
    for path in (model, *photos, *(run / file for file in drawn)):
        copy = folder / (MODEL if path == model else path.relative_to(run))
        make_folder(copy.parent)
        with atomic_write(copy) as temporary:
            shutil.copyfile(path, temporary)
    # Must come before the folder's files change, which may be the model's own.
    text = card(run if known else None, network, options, drawn, licence)
    save_options(_without_folders(options), config)
    for name, content in ((SAVED, json.dumps({"family": network.family}) + "\n"), (CARD, text)):
        with atomic_write(folder / name) as temporary:
            temporary.write_text(content, encoding="utf-8")


def _check_place(folder: Path, network: Model) -> None:
    """Refuse a folder with files that are not an earlier saved model's."""
    with disk_errors(folder):
        names = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    family = read_json_object(folder / SAVED).get("family")
    is_saved = family in (*FAMILIES, network.family) and "status.json" not in names
    if names and not is_saved:
        what = "is a run's own folder" if "status.json" in names else "is not empty"
        raise UserError(
            f"{folder} {what}; choose a new or empty folder, or one with a model saved earlier"
        )


def _without_folders(options: Options) -> Options:
    """``options`` without paths; only the file names of several photos are kept."""
    changes: dict[str, Any] = {}
    for path in PATHS:
        group, dot, key = path.partition(".")
        if not dot:
            changes[path] = None
        elif group != "model":
            changes[group] = replace(changes.get(group, getattr(options, group)), **{key: None})
    if len(options.photos) > 1:
        changes["image"] = [Path(name).name for name in options.photos]
    return replace(options, **changes)


def upload(folder: Path, name: str, *, private: bool, token: str | None, message: str) -> str:
    """Upload a folder to a repository of the Hub, created if needed; returns its address."""
    try:
        from huggingface_hub import HfApi
    except ImportError as error:
        raise UserError(f"push_to_hub needs huggingface_hub: {INSTALL}") from error
    api = HfApi(token=token)
    repository = api.create_repo(name, private=private, exist_ok=True).repo_id
    return str(api.upload_folder(folder_path=folder, repo_id=repository, commit_message=message))


def local(name: str | PathLike[str], **how: Any) -> Path:
    """A local folder or file, or else the download of the Hub's repository ``owner/name``.

    ``how`` is passed to ``snapshot_download``. A UserError says why there is nothing to download.
    """
    path = Path(name).expanduser()
    if path.exists() or not isinstance(name, str) or not _NAME.fullmatch(name):
        if how:
            raise UserError(
                f"{', '.join(how)}: only for models of the Hugging Face Hub, not {name}"
            )
        return path
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise UserError(
            f"run folder {name} does not exist; to read it from the Hugging Face Hub: {INSTALL}"
        ) from error
    try:
        return Path(snapshot_download(name, **how, allow_patterns=[MODEL, CONFIG, *PHOTOS]))
    except Exception as error:  # of many kinds
        why = " ".join(str(error).split("\n\n")[0].split()) or type(error).__name__
        raise UserError(
            f"run folder {name} does not exist, and the Hugging Face Hub provides none of that "
            f"name ({why})"
        ) from error
