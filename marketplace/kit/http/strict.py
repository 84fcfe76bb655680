"""Query parameters that a route does not declare are refused instead of ignored."""

from typing import Any

from litestar import Request
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from marketplace.kit.http.problems import unknown_field

_known: dict[HTTPRouteHandler, frozenset[str]] = {}


async def refuse_unknown_query(request: Request[Any, Any, Any]) -> None:
    """Refuse a query parameter that the handler does not declare. Refuses: UnknownField."""
    if not request.query_params:
        return
    known = _declared(request, request.route_handler)
    for name in request.query_params:
        if name not in known:
            raise unknown_field(name, sorted(known), pointer=f"?{name}")


def _declared(request: Request[Any, Any, Any], handler: HTTPRouteHandler) -> frozenset[str]:
    if handler not in _known:
        for route in request.app.routes:
            if isinstance(route, HTTPRoute):
                for found, kwargs in route.route_handler_map.values():
                    _known[found] = frozenset(item.field_alias for item in kwargs.expected_query_params)
    return _known.get(handler, frozenset())
