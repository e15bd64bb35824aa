"""The options of ``internal-gan app``."""

from pathlib import Path

from internal_gan.app.settings import Settings, help, settings_of


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


def test_help_has_every_option_with_its_default() -> None:
    assert "  port=7860 " in help()
    assert "  browser=true " in help()
    assert len(help().splitlines()) == 2 + len(vars(Settings()))
