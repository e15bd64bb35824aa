"""The folder ``conf/``, whose files Hydra composes."""

import functools
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path
from typing import Any

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
    ['edgeconnect', 'ingan', 'ingan_unet', 'patches', 'singan']
    """
    return list(groups()["model"])


def list_presets() -> list[str]:
    """Names for ``overrides={"trainer": ...}``: how long and how carefully to train.

    >>> "fast" in list_presets()
    True
    """
    return list(groups()["trainer"])


def model_of(experiment: str) -> str | None:
    """The ``model=`` that an experiment chooses, itself or by the experiment it builds on."""
    for entry in _experiment(experiment).get("defaults", []):
        if isinstance(entry, dict) and "override /model" in entry:
            return str(entry["override /model"])
        if entry in groups()["experiment"] and (found := model_of(entry)):
            return found
    return None


def swept_by(experiment: str) -> Collection[str]:
    """The options to which an experiment gives several values."""
    if experiment not in groups()["experiment"]:
        return ()
    settings: Any = _experiment(experiment).get("hydra", {})
    return settings.get("sweeper", {}).get("params", {})  # type: ignore[no-any-return]


def _experiment(name: str) -> dict[str, Any]:
    config = OmegaConf.load(conf_dir() / "experiment" / f"{name}.yaml")
    return OmegaConf.to_container(config)  # type: ignore[return-value]
