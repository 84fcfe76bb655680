"""What the OpenAPI document says about the whole API."""

from typing import Any

from litestar import Request
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, License, OAuthFlow, OAuthFlows, SecurityScheme, Tag

from marketplace.kit.errors import NotFound

VERSION = "1.0.0"

TAGS = {
    "places": "Where stays are: divisions, clusters, climate · 地点",
    "institutions": "Certified institutions, their rooms, services and availability · 机构",
    "stays": "Finding a stay: dates, climate, services, price · 查找旅居",
    "certifications": "Certification and its dynamic management · 认定与动态管理",
    "quality": "Complaints, incidents and what they cause · 投诉、事故与风险信号",
    "certificates": "Certificates that anyone can verify · 证书查验",
    "register": "The public register of certified institutions · 公开名录",
    "audit": "The tamper-evident log of every operation · 审计日志",
    "sessions": "Signing in · 登录",
    "quotes": "Priced, immutable offers · 报价",
    "bookings": "Holds, bookings and stays · 预订",
    "payments": "Payments and refunds · 支付与退款",
    "settlement": "What institutions are paid · 机构结算",
    "finance": "The platform's finance people, always two of them · 平台财务",
    "tours": "Group tours and departures · 团队旅居",
    "events": "The partner feed · 事件流",
    "operations": "Health and metrics · 运行状况",
    "development": "Only outside production · 仅开发环境",
}

DESCRIPTION = """\
候鸟 lists certified 旅居养老 institutions in Jilin and sells stays and group tours there.

**Conventions.** Money is integer fen with a currency. Times are RFC 3339 UTC; stay nights are local dates of
Asia/Shanghai, `check_out` excluded. Ids carry a prefix of their type; a foreign id answers 404. Lists are
`{items, next_cursor}`. Every refusal is `application/problem+json` with a stable `code` (see `problems.md`), in Chinese
or English by `Accept-Language`. Unknown fields and query parameters are refused. Creating a booking or moving money
needs an `Idempotency-Key`. Every answer carries `X-Request-Id`.
"""

SCOPES = {"read": "Every GET · 读取", "write": "Everything else · 写入"}


def _header(description: str, example: str | int) -> dict[str, Any]:
    kind = "integer" if isinstance(example, int) else "string"
    return {"description": description, "schema": {"type": kind}, "example": example}


HEADERS = {
    "X-Request-Id": _header(
        "The id of this request, to quote when asking for help.", "0199a1c2d3e47f60a1b2c3d4e5f60718"
    ),
    "RateLimit": _header("What is left: `r` requests, `t` seconds to wait.", '"booking";r=299;t=0'),
    "RateLimit-Policy": _header("The limit: `q` requests in `w` seconds.", '"booking";q=300;w=60'),
    "Retry-After": _header("Seconds to wait before the same request may succeed.", 1),
    "WWW-Authenticate": _header("How to authenticate.", "Bearer"),
    "ETag": _header("Send it back in If-None-Match.", '"4b2f0c9a7d1e8b3f5a6c7d8e"'),
    "Idempotent-Replayed": _header("`true` on an answer that was stored at the first request.", "true"),
}

# Bodies that are read as bytes, so that no parameter of the handler describes them.
RAW_BODIES = {
    "receiveStripeWebhook": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "description": "An event, exactly as Stripe signed it.",
                    "examples": [{"id": "evt_1", "object": "event", "type": "checkout.session.completed"}],
                }
            }
        },
    }
}


class _Unserved(JsonRenderPlugin):
    """Litestar insists on serving a rendering of its own, by default with pages that load from elsewhere.

    Ours are ``/openapi.json`` and ``/docs``, so this one is not found.
    """

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:  # noqa: ARG002 - so called.
        """Refuse. Refuses: NotFound."""
        raise NotFound


OPENAPI = OpenAPIConfig(
    title="候鸟 Houniao API",
    version=VERSION,
    description=DESCRIPTION,
    license=License(name="Proprietary", identifier="LicenseRef-Proprietary"),
    use_handler_docstrings=True,
    tags=[Tag(name=name, description=text) for name, text in TAGS.items()],
    components=Components(
        security_schemes={
            "session": SecurityScheme(
                type="http",
                scheme="bearer",
                description="The token of POST /v1/sessions (families and staff).",
            ),
            "partner": SecurityScheme(
                type="oauth2",
                flows=OAuthFlows(client_credentials=OAuthFlow(token_url="/oauth/token", scopes=SCOPES)),  # noqa: S106
                description="The token of POST /oauth/token (partners).",
            ),
        }
    ),
    path="/_openapi",
    render_plugins=[_Unserved()],
)
