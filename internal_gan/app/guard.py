"""Who may use the server, and the headers of every response."""

from __future__ import annotations

import hmac
import sys
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from internal_gan.app.settings import is_loopback

COOKIE = "internal_gan_token_"
HEALTH = "/health"
API = "/api/"
# Pages of other sites can send neither this header nor our cookie.
HEADER = b"x-internal-gan"
POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; style-src 'self'{inline}; "
    "script-src 'self'{inline}; frame-ancestors 'none'; form-action 'none'; base-uri 'none'"
)


class Guard:
    """Lets requests through only from the page itself, and with the token if one is needed."""

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        if request.url.path == HEALTH:
            # It reveals nothing, so monitoring needs no token.
            await Response(status_code=204)(scope, receive, send)
            return
        if (refusal := self._refusal(request)) is not None:
            await refusal(scope, receive, send)
            return

        # A run's report is one file with inline style and script.
        inline = " 'unsafe-inline'" if request.url.path.endswith("/index.html") else ""
        policy = POLICY.format(inline=inline).encode()

        begun = False

        async def guarded(message: Any) -> None:
            nonlocal begun
            begun = True
            if message["type"] == "http.response.start":
                message["headers"] += [
                    (b"content-security-policy", policy),
                    (b"x-content-type-options", b"nosniff"),
                    (b"referrer-policy", b"no-referrer"),
                    (b"cross-origin-resource-policy", b"same-origin"),
                    (b"cache-control", b"no-cache"),
                ]
            await send(message)

        try:
            await self._app(scope, receive, guarded)
        except ClientDisconnect:
            return  # nobody waits for the answer
        except Exception as error:
            text = f"unexpected {type(error).__name__}: {' '.join(str(error).split())}"
            print(f"error: {request.url.path}: {text}", file=sys.stderr)
            if not begun:
                await PlainTextResponse(text, 500)(scope, receive, guarded)

    def _refusal(self, request: Request) -> Response | None:
        host = request.headers.get("host", "")
        name = host.rsplit(":", 1)[0].strip("[]")
        if self._token is None and not is_loopback(name):
            # Another name for this machine, with which a foreign page may try to reach it.
            return PlainTextResponse("this page can only be used from this machine", 403)
        origin = request.headers.get("origin")
        fetch = request.headers.get("sec-fetch-site"), request.headers.get("sec-fetch-mode")
        # A program sends no header of ours; a page that posts to it is named as the origin.
        ours = HEADER.decode() in request.headers or request.url.path.startswith(API)
        if (
            (origin is not None and origin.partition("://")[2] != host)
            or (fetch[0] == "cross-site" and fetch[1] != "navigate")
            or (request.method not in ("GET", "HEAD") and not ours)
        ):
            return PlainTextResponse("requests from other pages are refused", 403)
        if self._token is None:
            return None
        # Browsers send a cookie to all ports of a host.
        cookie = COOKIE + host.rpartition(":")[2]
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        given = request.query_params.get("token") or bearer or request.cookies.get(cookie) or ""
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            return PlainTextResponse(
                "The token is missing or wrong. Open the address that internal-gan app printed.",
                401,
            )
        if "token" in request.query_params and request.url.path == "/":
            answer = Response(status_code=303, headers={"location": "/"})
            answer.set_cookie(cookie, self._token, httponly=True, samesite="lax")
            return answer
        return None
