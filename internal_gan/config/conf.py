"""The folder ``conf/``, which Hydra composes with the options' defaults."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import hydra
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig, OmegaConf

from internal_gan.config.arguments import key_of
from internal_gan.config.options import Options

CONFIG_NAME = "config"
VERSION_BASE = "1.3"
_composing = threading.Lock()

# The first entry of the defaults list in conf/config.yaml. It has plain values, since Hydra would
# check the dataclass's types with messages of its own. Groups of conf/ come last, as in --cfg job.
_DEFAULTS = dataclasses.asdict(Options())
_DEFAULTS |= {group: _DEFAULTS.pop(group) for group in ("model", "trainer")}
ConfigStore.instance().store("internal_gan_options", _DEFAULTS)


def conf_dir() -> Path:
    """The folder ``conf/``, inside the installed package or next to it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "conf"
    return inside if inside.is_dir() else package.parent / "conf"


def composed(overrides: Sequence[str] = (), *, with_hydra: bool = False) -> DictConfig:
    """The unchecked configuration with these overrides; may raise Hydra's or OmegaConf's errors."""
    # Hydra's state is global to the process.
    with _composing:
        # This process may be running a job, or a caller's own Hydra application.
        outer = GlobalHydra.instance().hydra
        GlobalHydra.instance().clear()
        try:
            with hydra.initialize_config_dir(str(conf_dir()), version_base=VERSION_BASE):
                return hydra.compose(CONFIG_NAME, list(overrides), return_hydra_config=with_hydra)
        finally:
            GlobalHydra.instance().hydra = outer


def choices(group: str) -> list[str]:
    """The names that ``model=``, ``trainer=`` and other groups take."""
    return sorted(path.stem for path in (conf_dir() / group).glob("*.yaml"))


def list_models() -> list[str]:
    """Names for ``fit(image, model)``: the methods.

    >>> list_models()
    ['edgeconnect', 'ingan', 'ingan_unet', 'singan']
    """
    return choices("model")


def list_presets() -> list[str]:
    """Names for ``overrides={"trainer": ...}``: how long and how carefully to train.

    >>> "fast" in list_presets()
    True
    """
    return choices("trainer")


def experiments() -> list[str]:
    """The names that ``experiment=`` takes."""
    root = conf_dir() / "experiment"
    files = (path.relative_to(root).with_suffix("") for path in root.rglob("*.yaml"))
    return sorted(file.as_posix() for file in files)


def model_of(experiment: str) -> str | None:
    """The ``model=`` that an experiment chooses, itself or by the experiment it builds on.

    >>> model_of("ingan_paper"), model_of("ingan_no_cycle"), model_of("none")
    ('ingan_unet', 'ingan_unet', None)
    """
    config = OmegaConf.load(conf_dir() / "experiment" / f"{experiment}.yaml")
    entries = OmegaConf.to_container(config).get("defaults", [])  # type: ignore[union-attr]
    for entry in entries:
        if isinstance(entry, dict) and "override /model" in entry:
            return str(entry["override /model"])
        if isinstance(entry, str) and entry in experiments() and (found := model_of(entry)):
            return found
    return None


def known_keys(overrides: Sequence[str]) -> list[str]:
    """All options for the model, trainer and experiment that ``overrides`` choose."""
    root = conf_dir()
    groups = [
        path.relative_to(root).as_posix()
        for path in sorted(root.rglob("*"))
        if path.is_dir()
        and path.relative_to(root).parts[0] not in ("hydra", "preset")
        and path.name != "ablation"
    ]
    try:
        config = composed([o for o in overrides if key_of(o) in groups])
    except Exception:
        config = composed()
    keys = list(_keys(OmegaConf.to_container(config, resolve=False)))
    return keys + [group for group in groups if group not in keys]


def _keys(values: Any, prefix: str = "") -> Iterator[str]:
    if isinstance(values, dict):
        for key, value in values.items():
            if key != "_target_":
                yield f"{prefix}{key}"
            yield from _keys(value, f"{prefix}{key}.")
