"""The documents and their pages, served from this machine alone."""

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from litestar import Controller, Request, Response, get
from litestar.params import FromPath

from marketplace.kit.errors import NotFound
from marketplace.kit.http.context import add_header
from marketplace.openapi import document

_PAGE = """<!doctype html>
<html lang="zh-Hans-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>候鸟 API</title>
<link rel="icon" type="image/png" href="/docs/assets/favicon-32x32.png">
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/assets/start.js"></script>
</body>
</html>
"""
_START = """window.ui = SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null, persistAuthorization: true,
  presets: [SwaggerUIBundle.presets.apis],
});
"""
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".png": "image/png"}
_ASSETS = ("swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png")
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " connect-src 'self'; frame-ancestors 'none'"
)


class Documentation(Controller):
    """Reading the contract."""

    include_in_schema = False

    @get("/openapi.json")
    async def openapi(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Return the OpenAPI document."""
        body = msgspec.json.encode(document.openapi(request.app))
        return Response(body, media_type="application/json", headers={"Cache-Control": "public, max-age=300"})

    @get("/docs", media_type="text/html; charset=utf-8")
    async def docs(self, request: Request[Any, Any, Any]) -> str:
        """Return the reference as a page."""
        add_header(request.scope, "Content-Security-Policy", _CSP)
        return _PAGE

    @get("/docs/problems", media_type="text/markdown; charset=utf-8")
    async def problems(self) -> str:
        """Return the list of refusals; the ``type`` of every problem points here."""
        return document.problems()

    @get("/docs/events", media_type="text/markdown; charset=utf-8")
    async def events(self) -> str:
        """Return the list of events."""
        return document.events()

    @get("/docs/assets/{name:str}")
    async def asset(self, name: FromPath[str]) -> Response[bytes]:
        """Return one file of the page. Refuses: NotFound."""
        body = _START.encode() if name == "start.js" else _asset(name)
        headers = {"Cache-Control": "public, max-age=86400"}
        return Response(body, media_type=_TYPES[Path(name).suffix], headers=headers)


@cache
def _asset(name: str) -> bytes:
    """Read a file of Swagger UI out of its wheel, which is used for these files only and never imported."""
    spec = importlib.util.find_spec("flask_swagger_ui")
    if name not in _ASSETS or spec is None or spec.origin is None:
        raise NotFound
    return (Path(spec.origin).parent / "dist" / name).read_bytes()
