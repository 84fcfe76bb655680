"""Turning templates into answers: escaped, self-contained, with a policy that lets nothing else in."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Response

_BEIJING = timezone(timedelta(hours=8))
_ZERO_DECIMAL = {"jpy"}
_SYMBOLS = {"cny": "¥", "hkd": "HK$", "usd": "US$", "sgd": "S$", "eur": "€", "gbp": "£", "jpy": "JP¥"}


def amount_text(amount: int, currency: str) -> str:
    """Write an amount in minor units for people: `¥4,280.00`."""
    symbol = _SYMBOLS[currency]
    if currency in _ZERO_DECIMAL:
        return f"{symbol}{amount:,}"
    whole, minor = divmod(abs(amount), 100)
    return f"{'-' if amount < 0 else ''}{symbol}{whole:,}.{minor:02d}"


def time_text(seconds: float, form: str = "%m-%d %H:%M:%S") -> str:
    """Write a moment in Beijing time."""
    return datetime.fromtimestamp(seconds, UTC).astimezone(_BEIJING).strftime(form)


_templates = Environment(
    loader=PackageLoader("marketplace.embedded.stripe_sandbox"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters["money"] = lambda thing: amount_text(thing["amount"], thing["currency"])
_templates.filters["time"] = time_text


def page(template: str, *, status: int = 200, leads_to: tuple[str | None, ...] = (), **context: Any) -> Response[str]:
    """Render a page; `leads_to` names the addresses that its forms may end at, after our redirect."""
    # Browsers hold form-action against the redirects that follow a form, so the app's origin must be named.
    origins = " ".join(sorted({_origin(address) for address in leads_to if address}))
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {origins}"
    )
    return Response(
        _templates.get_template(template).render(**context),
        status_code=status,
        media_type="text/html; charset=utf-8",
        headers={
            "Content-Security-Policy": policy.strip(),
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        },
    )


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
