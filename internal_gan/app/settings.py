"""The options of ``internal-gan app``."""

from __future__ import annotations

import dataclasses
import ipaddress
import secrets
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from internal_gan.config.conf import choices
from internal_gan.errors import UserError, nearest

# Most megapixels that the package reads.
MOST = 120

HELP = """\
internal-gan app shows a web page that does what the command line does.

  port=7860             port of the page
  host=127.0.0.1        who may open it: only this machine; 0.0.0.0: also others, with the token
  token=SECRET          the token that others need; by default a new one, which is printed
  runs=runs             folder for training runs and results
  max_megapixels=60     largest photo accepted, in megapixels
  trainer=fast          how to train, as on the command line
  browser=true          whether to open the page in a browser
"""


@dataclasses.dataclass(frozen=True)
class Settings:
    """The options, checked.

    Attributes:
        token: the token that requests need; None if only this machine can reach the server.
    """

    port: int = 7860
    host: str = "127.0.0.1"
    runs: Path = Path("runs")
    token: str | None = None
    max_megapixels: float = 60.0
    trainer: str = "fast"
    browser: bool = True

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback(self.host)

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
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def settings_of(arguments: Sequence[str]) -> Settings:
    """The settings from ``option=value`` arguments.

    Raises:
        UserError: an option is unknown, or its value is not allowed.

    >>> settings_of(["port=8000"]).port
    8000
    """
    given: dict[str, Any] = {}
    names = [field.name for field in dataclasses.fields(Settings)]
    for argument in arguments:
        name, equals, value = argument.removeprefix("app.").partition("=")
        if not equals:
            raise UserError(f"{argument}: allowed: {', '.join(f'{n}=' for n in names)}")
        if name not in names:
            raise UserError(
                f"{name}: there is no such option{nearest(name, names) or '.'} "
                f"Allowed: {', '.join(names)}"
            )
        given[name] = _read(name, value)
    settings = Settings(**given)
    if not settings.is_local and settings.token is None:
        settings = dataclasses.replace(settings, token=secrets.token_urlsafe(16))
    return settings


def _read(name: str, value: str) -> object:
    allowed = {
        "port": "a whole number from 0 to 65535",
        "max_megapixels": f"a number above 0, at most {MOST:g}",
        "browser": "true, false",
        "trainer": ", ".join(choices("trainer")),
    }
    try:
        if name == "port" and 0 <= int(value) <= 65535:
            return int(value)
        if name == "max_megapixels" and 0 < float(value) <= MOST:
            return float(value)
    except ValueError:
        pass
    if name == "browser" and value in ("true", "false"):
        return value == "true"
    if name == "trainer" and value in choices("trainer"):
        return value
    if name in allowed or not value:
        raise UserError(f"{name}={value}: allowed: {allowed.get(name, 'a value')}")
    return Path(value).expanduser() if name == "runs" else value
