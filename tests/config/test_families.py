"""The list of families agrees with the models' classes and with the API."""

import pytest

import internal_gan
from internal_gan.api import methods as api
from internal_gan.config.build import build
from internal_gan.config.catalogue import ANIMATES, ENLARGES, FILLS, INJECTS, RETARGETS, SAMPLES
from internal_gan.config.compose import compose
from internal_gan.config.conf import groups
from internal_gan.config.families import FAMILIES, family_of
from internal_gan.models import abilities
from internal_gan.models.base import Model

# The classes that say what an ability asks of a model, and the ones with its methods in Python.
CLASSES = {
    SAMPLES: (abilities.Samples, api.Samples),
    INJECTS: (abilities.Injects, api.Injects),
    ANIMATES: (abilities.Animates, api.Animates),
    ENLARGES: (abilities.Enlarges, api.Enlarges),
    RETARGETS: (abilities.Retargets, api.Retargets),
    FILLS: (abilities.Fills, api.Fills),
}


@pytest.mark.parametrize("name", groups()["model"])
def test_a_models_class_has_its_familys_abilities(name: str) -> None:
    options = compose([f"model={name}"]).model
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
    assert hasattr(made, family.ending.call.split(".")[1].split("(")[0])
