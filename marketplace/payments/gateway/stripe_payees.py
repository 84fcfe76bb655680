"""Stripe Connect: separate charges and transfers. The platform is charged, holds, and transfers after check-in."""

from uuid import UUID

from marketplace.kit.db import forbid_transaction
from marketplace.kit.ids import wire
from marketplace.payments.gateway.payee_port import OnboardingLink, PayeeState, ReversalRequest, TransferRequest
from marketplace.payments.gateway.sdk import stripe
from marketplace.payments.gateway.translating import translated
from marketplace.payments.rules import BOOKING_PREFIX, TRANSFER_PREFIX

_PAGE = 100


class StripePayees:
    """The one production implementation of ``PayeeGateway``; metadata holds our opaque ids and nothing else."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self._v1 = client.v1

    async def create_payee(self, institution_id: UUID) -> str:
        """Create a connected account that is paid by transfers and pays out by itself."""
        forbid_transaction()
        async with translated():
            account = await self._v1.accounts.create_async(
                {
                    "type": "express",
                    "business_type": "company",
                    "capabilities": {"transfers": {"requested": True}},
                    "metadata": {"institution_id": wire("ins", institution_id)},
                },
                {"idempotency_key": f"acct:{institution_id}"},
            )
        return account.id

    async def onboarding_link(self, account_id: str, *, return_url: str, refresh_url: str) -> OnboardingLink:
        """Create an account link."""
        forbid_transaction()
        async with translated():
            link = await self._v1.account_links.create_async(
                {
                    "account": account_id,
                    "type": "account_onboarding",
                    "return_url": return_url,
                    "refresh_url": refresh_url,
                }
            )
        return OnboardingLink(url=link.url, expires_at=link.expires_at)

    async def get_payee(self, account_id: str) -> PayeeState:
        """Retrieve a connected account."""
        forbid_transaction()
        async with translated():
            account = await self._v1.accounts.retrieve_async(account_id)
        capabilities = account.capabilities.to_dict() if account.capabilities is not None else {}
        return PayeeState(
            account_id=account.id,
            can_be_paid=capabilities.get("transfers") == "active",
            is_told=account.details_submitted is True,
        )

    async def transfer(self, request: TransferRequest) -> str:
        """Create a Transfer from what is available."""
        forbid_transaction()
        async with translated():
            transfer = await self._v1.transfers.create_async(
                {
                    "amount": request.amount,
                    "currency": request.currency.lower(),
                    "destination": request.destination,
                    "transfer_group": wire(BOOKING_PREFIX, request.booking_id),
                    "metadata": {"transfer_id": wire(TRANSFER_PREFIX, request.transfer_id)},
                },
                {"idempotency_key": request.idempotency_key},
            )
        return transfer.id

    async def find_transfer(self, *, transfer_id: UUID, booking_id: UUID) -> str | None:
        """List the Transfers of a booking and pick ours."""
        forbid_transaction()
        wanted = wire(TRANSFER_PREFIX, transfer_id)
        async with translated():
            page = await self._v1.transfers.list_async(
                {"transfer_group": wire(BOOKING_PREFIX, booking_id), "limit": _PAGE}
            )
            async for transfer in page.auto_paging_iter():
                if transfer.metadata.to_dict().get("transfer_id") == wanted:
                    return transfer.id
        return None

    async def reverse_transfer(self, request: ReversalRequest) -> str:
        """Create a Transfer Reversal."""
        forbid_transaction()
        async with translated():
            reversal = await self._v1.transfers.reversals.create_async(
                request.provider_transfer_id,
                {"amount": request.amount, "metadata": {"reversal_id": str(request.reversal_id)}},
                {"idempotency_key": request.idempotency_key},
            )
        return reversal.id

    async def find_reversal(self, *, reversal_id: UUID, provider_transfer_id: str) -> str | None:
        """List the reversals of a Transfer and pick ours."""
        forbid_transaction()
        async with translated():
            page = await self._v1.transfers.reversals.list_async(provider_transfer_id, {"limit": _PAGE})
            async for reversal in page.auto_paging_iter():
                found = reversal.metadata.to_dict() if reversal.metadata is not None else {}
                if found.get("reversal_id") == str(reversal_id):
                    return reversal.id
        return None

    async def pays_out_by_hand(self) -> bool:
        """Retrieve our own balance settings."""
        forbid_transaction()
        async with translated():
            found = await self._v1.balance_settings.retrieve_async()
        payouts = found.payments.payouts
        return payouts is not None and payouts.schedule is not None and payouts.schedule.interval == "manual"
