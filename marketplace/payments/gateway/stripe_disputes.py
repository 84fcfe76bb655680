"""Stripe's disputes, behind a port of their own: a provider of wallets alone has none."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

from marketplace.kit.db import forbid_transaction
from marketplace.payments.gateway.port import Refused
from marketplace.payments.gateway.sdk import stripe
from marketplace.payments.gateway.translating import translated
from marketplace.payments.rules import DisputeState
from marketplace.payments.states import DisputeStatus

_PAGE = 100
_SETTLED = {"won": DisputeStatus.WON, "lost": DisputeStatus.LOST}
# A bank that only asks has taken nothing.
_INQUIRIES = frozenset({"warning_needs_response", "warning_under_review", "warning_closed", "prevented"})


class DisputeGateway(Protocol):
    """The verbs. Each may raise ``ProviderUnavailable``, and refuses to run while a transaction is open."""

    async def list_disputes(self, since: datetime) -> Sequence[DisputeState]:
        """List the disputes that were opened since then and that have taken money, the oldest first."""

    async def get_dispute(self, provider_dispute_id: str) -> DisputeState:
        """Fetch how a dispute stands."""

    async def find_dispute(self, provider_dispute_id: str) -> DisputeState | None:
        """Fetch how a dispute stands; None while it has taken no money, and when there is none of that id."""


class StripeDisputes:
    """The one production implementation of ``DisputeGateway``."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self._v1 = client.v1

    async def list_disputes(self, since: datetime) -> Sequence[DisputeState]:
        """List disputes by their creation; Stripe lists the newest first."""
        forbid_transaction()
        async with translated():
            page = await self._v1.disputes.list_async({"created": {"gte": int(since.timestamp())}, "limit": _PAGE})
            found = [dispute async for dispute in page.auto_paging_iter()]
        return [_state(dispute) for dispute in reversed(found) if dispute.status not in _INQUIRIES]

    async def get_dispute(self, provider_dispute_id: str) -> DisputeState:
        """Retrieve a dispute."""
        forbid_transaction()
        async with translated():
            return _state(await self._v1.disputes.retrieve_async(provider_dispute_id))

    async def find_dispute(self, provider_dispute_id: str) -> DisputeState | None:
        """Retrieve a dispute that may be an inquiry, or another account's."""
        forbid_transaction()
        try:
            async with translated():
                found = await self._v1.disputes.retrieve_async(provider_dispute_id)
        except Refused:
            return None
        return None if found.status in _INQUIRIES else _state(found)


def _state(dispute: stripe.Dispute) -> DisputeState:
    intent = dispute.payment_intent
    return DisputeState(
        provider_dispute_id=dispute.id,
        intent_id=intent if isinstance(intent, str) or intent is None else intent.id,
        amount=dispute.amount,
        currency=dispute.currency.upper(),
        reason=dispute.reason,
        status=_SETTLED.get(dispute.status, DisputeStatus.OPEN),
        opened_at=datetime.fromtimestamp(dispute.created, tz=UTC),
    )
