"""The page behind a link to pay: what is due, and the ways to pay it. It says nothing else of the booking."""

from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect

from marketplace.bookings import operations, queries
from marketplace.kit import clock
from marketplace.kit.errors import NotFound
from marketplace.kit.http.context import add_header
from marketplace.kit.http.limits import BOOKING, limited
from marketplace.kit.money import yuan
from marketplace.payments import queries as payments
from marketplace.payments.rules import Method

_BUTTON = '<button name="method" value="{value}">{zh} <span lang="en">{en}</span></button>'
_WAYS = (
    (Method.ALIPAY, "支付宝", "Alipay"),
    (Method.WECHAT_PAY, "微信支付", "WeChat Pay"),
    (Method.CARD, "银行卡", "Card"),
)
_DUE = """<h1>待付 {amount}</h1><p>请于 {due_on} 前支付。</p><p class="en" lang="en">{amount} is due by {due_on}.</p>
<form method="post">{buttons}</form>"""
_NOTHING = """<h1>目前没有待付款项</h1><p class="en" lang="en">Nothing is due now.</p>"""
_PAGE = """<!doctype html>
<html lang="zh-Hans-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>付款 · 候鸟</title>
<style>body{{font:20px/1.6 system-ui,sans-serif;max-width:36rem;margin:12vh auto;padding:0 1.5rem;color:#1a1a1a;
background:#fff}}h1{{font-size:2rem}}.en{{color:#555}}button{{display:block;width:100%;font:inherit;padding:.8rem;
margin:.8rem 0;min-height:3rem}}</style>
</head>
<body><main>{body}<p>人工帮助：<a href="tel:12349">12349</a></p></main></body>
</html>
"""


class Chosen(msgspec.Struct, frozen=True):
    """The way to pay that somebody chose."""

    method: Method


@get(
    "/p/{code:str}",
    guards=[limited(BOOKING)],
    include_in_schema=False,
    media_type="text/html; charset=utf-8",
)
async def pay_page(request: Request[Any, Any, Any], code: FromPath[str]) -> str:
    """Show what is due for the booking that the link is of."""
    due = await queries.due_by_link(code=code, now=clock.now())
    add_header(
        request.scope,
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    )
    add_header(request.scope, "Referrer-Policy", "no-referrer")
    if due.leg is None:
        return _PAGE.format(body=_NOTHING)
    buttons = "".join(_BUTTON.format(value=way.value, zh=zh, en=en) for way, zh, en in _WAYS)
    return _PAGE.format(body=_DUE.format(amount=yuan(due.amount), due_on=due.due_on, buttons=buttons))


@post("/p/{code:str}", guards=[limited(BOOKING)], include_in_schema=False, status_code=303)
async def pay_there(
    code: FromPath[str], data: Annotated[Chosen, Body(media_type=RequestEncodingType.URL_ENCODED)]
) -> Redirect:
    """Open a payment of what is due and send the payer to the provider's page; pressing twice opens one."""
    payment_id = await operations.pay_by_link(code=code, method=data.method, now=clock.now())
    page = (await payments.payment(payment_id)).checkout_url
    if page is None:
        raise NotFound
    return Redirect(page, status_code=303)
