"""Stripe, through its own SDK: Checkout Sessions in, refunds out. In development only the address differs."""

import logging
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import structlog

from marketplace.kit.db import forbid_transaction
from marketplace.kit.ids import wire
from marketplace.payments.gateway import reading, webhooks
from marketplace.payments.gateway.port import Refused
from marketplace.payments.gateway.sdk import stripe
from marketplace.payments.gateway.stripe_disputes import StripeDisputes
from marketplace.payments.gateway.stripe_payees import StripePayees
from marketplace.payments.gateway.translating import translated
from marketplace.payments.gateway.transport import Transport
from marketplace.payments.rules import (
    BOOKING_PREFIX,
    PAYMENT_PREFIX,
    REFUND_PREFIX,
    BalanceEntry,
    Leg,
    Method,
    Outcome,
    PaymentRequest,
    ProviderNews,
    RefundOutcome,
    RefundRequest,
    Started,
)
from marketplace.settings import STRIPE_LIVE_PREFIXES

RETRIES = 2
_EXPAND = ["payment_intent"]
_PAGE = 100
# The payer reads this on the checkout page. It never names the guest or the institution.
_TITLES = {
    Leg.FULL: "候鸟旅居 · 全款 Full payment",
    Leg.DEPOSIT: "候鸟旅居 · 定金 Deposit",
    Leg.BALANCE: "候鸟旅居 · 尾款 Balance",
    Leg.MONTH: "候鸟旅居 · 月费 Month",
    Leg.EXTENSION: "候鸟旅居 · 续住 Extension",
    Leg.ADJUSTMENT: "候鸟旅居 · 补差 Adjustment",
}

log = structlog.get_logger("payments")

# The SDK's telemetry writes a file into the home directory and reports latencies; its log shows request bodies.
stripe.enable_telemetry = False
logging.getLogger("stripe").setLevel(logging.WARNING)


class StripeGateway:
    """The one production implementation of ``PaymentGateway``."""

    def __init__(self, *, api_key: str, api_base: str | None, webhook_secret: str) -> None:
        self._livemode = api_key.startswith(STRIPE_LIVE_PREFIXES)
        self._webhook_secret = webhook_secret
        # A sandbox is on this machine, whatever proxies the environment names.
        self._http = Transport(through_proxies=api_base is None)
        self._client = stripe.StripeClient(
            api_key,
            # All four, or some calls of a sandboxed process would still go to the internet.
            base_addresses={"api": api_base, "connect": api_base, "files": api_base, "meter_events": api_base}
            if api_base
            else None,
            max_network_retries=RETRIES,
            http_client=self._http,
        )
        self.payees = StripePayees(self._client)
        self.disputes = StripeDisputes(self._client)

    async def start_payment(self, request: PaymentRequest) -> Started:
        """Open a Checkout Session; its metadata holds our opaque ids and nothing else."""
        forbid_transaction()
        metadata = {
            "payment_id": wire(PAYMENT_PREFIX, request.payment_id),
            "booking_id": wire(BOOKING_PREFIX, request.booking_id),
        }
        params: stripe.params.checkout.SessionCreateParams = {
            "mode": "payment",
            "allowed_payment_method_types": [request.method.value],
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": request.currency.lower(),
                        "unit_amount": request.amount,
                        "product_data": {"name": _TITLES[request.leg]},
                    },
                }
            ],
            "client_reference_id": metadata["payment_id"],
            "metadata": metadata,
            "payment_intent_data": {"metadata": metadata},
            "success_url": request.success_url,
            "cancel_url": request.cancel_url,
            "expires_at": int(request.expires_at.timestamp()),
        }
        if request.method is Method.WECHAT_PAY:
            params["payment_method_options"] = {"wechat_pay": {"client": "web"}}
        async with translated():
            session = await self._client.v1.checkout.sessions.create_async(
                params, {"idempotency_key": request.idempotency_key}
            )
        return reading.started(session)

    async def find_payment(self, *, payment_id: UUID, since: datetime, until: datetime) -> Started | None:
        """List the Checkout Sessions of a span of time and pick ours; lists, unlike search, are not delayed."""
        forbid_transaction()
        wanted = wire(PAYMENT_PREFIX, payment_id)
        async with translated():
            page = await self._client.v1.checkout.sessions.list_async(
                {"created": {"gte": int(since.timestamp()), "lte": int(until.timestamp())}, "limit": _PAGE}
            )
            async for session in page.auto_paging_iter():
                if session.client_reference_id == wanted:
                    return reading.started(session)
        return None

    async def get_payment(self, session_id: str) -> Outcome:
        """Retrieve a Checkout Session with its PaymentIntent."""
        forbid_transaction()
        async with translated():
            session = await self._client.v1.checkout.sessions.retrieve_async(session_id, {"expand": _EXPAND})
        return reading.outcome(session, livemode=self._livemode)

    async def cancel_payment(self, session_id: str) -> Outcome:
        """Expire a Checkout Session; one that is complete or expired already is simply fetched."""
        forbid_transaction()
        try:
            async with translated():
                await self._client.v1.checkout.sessions.expire_async(session_id)
        except Refused as refusal:
            log.info("a checkout page was no longer open", session_id=session_id, code=refusal.code)
        return await self.get_payment(session_id)

    async def refund(self, request: RefundRequest) -> RefundOutcome:
        """Create a Refund of a PaymentIntent."""
        forbid_transaction()
        async with translated():
            refund = await self._client.v1.refunds.create_async(
                {
                    "payment_intent": request.intent_id,
                    "amount": request.amount,
                    "metadata": {
                        "refund_id": wire(REFUND_PREFIX, request.refund_id),
                        "payment_id": wire(PAYMENT_PREFIX, request.payment_id),
                    },
                },
                {"idempotency_key": request.idempotency_key},
            )
        return reading.refund_outcome(refund)

    async def find_refund(self, *, refund_id: UUID, intent_id: str) -> RefundOutcome | None:
        """List the Refunds of a PaymentIntent and pick ours."""
        forbid_transaction()
        wanted = wire(REFUND_PREFIX, refund_id)
        async with translated():
            page = await self._client.v1.refunds.list_async({"payment_intent": intent_id, "limit": _PAGE})
            async for refund in page.auto_paging_iter():
                if refund.metadata is not None and refund.metadata.to_dict().get("refund_id") == wanted:
                    return reading.refund_outcome(refund)
        return None

    async def get_refund(self, provider_refund_id: str) -> RefundOutcome:
        """Retrieve a Refund."""
        forbid_transaction()
        async with translated():
            refund = await self._client.v1.refunds.retrieve_async(provider_refund_id)
        return reading.refund_outcome(refund)

    async def list_missed_events(self, after: datetime) -> Sequence[ProviderNews]:
        """List the events that no endpoint of ours has accepted."""
        forbid_transaction()
        async with translated():
            page = await self._client.v1.events.list_async(
                {
                    "created": {"gte": int(after.timestamp())},
                    "delivery_success": False,
                    "types": list(webhooks.TYPES),
                    "limit": _PAGE,
                }
            )
            events = [event async for event in page.auto_paging_iter()]
        return [webhooks.listed(event) for event in events if event.livemode == self._livemode]

    async def list_balance_entries(self, since: datetime) -> Sequence[BalanceEntry]:
        """List the balance transactions with what moved them; Stripe lists the newest first."""
        forbid_transaction()
        async with translated():
            page = await self._client.v1.balance_transactions.list_async(
                {"created": {"gte": int(since.timestamp())}, "limit": _PAGE, "expand": ["data.source"]}
            )
            found = [transaction async for transaction in page.auto_paging_iter()]
        return [reading.balance_entry(transaction) for transaction in reversed(found)]

    async def get_balance(self) -> dict[str, int]:
        """Retrieve the platform's balance."""
        forbid_transaction()
        async with translated():
            balance = await self._client.v1.balance.retrieve_async()
        return reading.balance(balance)

    def verify_webhook(self, raw: bytes, signature: str | None) -> ProviderNews:
        """Verify and read a webhook; no network is used."""
        return webhooks.verify(raw, signature=signature, secret=self._webhook_secret, livemode=self._livemode)

    async def close(self) -> None:
        """Close the HTTP connections."""
        await self._http.close_async()
