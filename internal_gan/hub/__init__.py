"""Sharing run folders, and the Hugging Face Hub (``pip install 'internal-gan[hub]'``)."""

import json
import re
import shutil
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from internal_gan.config.catalogue import FAMILIES
from internal_gan.config.compose import load_options, save_options
from internal_gan.config.options import Options
from internal_gan.errors import UserError
from internal_gan.files import atomic_write, disk_errors, make_folder, read_json_object, write_text
from internal_gan.models.base import Model
from internal_gan.runs.records import read_results, read_status
from internal_gan.units import duration
from internal_gan.version import __version__

# Files of a shared run folder.
MODEL = "model.safetensors"
CONFIG = "config.yaml"
CARD = "README.md"
# The Hub counts downloads by this file.
SAVED = "config.json"
PHOTOS = ("photo.png", "unknown.png")
MAX_PICTURES = 8  # results in the folder, at most
INSTALL = "pip install 'internal-gan[hub]'"
# What names of repositories and licences look like on the Hub.
_NAME = re.compile(r"[\w.-]+/[\w.-]+")
_LICENCE = re.compile(r"[a-z0-9][a-z0-9.-]*")


def save(model: Path, folder: Path, network: Model, licence: str | None = None) -> None:
    """Copy the run folder of a file ``model``, which holds ``network``, to a ``folder`` for
    sharing; see :meth:`internal_gan.Model.save_pretrained`. It may lack other files of a run."""
    run = model.parent
    config = make_folder(folder) / CONFIG
    _check_place(folder, network)
    # Without a configuration, the files next to the model may be unrelated to it.
    known = (run / CONFIG).is_file()
    results = read_results(run) if known else []
    drawn = [made.file for made in results if made.kind == "result"][:MAX_PICTURES]
    options = load_options(run / CONFIG) if known else Options()
    if licence is not None and not _LICENCE.fullmatch(licence):
        raise UserError(
            f"licence={licence}: needs a licence identifier of the Hub, such as cc0-1.0"
        )
    photos = [run / name for name in PHOTOS if known and (run / name).is_file()]
    for path in (model, *photos, *(run / file for file in drawn)):
        copy = folder / (MODEL if path == model else path.relative_to(run))
        make_folder(copy.parent)
        with atomic_write(copy) as temporary:
            shutil.copyfile(path, temporary)
    environment = Environment(
        loader=PackageLoader("internal_gan.hub"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    # Must come before the folder's files change, which may be the model's own.
    card = environment.get_template("README.md.jinja").render(
        licence=licence,
        model=network,
        family=FAMILIES[network.family],
        ending=FAMILIES[network.family].abilities[0],
        pictures=drawn,
        seed=options.seed if known else None,
        version=__version__,
        weights=sum(parameter.numel() for parameter in network.parameters()),
        status=read_status(run / "status.json") if known else {},
        duration=duration,
    )
    save_options(replace(options, output=None), config, named=lambda names: None)
    for name, content in ((SAVED, json.dumps({"family": network.family}) + "\n"), (CARD, card)):
        write_text(folder / name, content)


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
    """A local folder or file, or else the Hub's repository ``owner/name``, downloaded by
    ``snapshot_download(**how)``; a UserError if there is none."""
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
