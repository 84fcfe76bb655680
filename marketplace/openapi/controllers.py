"""The documents and their pages, served from this machine alone."""

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

from litestar import Controller, Litestar, Request, Response, get
from litestar.params import FromPath

from marketplace.identity.guards import NO_PRINCIPAL
from marketplace.kit.errors import NotFound
from marketplace.kit.http.caching import ETag
from marketplace.kit.http.context import add_header
from marketplace.openapi.document import published

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
_MARKDOWN = "text/markdown; charset=utf-8"
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".png": "image/png"}
_ASSETS = ("swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png")
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " connect-src 'self'; frame-ancestors 'none'"
)


class Documentation(Controller):
    """Reading the contract."""

    include_in_schema = False
    opt = NO_PRINCIPAL

    @get("/openapi.json", middleware=[ETag()], media_type="application/json")
    async def openapi(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Return the OpenAPI document."""
        return Response(_published(request.app)["openapi.json"], media_type="application/json")

    @get("/docs", media_type="text/html; charset=utf-8")
    async def docs(self, request: Request[Any, Any, Any]) -> str:
        """Return the reference as a page."""
        add_header(request.scope, "Content-Security-Policy", _CSP)
        return _PAGE

    @get("/docs/problems")
    async def problems(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Return the list of refusals; the ``type`` of every problem points here."""
        return Response(_published(request.app)["problems.md"], media_type=_MARKDOWN)

    @get("/docs/events")
    async def events(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Return the list of events."""
        return Response(_published(request.app)["events.md"], media_type=_MARKDOWN)

    @get("/docs/assets/{name:str}")
    async def asset(self, name: FromPath[str]) -> Response[bytes]:
        """Return one file of the page. Refuses: NotFound."""
        body = _START.encode() if name == "start.js" else _asset(name)
        headers = {"Cache-Control": "public, max-age=86400"}
        return Response(body, media_type=_TYPES[Path(name).suffix], headers=headers)


def _published(app: Litestar) -> dict[str, bytes]:
    """Return the documents of an application, which are built once: at the first reader."""
    if "published" not in app.state:
        app.state.published = published(app)
    found: dict[str, bytes] = app.state.published
    return found


@cache
def _asset(name: str) -> bytes:
    """Read a file of Swagger UI out of its wheel, which is used for these files only and never imported."""
    spec = importlib.util.find_spec("flask_swagger_ui")
    if name not in _ASSETS or spec is None or spec.origin is None:
        raise NotFound
    return (Path(spec.origin).parent / "dist" / name).read_bytes()
