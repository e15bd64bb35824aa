"""Who may use the server, and the headers of every response."""

import hmac
import sys

from starlette.middleware.base import RequestResponseEndpoint
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from internal_gan.app.settings import is_loopback

COOKIE = "internal_gan_token_"
API = "/api/"
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


async def guarded(
    request: Request, call_next: RequestResponseEndpoint, *, token: str | None
) -> Response:
    """Let a request through only from the page itself, and with the token if one is needed."""
    if request.url.path == "/health":
        # It reveals nothing, so monitoring needs no token.
        return Response(status_code=204)
    if (refusal := _refusal(request, token)) is not None:
        return refusal
    try:
        answer = await call_next(request)
    except ClientDisconnect:
        return Response()  # nobody waits for the answer
    except Exception as error:
        text = f"unexpected {type(error).__name__}: {' '.join(str(error).split())}"
        print(f"error: {request.url.path}: {text}", file=sys.stderr)
        answer = PlainTextResponse(text, 500)
    # A run's report is one file with its style.
    inline = " 'unsafe-inline'" if request.url.path.endswith("/index.html") else ""
    answer.headers["content-security-policy"] = POLICY.format(inline=inline)
    answer.headers.update(HEADERS)
    return answer


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
