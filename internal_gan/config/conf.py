"""The folder ``conf/``, and what Hydra composes from it and from the options' defaults."""

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

# What conf/config.yaml begins with. Plain values rather than the dataclass, whose types Hydra would
# check in words of its own. What the groups of conf/ set comes last, as --cfg job shows it.
_DEFAULTS = dataclasses.asdict(Options())
_DEFAULTS |= {group: _DEFAULTS.pop(group) for group in ("model", "trainer")}
ConfigStore.instance().store("internal_gan_options", _DEFAULTS)


def conf_dir() -> Path:
    """The folder of the configuration: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "conf"
    return inside if inside.is_dir() else package.parent / "conf"


def composed(overrides: Sequence[str] = (), *, with_hydra: bool = False) -> DictConfig:
    """What Hydra makes of these overrides, unchecked; on request with its own settings.

    Raises:
        Exception: any of Hydra's or OmegaConf's, for
            :func:`internal_gan.config.messages.user_error`.
    """
    # Hydra has one state for all threads of a process.
    with _composing:
        # A job, or a caller's own Hydra application, may be under way in this process.
        outer = GlobalHydra.instance().hydra
        GlobalHydra.instance().clear()
        try:
            with hydra.initialize_config_dir(str(conf_dir()), version_base=VERSION_BASE):
                return hydra.compose(CONFIG_NAME, list(overrides), return_hydra_config=with_hydra)
        finally:
            GlobalHydra.instance().hydra = outer


def choices(group: str) -> list[str]:
    """The names that ``model=``, ``trainer=`` and the like take."""
    return sorted(path.stem for path in (conf_dir() / group).glob("*.yaml"))


def experiments() -> list[str]:
    """The names that ``experiment=`` takes."""
    root = conf_dir() / "experiment"
    files = (path.relative_to(root).with_suffix("") for path in root.rglob("*.yaml"))
    return sorted(file.as_posix() for file in files)


def known_keys(overrides: Sequence[str]) -> list[str]:
    """Every option there is with the model, trainer and experiment that ``overrides`` choose."""
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
