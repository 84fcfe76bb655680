"""The page that a payer comes back to from the provider."""

from typing import Any

from litestar import Request, get
from litestar.params import FromPath

from marketplace.bookings import operations
from marketplace.kit import clock
from marketplace.kit.http.context import add_header
from marketplace.kit.http.limits import BOOKING, limited
from marketplace.kit.ids import parse
from marketplace.payments import queries as payments
from marketplace.payments.states import PaymentStatus

_WORDS = {
    PaymentStatus.SUCCEEDED: ("支付成功", "Payment received", "您的预订已更新，稍后将收到短信。"),
    PaymentStatus.PENDING: ("正在确认支付", "Confirming your payment", "请稍候刷新本页，不必重复支付。"),
}
_OTHERWISE = ("支付未完成", "Payment not completed", "未扣款。您可以返回重新支付。")
_PAGE = """<!doctype html>
<html lang="zh-Hans-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{zh} · 候鸟</title>
<style>body{{font:20px/1.6 system-ui,sans-serif;max-width:36rem;margin:12vh auto;padding:0 1.5rem;color:#1a1a1a;
background:#fff}}h1{{font-size:2rem}}p.en{{color:#555}}</style>
</head>
<body><main><h1>{zh}</h1><p>{text}</p><p class="en" lang="en">{en}</p><p>人工帮助：<a href="tel:12349">12349</a></p>
</main></body>
</html>
"""


@get(
    "/payments/{payment_id:str}/return",
    guards=[limited(BOOKING)],
    include_in_schema=False,
    media_type="text/html; charset=utf-8",
)
async def payment_return(request: Request[Any, Any, Any], payment_id: FromPath[str]) -> str:
    """Ask the provider what became of the payment, apply it, and say so; the browser's own word counts for nothing."""
    found = parse("pay", payment_id)
    await operations.apply_payment(payment_id=found, now=clock.now())
    zh, en, text = _WORDS.get((await payments.payment(found)).status, _OTHERWISE)
    add_header(
        request.scope,
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    )
    return _PAGE.format(zh=zh, en=en, text=text)
