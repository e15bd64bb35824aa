"""Who may use the server, how long a request may take to arrive, and every response's headers."""

import asyncio
import hmac
import sys
import time
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from internal_gan.app.settings import is_loopback
from internal_gan.files import is_full

COOKIE = "internal_gan_token_"
API = "/api/"
IDLE = 10.0  # seconds
# A request's body has these seconds, and another one for each of these bytes that came.
PATIENCE, SLOWEST = 30.0, 10_000
# Pages of other sites can send neither this header nor our cookie.
HEADER = "x-internal-gan"
POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; style-src 'self'{inline}; "
    "script-src 'self'; frame-ancestors 'none'; form-action 'none'; base-uri 'none'"
)
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-cache",
}


class Connection(H11Protocol):
    """Is closed after ``IDLE`` to twice as many seconds without a whole request's header, since
    whoever holds many would keep all others away."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.loop.call_later(IDLE, self._check, self.cycle)

    def _check(self, before: Any) -> None:
        is_idle = self.cycle is None or self.cycle.response_complete
        if self.cycle is before and is_idle:
            self.transport.close()
        elif not self.transport.is_closing():
            self.loop.call_later(IDLE, self._check, self.cycle)


class Guard:
    """Lets a request through only from the page itself, and with the token if one is needed.

    It hands on what the server receives, so that the application sees when a client goes away.
    """

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self._app, self._token = app, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        request = Request(scope)
        if request.url.path == "/health":
            # It reveals nothing, so monitoring needs no token.
            return await Response(status_code=204)(scope, receive, send)
        if (refusal := _refusal(request, self._token)) is not None:
            return await refusal(scope, receive, send)
        begun = False
        # A run's report is one file with its style.
        inline = " 'unsafe-inline'" if request.url.path.endswith("/index.html") else ""

        async def sent(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                policy = {"content-security-policy": POLICY.format(inline=inline)}
                MutableHeaders(scope=message).update(policy | HEADERS)
            await send(message)

        try:
            await self._app(scope, _timely(receive), sent)
        except Exception as error:
            if begun:
                raise
            await _failed(request, error)(scope, receive, sent)


def _timely(receive: Receive) -> Receive:
    """``receive``, with a TimeoutError for a body that comes too slowly, since whoever sends many
    such requests would keep all others away."""
    begun, length, more = time.monotonic(), 0, True

    async def received() -> Message:
        nonlocal length, more
        left = begun + PATIENCE + length / SLOWEST - time.monotonic()
        async with asyncio.timeout(left if more else None):
            message = await receive()
        length += len(message.get("body", b""))
        more = message.get("more_body", False)
        return message

    return received


def _failed(request: Request, error: Exception) -> Response:
    """The answer for an error that the application has none for; without names of files here."""
    if isinstance(error, ClientDisconnect):
        return Response()  # nobody waits for the answer
    if isinstance(error, TimeoutError):
        return PlainTextResponse("the request: too slow", 408)
    text = " ".join(str(error).split())
    name = f"unexpected {type(error).__name__}"
    print(f"error: {request.url.path}: {name}: {text}", file=sys.stderr)
    if is_full(error):
        return PlainTextResponse("the server's disk is full", 507)
    if isinstance(error, OSError):
        text = error.strerror or ""
    return PlainTextResponse(f"{name}: {text}", 500)


def _refusal(request: Request, token: str | None) -> Response | None:
    host = request.headers.get("host", "")
    name = host.rsplit(":", 1)[0].strip("[]")
    if token is None and not is_loopback(name):
        # Another name for this machine, with which a foreign page may try to reach it.
        return PlainTextResponse("this page can only be used from this machine", 403)
    origin = request.headers.get("origin")
    fetch = request.headers.get("sec-fetch-site"), request.headers.get("sec-fetch-mode")
    # A program sends no header of ours; a page that posts to it is named as the origin.
    ours = HEADER in request.headers or request.url.path.startswith(API)
    if (
        (origin is not None and origin.partition("://")[2] != host)
        or (fetch[0] == "cross-site" and fetch[1] != "navigate")
        or (request.method not in ("GET", "HEAD") and not ours)
    ):
        return PlainTextResponse("requests from other pages are refused", 403)
    if token is None:
        return None
    # Browsers send a cookie to all ports of a host.
    cookie = COOKIE + host.rpartition(":")[2]
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
    given = request.query_params.get("token") or bearer or request.cookies.get(cookie) or ""
    if not hmac.compare_digest(given.encode(), token.encode()):
        return PlainTextResponse(
            "The token is missing or wrong. Open the address that internal-gan app printed.", 401
        )
    if "token" in request.query_params and request.url.path == "/":
        answer = Response(status_code=303, headers={"location": "/"})
        answer.set_cookie(cookie, token, httponly=True, samesite="lax")
        return answer
    return None
