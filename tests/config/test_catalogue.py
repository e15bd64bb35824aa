"""The tables of tasks and families agree with the schema, the models' classes and the API."""

from dataclasses import replace

import pytest

import internal_gan
from internal_gan.api import methods as api
from internal_gan.config import catalogue
from internal_gan.config.arguments import prepare
from internal_gan.config.build import build
from internal_gan.config.catalogue import FAMILIES, SPECS, family_of
from internal_gan.config.conf import groups
from internal_gan.models import abilities
from internal_gan.models.base import Model
from tests.tiny import tiny_options


@pytest.mark.parametrize("name", SPECS)
def test_a_task_works_on_the_photo_unless_a_model_is_named(name: str) -> None:
    needs, task = bool(SPECS[name].needs), f"task={name}"
    added = prepare([task, "image=x.jpg"])[2:]
    assert added == (["model=patches"] if needs else [])
    assert replace(tiny_options(base=added), task=name).trains == (name == "train")
    for other in ("checkpoint=x", "resume=x", "experiment=singan_paper"):
        assert not prepare([task, other])[2:]
    if needs:
        singan = replace(tiny_options(base=["model=singan"]), task=name)
        assert singan.trains
        assert not replace(singan, checkpoint="x").trains


# The classes that say what an ability asks of a model, and the ones with its methods in Python.
CLASSES = {
    catalogue.SAMPLES: (abilities.Samples, api.Samples),
    catalogue.INJECTS: (abilities.Injects, api.Injects),
    catalogue.ANIMATES: (abilities.Animates, api.Animates),
    catalogue.ENLARGES: (abilities.Enlarges, api.Enlarges),
    catalogue.RETARGETS: (abilities.Retargets, api.Retargets),
    catalogue.FILLS: (abilities.Fills, api.Fills),
}


@pytest.mark.parametrize("name", groups()["model"])
def test_a_models_class_has_its_familys_abilities(name: str) -> None:
    options = tiny_options(base=[f"model={name}"]).model
    built = build(options)
    made: type[Model] = type(built) if isinstance(built, Model) else built.model_class
    family = FAMILIES[family_of(options)]
    assert made.family == family_of(options)
    found = {ability for ability, (kind, _) in CLASSES.items() if issubclass(made, kind)}
    assert found == {*family.abilities}


@pytest.mark.parametrize("name", FAMILIES)
def test_the_api_has_a_class_for_each_family_and_a_method_for_each_ability(name: str) -> None:
    made = internal_gan.Model.classes[name]
    family = FAMILIES[name]
    found = {ability for ability, (_, kind) in CLASSES.items() if issubclass(made, kind)}
    assert found == {*family.abilities}
    assert getattr(internal_gan, family.title) is made
    assert hasattr(made, family.abilities[0].call.split(".")[1].split("(")[0])
