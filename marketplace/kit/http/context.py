"""What every request carries: an id that follows it through logs, messages and answers."""

import re
import time
from uuid import uuid4

import structlog
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

_ACCEPTED = re.compile(r"^[A-Za-z0-9._-]{8,64}$")
_STATE_KEY = "_request_id"
_HEADERS_KEY = "_extra_headers"

log = structlog.get_logger("http")

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


def request_id(scope: Scope) -> str:
    """Return the id of this request: the caller's when it is well-formed, else a new one."""
    state = scope.setdefault("state", {})
    if _STATE_KEY not in state:
        given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
        state[_STATE_KEY] = given if _ACCEPTED.match(given) else uuid4().hex
    found: str = state[_STATE_KEY]
    return found


def add_header(scope: Scope, name: str, value: str) -> None:
    """Have ``name: value`` sent with this request's answer, whatever that will be."""
    scope.setdefault("state", {}).setdefault(_HEADERS_KEY, {})[name] = value


async def before_send(message: Message, scope: Scope) -> None:
    """Add the request id, the security headers and what handlers asked for, to answers of every status."""
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders.from_message(message)
    headers["X-Request-Id"] = request_id(scope)
    for name, value in SECURITY_HEADERS.items():
        headers.setdefault(name, value)
    for name, value in scope.get("state", {}).get(_HEADERS_KEY, {}).items():
        headers[name] = value
    headers.setdefault("Cache-Control", "no-store")


class RequestContext(ASGIMiddleware):
    """Binds the request id to the log and writes one line per request, without query or personal data."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Run the request inside its log context."""
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id(scope))
        started = time.perf_counter()
        status = 500

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await next_app(scope, receive, watch)
        finally:
            route = scope.get("path_template") or scope["path"]
            elapsed_ms = round((time.perf_counter() - started) * 1000, 1)
            log.info("request", method=scope.get("method"), route=route, status=status, elapsed_ms=elapsed_ms)
            structlog.contextvars.clear_contextvars()
