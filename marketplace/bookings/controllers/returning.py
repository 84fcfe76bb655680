"""The page that a payer comes back to from the provider."""

from contextlib import suppress
from html import escape
from typing import Any

from litestar import Request, get
from litestar.params import FromPath, FromQuery

from marketplace.bookings import operations
from marketplace.kit import clock
from marketplace.kit.errors import Busy
from marketplace.kit.http.context import add_header
from marketplace.kit.http.limits import BOOKING, limited
from marketplace.kit.ids import parse
from marketplace.payments import queries as payments
from marketplace.payments.states import PaymentStatus

_WORDS = {
    PaymentStatus.SUCCEEDED: ("支付成功", "Payment received", "您的预订已更新，稍后将收到短信。"),
    PaymentStatus.PENDING: ("正在确认支付", "Confirming your payment", "请稍候刷新本页，不必重复支付。"),
}
# The page is still open: whoever left it without paying may go back, and is not told to wait for money.
_LEFT = ("尚未付款", "Not paid yet", "没有扣款。您可以回到支付页面继续付款。")
_BACK = '<p><a href="{page}">继续付款</a> <span lang="en">Go on paying</span></p>'
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
<body><main><h1>{zh}</h1><p>{text}</p><p class="en" lang="en">{en}</p>{back}<p>人工帮助：<a href="tel:12349">12349</a></p>
</main></body>
</html>
"""


@get(
    "/payments/{payment_id:str}/return",
    guards=[limited(BOOKING)],
    include_in_schema=False,
    media_type="text/html; charset=utf-8",
)
async def payment_return(
    request: Request[Any, Any, Any], payment_id: FromPath[str], left: FromQuery[bool] = False
) -> str:
    """Ask the provider what became of the payment, apply it, and say so; the browser's own word counts for nothing.

    Only of a payment that has not ended does ``left`` say more: its payer turned back before paying.
    """
    found = parse("pay", payment_id)
    # The provider's own message often comes at the same instant: whoever is first has applied the payment for both.
    with suppress(Busy):
        await operations.apply_payment(payment_id=found, now=clock.now())
    payment = await payments.payment(found)
    turned_back = left and payment.status is PaymentStatus.PENDING and payment.checkout_url is not None
    zh, en, text = _LEFT if turned_back else _WORDS.get(payment.status, _OTHERWISE)
    back = _BACK.format(page=escape(payment.checkout_url or "")) if turned_back else ""
    add_header(
        request.scope,
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    )
    return _PAGE.format(zh=zh, en=en, text=text, back=back)
