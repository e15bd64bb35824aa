"""The options of ``internal-gan app``."""

import dataclasses
import ipaddress
import secrets
import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from internal_gan.config.conf import groups
from internal_gan.config.fields import fields_of, flag, number, one_of, option, whole
from internal_gan.errors import Range, UserError, unknown


@dataclasses.dataclass(frozen=True)
class Settings:
    """A page in the browser that does what the command line does."""

    port: int = whole(7860, Range(0, 65535), "port of the page")
    host: str = option(
        "127.0.0.1",
        "who may open it: only this machine; 0.0.0.0: also others who have the token",
        "an address or a name",
    )
    token: str | None = option(
        None, "token that others need; by default a new one, which is printed", "a word"
    )
    runs: Path = option(  # noqa: RUF009 (the same path for all)
        Path("runs"), "folder for training runs and results", "a folder"
    )
    max_megapixels: float = number(
        60.0, Range(above=0, high=120), "largest photo accepted, in megapixels"
    )
    trainer: str = one_of(tuple(groups()["trainer"]), "fast", "how to train")
    browser: bool = flag(True, "whether to open the page in a browser")

    def urls(self, port: int) -> list[str]:
        """The address of the page; if every address of this machine is served, also one for others.

        >>> Settings(host="::1").urls(7860), Settings(host="10.0.0.2", token="secret").urls(7860)
        (['http://[::1]:7860/'], ['http://10.0.0.2:7860/?token=secret'])
        """
        own = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host)
        hosts = [self.host] if own is None else [own, socket.gethostname()]
        token = "" if self.token is None else f"?token={quote(self.token)}"
        return [f"http://{f'[{host}]' if ':' in host else host}:{port}/{token}" for host in hosts]


def is_loopback(host: str) -> bool:
    """Whether a host name means only this machine.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


_FIELDS = dict(fields_of(Settings))


def settings_of(arguments: Sequence[str]) -> Settings:
    """The settings from ``option=value`` arguments, or a UserError for one that is not allowed.

    >>> settings_of(["port=8000"]).port
    8000
    """
    given: dict[str, Any] = {}
    for argument in arguments:
        name, equals, value = argument.removeprefix("app.").partition("=")
        if not equals:
            raise UserError(f"{argument}: an option is written option=value. See --help")
        if name not in _FIELDS:
            raise unknown("option", name, _FIELDS)
        given[name] = _read(name, value)
    settings = Settings(**given)
    if not is_loopback(settings.host) and settings.token is None:
        settings = dataclasses.replace(settings, token=secrets.token_urlsafe(16))
    return settings


def help() -> str:
    """The text of ``internal-gan app --help``."""
    lines = [f"internal-gan app: {Settings.__doc__}", ""]
    for name, field in _FIELDS.items():
        default = "SECRET" if field.default is None else str(field.default).lower()
        lines.append(f"  {f'{name}={default}':21} {field.metadata['help']}")
    return "\n".join(lines)


def _read(name: str, text: str) -> object:
    field = _FIELDS[name]
    value: Any = text
    kind: Any = type(field.default)
    with suppress(KeyError, ValueError):
        if kind is bool:
            value = {"true": True, "false": False}[text]
        elif field.default is not None:
            value = kind(text)
        if text and field.metadata["allowed"](value):
            return value.expanduser() if isinstance(value, Path) else value
    why, allowed = field.metadata["needs"], field.metadata["values"]
    raise UserError(f"{name}={text}: needs {why}", option=name, allowed=allowed)
