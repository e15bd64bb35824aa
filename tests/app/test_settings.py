"""The options of ``internal-gan app``."""

from pathlib import Path

import pytest

from internal_gan.app.settings import Settings, help, settings_of
from internal_gan.errors import UserError


def test_values_are_read_by_the_types_of_the_options() -> None:
    given = settings_of(["app.port=8", "runs=~/a b", "max_megapixels=2", "browser=false"])
    runs = Path("~/a b").expanduser()
    assert given == Settings(port=8, runs=runs, max_megapixels=2.0, browser=False)


def test_other_machines_always_need_a_token() -> None:
    assert settings_of([]).token is None
    assert settings_of(["host=0.0.0.0", "token=x"]).token == "x"
    first, second = (settings_of(["host=0.0.0.0"]).token for _ in range(2))
    assert first
    assert first != second


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("port=65536", "port=65536: needs a whole number from 0 to 65535"),
        ("port=x", "port=x: needs a whole number"),
        ("max_megapixels=nan", "needs a number above 0, at most 120"),
        ("browser=yes", "browser=yes: needs true or false"),
        ("trainer=fats", "trainer=fats: needs one of debug, fast"),
        ("runs=", "runs=: needs a folder"),
        ("por=3", "there is no such option; did you mean 'port'"),
        ("hello", "hello: an option is written option=value"),
    ],
)
def test_a_mistake_is_one_line(argument: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        settings_of([argument])


def test_help_has_every_option_with_its_default() -> None:
    assert "  port=7860 " in help()
    assert "  browser=true " in help()
    assert len(help().splitlines()) == 2 + len(vars(Settings()))
