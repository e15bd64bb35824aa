"""Every file in conf/ belongs to a group and composes."""

import inspect
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from pydoc import locate
from typing import Any

import pytest
import yaml
from omegaconf import OmegaConf

from internal_gan.config.build import build
from internal_gan.config.compose import compose, plain
from internal_gan.config.conf import groups
from internal_gan.models.base import Model, Recipe
from tests.test_docs import at_once

CONF = Path(__file__).resolve().parents[1] / "conf"


def names(group: str) -> list[str]:
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


# Components used by one family only.
PARTS_OF = {
    "model/generator=shape_flexible": "ingan_unet",
    "model/discriminator=multi_scale": "ingan_unet",
    "model/generator=dilated_residual": "edgeconnect",
    "model/discriminator=none": "zssr",
}
# Groups that only one family has.
GROUPS_OF = {"model/edges": "edgeconnect", "model/features": "edgeconnect"}


def test_every_choice_composes_and_builds_a_model() -> None:
    beside = defaultdict[str, list[str]](list)
    choices = [(group, f"{group}={name}") for group, found in groups().items() for name in found]
    for group, choice in choices:
        if group in ("model", "experiment"):
            assert isinstance(build(compose([choice]).model), Model | Recipe), choice
        else:
            beside[PARTS_OF.get(choice) or GROUPS_OF.get(group) or "singan"].append(choice)
    # Composing takes a while, so one choice of each group is composed at a time.
    for model, parts in beside.items():
        for several in at_once(parts):
            assert isinstance(build(compose([f"model={model}", *several]).model), Recipe), several


def test_every_part_of_a_trainer_belongs_to_a_model() -> None:
    parts = [path.relative_to(CONF / "trainer") for path in CONF.glob("trainer/*/*.yaml")]
    assert parts
    for part in parts:
        trainer, model = part.with_suffix("").parts
        assert model in names("model")
        assert trainer in names("trainer")
        made = [compose([f"model={model}", f"trainer={name}"]).model for name in (trainer, "fast")]
        assert made[0] != made[1]


@pytest.mark.parametrize("ablation", names("experiment/ablation"))
def test_every_job_of_an_ablation_differs_from_the_others(ablation: str) -> None:
    """Any two jobs differ in the model or the schedule, and show what the network draws."""
    chosen = f"experiment=ablation/{ablation}"
    path = CONF / "experiment" / "ablation" / f"{ablation}.yaml"
    assert f"-m {chosen} image=photo.jpg" in path.read_text()
    ((key, values),) = OmegaConf.load(path).hydra.sweeper.params.items()
    jobs = [compose([chosen, f"{key}={value}"]) for value in str(values).split(",")]
    assert len(jobs) > 1
    for job in jobs:
        assert ablation.partition("_")[0] in job.model["_target_"]
        assert isinstance(build(job.model), Recipe)
        assert job.finish.detail == "network"
    whole = [(job.model, job.trainer) for job in jobs]
    assert all(whole.count(one) == 1 for one in whole)


def built(values: Any) -> Iterator[dict[str, Any]]:
    """Everything in ``values`` that names a class."""
    if isinstance(values, dict):
        if "_target_" in values:
            yield values
        values = list(values.values())
    for value in values if isinstance(values, list) else []:
        yield from built(value)


def test_a_components_default_in_python_is_the_value_of_a_file() -> None:
    given = defaultdict[str, list[dict[str, Any]]](list)
    for path in sorted((CONF / "model").rglob("*.yaml")):
        for settings in built(yaml.safe_load(path.read_text())):
            given[settings["_target_"]].append(settings)
    components = {name: files for name, files in given.items() if not name.endswith("Recipe")}
    other = [
        f"{target}.{name}={default}"
        for target, files in components.items()
        for name, default in defaults(locate(target))
        if default not in [plain(file.get(name, default)) for file in files]
    ]
    assert len(components) > 15
    assert other == []


def defaults(target: Any) -> Iterator[tuple[str, Any]]:
    for name, parameter in inspect.signature(target).parameters.items():
        if parameter.default is not parameter.empty:
            yield name, plain(parameter.default)
