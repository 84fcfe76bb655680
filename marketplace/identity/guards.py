"""At the door: who is calling, from the bearer token, once per request; and which kinds may enter a route."""

from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import Headers
from litestar.di import Provide
from litestar.enums import ScopeType
from litestar.handlers import BaseRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Guard, Receive, Send
from litestar.types import Scope as ASGIScope

from marketplace.identity import operations, queries
from marketplace.identity.queries import LiveSession
from marketplace.identity.rules import Kind, Level, Principal, Scope, touched
from marketplace.kit import clock
from marketplace.kit.errors import Forbidden, Unauthenticated

# Put on a handler as ``opt=NO_PRINCIPAL``: its Authorization header is not a bearer token of ours, or does not matter.
NO_PRINCIPAL = {"no_principal": True}
_READING = frozenset({"GET", "HEAD"})


class Authentication(ASGIMiddleware):
    """Resolves the bearer token of every request; a token that is not good is refused even where none is needed."""

    scopes = (ScopeType.HTTP,)
    exclude_opt_key = "no_principal"

    async def handle(self, scope: ASGIScope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Put the principal, or None for a stranger, where ``principal_of`` finds it. Refuses: Unauthenticated."""
        scope["user"] = await _authenticate(Headers.from_scope(scope).get("authorization"))
        await next_app(scope, receive, send)


async def _authenticate(authorization: str | None) -> LiveSession | None:
    if authorization is None:
        return None
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated
    now = clock.now()
    found = await queries.live_session(token=token.strip(), now=now)
    if found is None:
        raise Unauthenticated
    idle_expires_at = touched(
        Kind(found.principal.kind), idle_expires_at=found.idle_expires_at, expires_at=found.expires_at, now=now
    )
    if idle_expires_at is not None:
        await operations.touch_session(session_id=found.principal.session_id, idle_expires_at=idle_expires_at)
    return found


def session_of(connection: ASGIConnection[Any, Any, Any, Any]) -> LiveSession | None:
    """Return the caller's session, or None for a stranger."""
    found = connection.scope.get("user")
    return found if isinstance(found, LiveSession) else None


def principal_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Principal | None:
    """Return who is calling, or None for a stranger."""
    found = session_of(connection)
    return found.principal if found is not None else None


async def provide_principal(request: Request[Any, Any, Any]) -> Principal:
    """The dependency ``principal``, for routes that need a known caller. Refuses: Unauthenticated."""
    found = principal_of(request)
    if found is None:
        raise Unauthenticated
    return found


async def provide_live_session(request: Request[Any, Any, Any]) -> LiveSession:
    """The dependency ``live_session``: the known caller with the session's limits. Refuses: Unauthenticated."""
    found = session_of(request)
    if found is None:
        raise Unauthenticated
    return found


async def provide_viewer(request: Request[Any, Any, Any]) -> Principal | None:
    """The dependency ``viewer``, for routes that strangers may call and that show more to a known caller."""
    return principal_of(request)


# Mounted on the application, so that a handler only names what it needs.
DEPENDENCIES = {
    "principal": Provide(provide_principal),
    "live_session": Provide(provide_live_session),
    "viewer": Provide(provide_viewer),
}


async def signed_in(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Let every known caller in, whatever the scope of the token. Refuses: Unauthenticated."""
    if principal_of(connection) is None:
        raise Unauthenticated


# The contract and the generated authorisation test read from every guard whom it lets in.
signed_in.kinds, signed_in.levels, signed_in.scoped = frozenset(Kind), tuple(Level), False  # type: ignore[attr-defined]


def scope_for(method: str) -> Scope:
    """Return the scope that a partner's token needs for an HTTP method."""
    return Scope.READ if method in _READING else Scope.WRITE


def requires(*kinds: str, levels: tuple[Level, ...] = tuple(Level)) -> Guard:
    """Make a guard that lets only these kinds in, and of officers only these levels.

    A partner's token must also have the scope: ``read`` for GET, ``write`` for the rest.
    Refuses: Unauthenticated, Forbidden.
    """
    allowed = frozenset(Kind(kind) for kind in kinds)

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        found = principal_of(connection)
        if found is None:
            raise Unauthenticated
        needed = scope_for(str(connection.scope.get("method")))
        wrong_level = found.kind == Kind.OFFICER and found.level not in levels
        if found.kind not in allowed or wrong_level or needed not in found.scopes:
            raise Forbidden

    guard.kinds, guard.levels, guard.scoped = allowed, levels, True  # type: ignore[attr-defined]
    return guard
