"""OPTIONS names every method of a path."""

from litestar import Litestar
from litestar.datastructures import MutableScopeHeaders
from litestar.routes import HTTPRoute
from litestar.types import Message, Scope


async def name_methods(message: Message, scope: Scope) -> None:
    """Write the Allow header of an answer to OPTIONS: of a path with two handlers, Litestar names only the last."""
    if message["type"] == "http.response.start" and scope.get("method") == "OPTIONS":
        path = scope.get("path_template")
        for route in Litestar.from_scope(scope).routes:
            if isinstance(route, HTTPRoute) and route.path_format == path:
                MutableScopeHeaders.from_message(message)["Allow"] = ", ".join(sorted(route.methods))
