"""An institution's own money: becoming a payee, and what was sent."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency

from marketplace.identity.guards import NO_PRINCIPAL, requires
from marketplace.identity.rules import Principal
from marketplace.kit import clock
from marketplace.kit.http.context import add_header
from marketplace.kit.http.limits import GENERAL, limited
from marketplace.kit.http.problems import refusals
from marketplace.kit.pages import LIMIT_DEFAULT, Cursor, Limit, Page, decode_cursor, page
from marketplace.payments.errors import ProviderUnavailable
from marketplace.settings import settings
from marketplace.settlement import operations, queries
from marketplace.settlement.errors import PayeeRefused
from marketplace.settlement.schemas import OnboardingView, PayeeView, TransferView

_RETURN = "/payee/return"
_PAGE = """<!doctype html>
<html lang="zh-Hans-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>收款账户 · 候鸟</title>
<style>body{font:20px/1.6 system-ui,sans-serif;max-width:36rem;margin:12vh auto;padding:0 1.5rem;color:#1a1a1a;
background:#fff}h1{font-size:2rem}p.en{color:#555}</style>
</head>
<body><main><h1>收款账户资料已提交</h1><p>支付渠道审核后即可收款，请在机构后台查看结果。</p>
<p class="en" lang="en">Your details were sent. The console shows when you can be paid.</p></main></body>
</html>
"""


class Payees(Controller):
    """The institution as a payee of the platform."""

    path = "/v1/payee"
    tags = ("settlement",)
    guards = (requires("institution"), limited(GENERAL))

    @get(
        "/",
        summary="Whether we can be paid · 收款账户",
        operation_id="getPayee",
        response_description="The payee, its terms, and what is owed either way",
    )
    async def payee(self, principal: NamedDependency[Principal]) -> PayeeView:
        """Return the institution's payee; before onboarding it is pending, with the usual terms."""
        assert principal.institution_id is not None
        row = await queries.payee(principal.institution_id, now=clock.now())
        return PayeeView.of(row, await queries.position(principal.institution_id))

    @post(
        "/onboarding",
        status_code=201,
        summary="Begin or continue onboarding · 开通收款账户",
        operation_id="onboardPayee",
        response_description="The provider's address for this institution",
        responses=refusals(PayeeRefused, ProviderUnavailable),
    )
    async def onboard(self, principal: NamedDependency[Principal]) -> OnboardingView:
        """Return the payment provider's form, which asks who the institution is and where its bank is.

        We never see what is entered there. May be called again at any time: the account stays the same.
        """
        address = f"{settings().public_url}{_RETURN}"
        link = await operations.begin_onboarding(
            principal=principal, return_url=address, refresh_url=address, now=clock.now()
        )
        return OnboardingView(url=link.url, expires_at=datetime.fromtimestamp(link.expires_at, tz=UTC))

    @post(
        "/refresh",
        status_code=200,
        summary="Ask the provider again · 刷新收款状态",
        operation_id="refreshPayee",
        response_description="The payee as the provider sees it now",
        responses=refusals(ProviderUnavailable),
    )
    async def refresh(self, principal: NamedDependency[Principal]) -> PayeeView:
        """Fetch whether the institution may be paid; what waited for it is sent when it may."""
        assert principal.institution_id is not None
        row = await operations.refresh_payee(institution_id=principal.institution_id, now=clock.now())
        return PayeeView.of(row, await queries.position(principal.institution_id))


class Transfers(Controller):
    """What the platform sends to the institution."""

    path = "/v1/transfers"
    tags = ("settlement",)
    guards = (requires("institution"), limited(GENERAL))

    @get(
        "/",
        summary="List transfers · 转账列表",
        operation_id="listTransfers",
        response_description="The institution's transfers, the newest first",
    )
    async def transfers(
        self, principal: NamedDependency[Principal], cursor: Cursor = None, limit: Limit = LIMIT_DEFAULT
    ) -> Page[TransferView]:
        """Return what was or will be sent for stays that were served, commission already off."""
        assert principal.institution_id is not None
        after = decode_cursor(cursor, UUID)
        rows = await queries.transfers_of_institution(principal.institution_id, after=after, limit=limit)
        found = page(rows, limit=limit, key=lambda row: row.id)
        return Page(items=[TransferView.of(row) for row in found.items], next_cursor=found.next_cursor)


@get(
    _RETURN,
    guards=[limited(GENERAL)],
    opt=NO_PRINCIPAL,
    include_in_schema=False,
    media_type="text/html; charset=utf-8",
)
async def onboarding_return(request: Request[Any, Any, Any]) -> str:
    """Say that the provider has the form; the browser's own word counts for nothing, so nothing is changed."""
    add_header(
        request.scope,
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    )
    return _PAGE
