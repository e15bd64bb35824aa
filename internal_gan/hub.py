"""Models on the Hugging Face Hub: ``pip install 'internal-gan[hub]'``."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from internal_gan.config.options import PATHS, Options
from internal_gan.config.record import load_options, save_options
from internal_gan.runs.results import read_results

try:
    from huggingface_hub import ModelHubMixin, snapshot_download
except ImportError as error:
    raise ImportError(
        "internal_gan.hub needs huggingface_hub: pip install 'internal-gan[hub]'"
    ) from error

# What makes a run folder, and the pictures that show it.
FILES = ("config.yaml", "model.safetensors", "photo.png")
PICTURES = "*/*.png"
MOST_PICTURES = 8
CARD = """\
---
{{ card_data }}
---

A generative model learnt from a single image by internal-gan, with the photo and some pictures that
it drew.

```python
from internal_gan.hub import HubModel

model = HubModel.from_pretrained("this repository").model
```
"""


def _without_folders(options: Options) -> Options:
    """The same without the names of files that are not there; several photos keep their own."""
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


class HubModel(
    ModelHubMixin,
    library_name="internal-gan",
    tags=["single-image-generation", "gan"],
    model_card_template=CARD,
):
    """A finished training that can be saved, pushed and read back.

    What it saves is a run folder: ``checkpoint=`` on the command line takes it as it is. It holds
    the photo, which could be read out of the model in any case; push what is not for everybody to a
    private repository.

    >>> import tempfile
    >>> from PIL import Image
    >>> import internal_gan
    >>> from internal_gan.hub import HubModel
    >>> from internal_gan.models.singan.sampling import sample
    >>> run, folder = tempfile.mkdtemp(), tempfile.mkdtemp()
    >>> photo = Image.radial_gradient("L").resize((48, 40))
    >>> model = internal_gan.fit(photo, overrides=["trainer=debug"], output=run, quiet=True)
    >>> HubModel(run).save_pretrained(folder)
    >>> again = HubModel.from_pretrained(folder).model
    >>> bool((sample(again) == sample(model)).all())
    True
    """

    def __init__(self, run: str | Path) -> None:
        """``run`` is the run folder of a training.

        Raises:
            UserError: it is none, or has no model.
        """
        import internal_gan

        self.run = Path(run)
        self.model = internal_gan.load(self.run)
        # Saved as config.json, by default with the name of a folder on this machine.
        self._hub_mixin_config = {"family": self.model.family}

    def _save_pretrained(self, save_directory: Path) -> None:
        config = save_directory / "config.yaml"
        pictures = [made.file for made in read_results(self.run) if made.kind == "result"]
        for name in (*FILES, *pictures[:MOST_PICTURES]):
            path, copy = self.run / name, save_directory / name
            if path.is_file() and copy.resolve() != path.resolve():
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)
        if config.is_file():
            save_options(_without_folders(load_options(config)), config)

    @classmethod
    def _from_pretrained(
        cls,
        *,
        model_id: str,
        revision: str | None,
        cache_dir: str | Path | None,
        force_download: bool,
        local_files_only: bool,
        token: str | bool | None,
        **model_kwargs: Any,
    ) -> HubModel:
        folder = Path(model_id)
        if not folder.is_dir():
            folder = Path(
                snapshot_download(
                    model_id,
                    revision=revision,
                    cache_dir=cache_dir,
                    force_download=force_download,
                    local_files_only=local_files_only,
                    token=token,
                    allow_patterns=[*FILES, PICTURES],
                )
            )
        return cls(folder)
