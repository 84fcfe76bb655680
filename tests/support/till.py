"""A payment provider in this process, for tests that pay thousands of times: it takes money, closes pages, gives back."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from marketplace.kit.db import forbid_transaction
from marketplace.payments.rules import Outcome, PaymentRequest, ProviderNews, RefundOutcome, RefundRequest, Started
from marketplace.payments.states import PaymentStatus, RefundStatus


class Till:
    """Every checkout page that was opened, and those that were paid on or closed."""

    def __init__(self) -> None:
        self.pages: dict[str, PaymentRequest] = {}
        self.paid: set[str] = set()
        self.closed: set[str] = set()
        self.given_back: dict[UUID, RefundRequest] = {}

    def pay(self, payment_id: UUID) -> bool:
        """Pay on the newest page of a payment that is still open."""
        pages = [page for page, request in self.pages.items() if request.payment_id == payment_id]
        if not pages or pages[-1] in self.closed:
            return False
        self.paid.add(pages[-1])
        return True

    async def start_payment(self, request: PaymentRequest) -> Started:
        forbid_transaction()
        page = f"cs_{request.payment_id.hex}_{request.attempt}"
        self.pages[page] = request
        return Started(session_id=page, url=f"https://till.example/{page}", expires_at=request.expires_at)

    async def find_payment(self, *, payment_id: UUID, since: datetime, until: datetime) -> Started | None:
        forbid_transaction()
        found = [(page, request) for page, request in self.pages.items() if request.payment_id == payment_id]
        return Started(session_id=found[-1][0], url=None, expires_at=found[-1][1].expires_at) if found else None

    async def get_payment(self, session_id: str) -> Outcome:
        forbid_transaction()
        request, paid = self.pages[session_id], session_id in self.paid
        unpaid = PaymentStatus.CANCELLED if session_id in self.closed else PaymentStatus.PENDING
        return Outcome(
            status=PaymentStatus.SUCCEEDED if paid else unpaid,
            session_id=session_id,
            intent_id=f"pi_{session_id}" if paid else None,
            amount=request.amount if paid else None,
            currency=request.currency if paid else None,
        )

    async def cancel_payment(self, session_id: str) -> Outcome:
        if session_id not in self.paid:
            self.closed.add(session_id)
        return await self.get_payment(session_id)

    async def refund(self, request: RefundRequest) -> RefundOutcome:
        forbid_transaction()
        self.given_back[request.refund_id] = request
        return RefundOutcome(status=RefundStatus.SUCCEEDED, provider_refund_id=f"re_{request.refund_id.hex}")

    async def find_refund(self, *, refund_id: UUID, intent_id: str) -> RefundOutcome | None:
        forbid_transaction()
        known = refund_id in self.given_back
        return RefundOutcome(status=RefundStatus.SUCCEEDED, provider_refund_id=f"re_{refund_id.hex}") if known else None

    async def get_refund(self, provider_refund_id: str) -> RefundOutcome:
        forbid_transaction()
        return RefundOutcome(status=RefundStatus.SUCCEEDED, provider_refund_id=provider_refund_id)

    async def list_missed_events(self, after: datetime) -> Sequence[ProviderNews]:
        return ()

    def verify_webhook(self, raw: bytes, signature: str | None) -> ProviderNews:
        raise NotImplementedError

    async def close(self) -> None:
        return None
