"""What we ask of a payment provider."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from marketplace.payments.rules import (
    BalanceEntry,
    Outcome,
    PaymentRequest,
    ProviderNews,
    RefundOutcome,
    RefundRequest,
    Started,
)


class Refused(Exception):
    """The provider refused a request for good: nothing was made, and repeating it would be refused again."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class KeyReused(Exception):
    """The idempotency key was used for a request with other words: what that one made exists."""


class PaymentGateway(Protocol):
    """The verbs. All but ``verify_webhook`` use the network, and refuse to while a transaction is open.

    Each may raise ``ProviderUnavailable``; then it is unknown whether the request had its effect, and it is repeated.
    """

    async def start_payment(self, request: PaymentRequest) -> Started:
        """Open a checkout page, once per idempotency key. Raises Refused, KeyReused."""

    async def find_payment(self, *, payment_id: UUID, since: datetime, until: datetime) -> Started | None:
        """Find the newest checkout page that carries our payment id, among those made in a span of time."""

    async def get_payment(self, session_id: str) -> Outcome:
        """Fetch how a payment stands."""

    async def cancel_payment(self, session_id: str) -> Outcome:
        """Close a checkout page if it is still open, and fetch how the payment stands then."""

    async def refund(self, request: RefundRequest) -> RefundOutcome:
        """Give money back, once per idempotency key. Raises Refused."""

    async def find_refund(self, *, refund_id: UUID, intent_id: str) -> RefundOutcome | None:
        """Find the refund that carries our refund id, among those of one payment."""

    async def get_refund(self, provider_refund_id: str) -> RefundOutcome:
        """Fetch how a refund stands."""

    async def list_missed_events(self, after: datetime) -> Sequence[ProviderNews]:
        """List the events since ``after`` that the provider could not deliver to us."""

    async def list_balance_entries(self, since: datetime) -> Sequence[BalanceEntry]:
        """List the movements of our balance since then, the oldest first."""

    async def get_balance(self) -> dict[str, int]:
        """Fetch our balance by currency, what is available and what is pending together."""

    def verify_webhook(self, raw: bytes, signature: str | None) -> ProviderNews:
        """Verify a webhook's signature, time and mode. Raises BadWebhookSignature."""

    async def close(self) -> None:
        """Close the connections."""
