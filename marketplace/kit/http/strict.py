"""Requests are read to the letter: Litestar alone would ignore what it does not know and coerce what does not fit."""

from typing import Any

import msgspec
from litestar import Request
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from marketplace.kit.errors import FieldError, Invalid
from marketplace.kit.http.problems import MalformedBody, body_refusal, unknown_field

_known: dict[HTTPRouteHandler, dict[str, bool]] = {}
_decoders: dict[HTTPRouteHandler, msgspec.json.Decoder[Any]] = {}


async def check_query(request: Request[Any, Any, Any]) -> None:
    """Refuse a query parameter that the handler does not declare, one given twice, and the word ``null``.

    Litestar would take the last of two, and read ``?status=null`` as if it had been left out.
    Refuses: UnknownField, Invalid.
    """
    if not request.query_params:
        return
    declared = _declared(request, request.route_handler)
    for name in request.query_params:
        if name not in declared:
            raise unknown_field(name, sorted(declared), pointer=f"?{name}")
        values = request.query_params.getall(name)
        if len(values) > 1 and not declared[name]:
            raise _refused(name, zh=f"参数 {name} 只能出现一次", en=f"Give {name} only once.")
        if any(value.lower() == "null" for value in values):
            raise _refused(name, zh=f"不需要参数 {name} 时请省略", en=f"Leave {name} out instead of sending null.")


class StrictRequest(Request[Any, Any, Any]):
    """A request whose JSON body has exactly the documented types: ``0`` is not false, and ``"3"`` is not 3."""

    async def json(self) -> Any:
        """Return the body as the type that the handler asks for. Refuses: MalformedBody, UnknownField, Invalid."""
        handler = self.route_handler
        if handler not in _decoders:
            _decoders[handler] = msgspec.json.Decoder(handler.parsed_fn_signature.parameters["data"].annotation)
        try:
            return _decoders[handler].decode(await self.body())
        except msgspec.ValidationError as error:
            raise body_refusal(self, str(error)) from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise MalformedBody from None


def _refused(name: str, *, zh: str, en: str) -> Invalid:
    return Invalid(fields=(FieldError(pointer=f"?{name}", zh=zh, en=en),))


def _declared(request: Request[Any, Any, Any], handler: HTTPRouteHandler) -> dict[str, bool]:
    """Return the query parameters that a handler knows, and of each whether it may be repeated."""
    if handler not in _known:
        for route in request.app.routes:
            if isinstance(route, HTTPRoute):
                for found, kwargs in route.route_handler_map.values():
                    _known[found] = {item.field_alias: item.is_sequence for item in kwargs.expected_query_params}
    return _known.get(handler, {})
