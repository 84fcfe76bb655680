"""What we ask of a payment provider about those who are paid: a port of its own, since a provider may have only the other."""

from typing import Protocol
from uuid import UUID

import msgspec


class PayeeState(msgspec.Struct, frozen=True, kw_only=True):
    """How an account stands at the provider: whether it may be paid, and whether its owner has told everything."""

    account_id: str
    can_be_paid: bool
    is_told: bool


class OnboardingLink(msgspec.Struct, frozen=True, kw_only=True):
    """Where an institution tells the provider who it is; it works once, for a few minutes (``expires_at``, epoch s)."""

    url: str
    expires_at: int


class TransferRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What the provider is asked to move; a repeated attempt must be this, to the letter."""

    transfer_id: UUID
    booking_id: UUID
    attempt: int
    destination: str
    amount: int
    currency: str

    @property
    def idempotency_key(self) -> str:
        """The key of this attempt, made from our id."""
        return f"xfer:{self.transfer_id}:{self.attempt}"


class ReversalRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What the provider is asked to take back; the key is of our reversal, so a transfer may be reversed in parts."""

    reversal_id: UUID
    provider_transfer_id: str
    amount: int

    @property
    def idempotency_key(self) -> str:
        """The key of this reversal, made from our id."""
        return f"rev:{self.reversal_id}"


class PayeeGateway(Protocol):
    """The verbs. All use the network, and refuse to while a transaction is open.

    Each may raise ``ProviderUnavailable``; then it is unknown whether the request had its effect, and it is repeated.
    """

    async def create_payee(self, institution_id: UUID) -> str:
        """Open an account for an institution, once, and return its id at the provider. Raises Refused."""

    async def onboarding_link(self, account_id: str, *, return_url: str, refresh_url: str) -> OnboardingLink:
        """Make an address at which the institution tells the provider who it is. Raises Refused."""

    async def get_payee(self, account_id: str) -> PayeeState:
        """Fetch how an account stands."""

    async def transfer(self, request: TransferRequest) -> str:
        """Move money to an account, once per idempotency key, and return the transfer's id there. Raises Refused."""

    async def find_transfer(self, *, transfer_id: UUID, booking_id: UUID) -> str | None:
        """Find the transfer that carries our id, among those of one booking."""

    async def reverse_transfer(self, request: ReversalRequest) -> str:
        """Take money back, once per idempotency key, and return the reversal's id there. Raises Refused."""

    async def find_reversal(self, *, reversal_id: UUID, provider_transfer_id: str) -> str | None:
        """Find the reversal that carries our id, among those of one transfer."""

    async def pays_out_by_hand(self) -> bool:
        """Say whether our own balance stays at the provider until we ask for it, as holding money for others needs."""
