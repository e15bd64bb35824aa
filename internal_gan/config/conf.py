"""The folder ``conf/``, whose files Hydra composes."""

import functools
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path

from omegaconf import OmegaConf


def conf_dir() -> Path:
    """The folder ``conf/``, inside the installed package or next to it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "conf"
    return inside if inside.is_dir() else package.parent / "conf"


@functools.cache
def groups() -> dict[str, list[str]]:
    """What ``model=``, ``model/generator=``, ``trainer=`` and other groups of files take."""
    found = defaultdict(list)
    for path in sorted(conf_dir().rglob("*.yaml")):
        *folders, name = path.relative_to(conf_dir()).with_suffix("").parts
        if folders[:1] == ["experiment"]:
            # Ablations are in a subfolder, not a group of their own.
            folders, name = folders[:1], "/".join([*folders[1:], name])
        # Files in folders of a trainer are its parts.
        if folders and folders[0] != "hydra" and (folders[0] != "trainer" or len(folders) == 1):
            found["/".join(folders)].append(name)
    return {group: sorted(found[group]) for group in sorted(found)}


def list_models() -> list[str]:
    """Names for ``fit(image, model)``: the methods.

    >>> list_models()
    ['edgeconnect', 'ingan', 'ingan_unet', 'patches', 'singan', 'zssr']
    """
    return list(groups()["model"])


def list_presets() -> list[str]:
    """Names for ``overrides={"trainer": ...}``: how long and how carefully to train.

    >>> "fast" in list_presets()
    True
    """
    return list(groups()["trainer"])


def swept_by(experiment: str) -> Collection[str]:
    """The options to which an experiment gives several values."""
    if experiment not in groups()["experiment"]:
        return ()
    config = OmegaConf.load(conf_dir() / "experiment" / f"{experiment}.yaml")
    return OmegaConf.select(config, "hydra.sweeper.params") or ()
