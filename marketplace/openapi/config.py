"""What the OpenAPI document says about the whole API."""

from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, License, OAuthFlow, OAuthFlows, SecurityScheme, Tag

VERSION = "1.0.0"

TAGS = {
    "places": "Where stays are: divisions, clusters, climate · 地点",
    "institutions": "Certified institutions, their rooms, services and availability · 机构",
    "certifications": "Certification and its dynamic management · 认定与动态管理",
    "sessions": "Signing in · 登录",
    "quotes": "Priced, immutable offers · 报价",
    "bookings": "Holds, bookings and stays · 预订",
    "payments": "Payments and refunds · 支付与退款",
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
                flows=OAuthFlows(client_credentials=OAuthFlow(token_url="/oauth/token", scopes={})),  # noqa: S106
                description="The token of POST /oauth/token (partners).",
            ),
        }
    ),
    security=[{"session": []}, {"partner": []}],
    path="/_openapi",
)
