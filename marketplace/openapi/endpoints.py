"""What every operation of the contract says of itself, read from its guards and parameters: callers, refusals, headers.

Nothing here is declared twice: a route that is guarded is documented as guarded, one that is limited as limited.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from litestar import Litestar
from litestar.exceptions import ValidationException
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from marketplace.identity.guards import scope_for
from marketplace.identity.rules import Kind, Level
from marketplace.kit.errors import Busy, DomainError, Forbidden, Invalid, NotFound, Unauthenticated
from marketplace.kit.http.caching import ETag
from marketplace.kit.http.limits import RateLimited
from marketplace.kit.http.problems import (
    MEDIA_TYPE,
    BodyTooLarge,
    MalformedBody,
    Refused,
    Unavailable,
    UnknownField,
    described,
)
from marketplace.kit.http.shedding import Overloaded, is_gated
from marketplace.kit.idempotency import IdempotencyInProgress, IdempotencyKeyMissing, IdempotencyKeyReused

PROBLEM = "#/components/schemas/Problem"
IF_NONE_MATCH = {
    "in": "header",
    "name": "If-None-Match",
    "description": "The ETag of an earlier answer.",
    "required": False,
    "schema": {"type": "string"},
    "example": '"4b2f0c9a7d1e8b3f5a6c7d8e"',
}


def handlers(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    """List ``(path, method, handler)`` of every operation in the contract."""
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for method, (handler, _) in route.route_handler_map.items():
                if handler.resolve_include_in_schema() and method not in ("OPTIONS", "HEAD"):
                    yield route.path_format, method, handler


def kinds(handler: HTTPRouteHandler) -> frozenset[Kind]:
    """Return who may call a handler; nobody in particular means everybody."""
    return frozenset().union(*(getattr(guard, "kinds", ()) for guard in handler.resolve_guards()))


def levels(handler: HTTPRouteHandler) -> tuple[Level, ...]:
    """Return the levels of the officers that may call a handler."""
    found = (getattr(guard, "levels", None) for guard in handler.resolve_guards())
    return next((levels for levels in found if levels is not None), tuple(Level))


def dress(operation: dict[str, Any], handler: HTTPRouteHandler, method: str) -> None:
    """Complete an operation: who may call it, what it may refuse, which headers come with its answers."""
    operation["security"] = _security(handler, method)
    operation["description"] = f"{operation.get('description', '')}\n\n{_callers(handler)}".strip().replace("``", "`")
    operation["x-callers"] = [kind.value for kind in Kind if kind in kinds(handler)] or ["anyone"]
    keyed = any(parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", ()))
    refused = _refused(operation, handler, method, keyed=keyed)
    success = str(handler.status_code)
    for status, response in operation["responses"].items():
        response["headers"] = _headers(handler, refused.get(status, ()), replayable=keyed and status == success)
    for status, errors in refused.items():
        operation["responses"][status] = {
            "description": described(errors),
            "headers": _headers(handler, errors),
            "content": {
                MEDIA_TYPE: {
                    "schema": {"$ref": PROBLEM},
                    "examples": {error.code: {"$ref": f"#/components/examples/{error.code}"} for error in errors},
                }
            },
        }
    if _is_etagged(handler):
        operation.setdefault("parameters", []).append(IF_NONE_MATCH)
        operation["responses"]["304"] = {
            "description": "Nothing has changed since that ETag.",
            "headers": _named("ETag"),
        }
    operation["responses"] = dict(sorted(operation["responses"].items()))


def is_stock(description: str, status: str) -> bool:
    """Say whether a response is described only by the words of its status code."""
    return description == HTTPStatus(int(status)).description


def _security(handler: HTTPRouteHandler, method: str) -> list[dict[str, list[str]]]:
    found = kinds(handler)
    scopes = [scope_for(method).value] if _is_scoped(handler) else []
    schemes: dict[str, list[str]] = {}
    if found - {Kind.PARTNER}:
        schemes["session"] = []
    if Kind.PARTNER in found:
        schemes["partner"] = scopes
    return [{scheme: needed} for scheme, needed in schemes.items()]


def _callers(handler: HTTPRouteHandler) -> str:
    found, of_levels = kinds(handler), levels(handler)
    names = [kind.value for kind in Kind if kind in found]
    if Kind.OFFICER in found and len(of_levels) < len(Level):
        names[-1] += f" ({' or '.join(of_levels)})"
    return f"Callers: {', '.join(names) or 'anyone'}."


def _refused(
    operation: dict[str, Any], handler: HTTPRouteHandler, method: str, *, keyed: bool
) -> dict[str, list[type[DomainError]]]:
    """Return every refusal by status: those that the handler names, and those that follow from how it is made."""
    specs = handler.responses or {}
    named = [error for spec in specs.values() if isinstance(spec, Refused) for error in spec.errors]
    has_body = "requestBody" in operation
    has_query = any(parameter["in"] == "query" for parameter in operation.get("parameters", ()))
    # A route that answers what is malformed in a shape of its own, as OAuth asks, says so itself.
    house_shape = ValidationException not in handler.resolve_exception_handlers()
    implied: tuple[tuple[bool, tuple[type[DomainError], ...]], ...] = (
        (house_shape, (UnknownField,)),
        (house_shape and has_body, (MalformedBody,)),
        (house_shape and (has_body or has_query), (Invalid,)),
        (has_body, (BodyTooLarge,)),
        (any("{" in path for path in handler.paths), (NotFound,)),
        (not handler.opt.get("no_principal"), (Unauthenticated,)),
        (_is_scoped(handler), (Forbidden,)),
        (keyed, (IdempotencyKeyMissing, IdempotencyKeyReused, IdempotencyInProgress)),
        (method != "GET", (Busy,)),
        (_is_limited(handler), (RateLimited,)),
        (is_gated(handler.opt), (Overloaded,)),
        (not handler.opt.get("no_database"), (Unavailable,)),
    )
    by_status: dict[str, list[type[DomainError]]] = {}
    for error in dict.fromkeys((*named, *(error for holds, errors in implied if holds for error in errors))):
        if isinstance(specs.get(error.status), Refused | None):
            by_status.setdefault(str(error.status), []).append(error)
    return by_status


def _is_scoped(handler: HTTPRouteHandler) -> bool:
    return any(getattr(guard, "scoped", False) for guard in handler.resolve_guards())


def _is_limited(handler: HTTPRouteHandler) -> bool:
    return any(hasattr(guard, "limit") for guard in handler.resolve_guards())


def _headers(
    handler: HTTPRouteHandler, errors: list[type[DomainError]] | tuple[()], *, replayable: bool = False
) -> dict[str, Any]:
    names = ["X-Request-Id"]
    if _is_limited(handler):
        names += ["RateLimit", "RateLimit-Policy"]
    if any(error.retryable for error in errors):
        names += ["Retry-After"]
    if Unauthenticated in errors:
        names += ["WWW-Authenticate"]
    if not errors and _is_etagged(handler):
        names += ["ETag"]
    return _named(*names, *(["Idempotent-Replayed"] if replayable else []))


def _named(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _is_etagged(handler: HTTPRouteHandler) -> bool:
    return any(isinstance(middleware, ETag) for middleware in handler.resolve_middleware())
