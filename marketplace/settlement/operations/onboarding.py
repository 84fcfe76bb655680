"""Becoming a payee: the provider asks the institution who it is; we only know whether it may be paid."""

from datetime import datetime
from uuid import UUID

import structlog

from marketplace.identity.rules import Principal
from marketplace.kit.audit import SYSTEM, Actor, record
from marketplace.kit.db import execute, transaction
from marketplace.payments.errors import ProviderUnavailable
from marketplace.payments.gateway import Refused, payees
from marketplace.payments.gateway.payee_port import OnboardingLink
from marketplace.settlement import queries
from marketplace.settlement.errors import PayeeRefused
from marketplace.settlement.operations.locks import lock_payee
from marketplace.settlement.operations.transferring import resume
from marketplace.settlement.queries import PayeeRow
from marketplace.settlement.states import PayeeStatus

log = structlog.get_logger("settlement")


async def begin_onboarding(*, principal: Principal, return_url: str, refresh_url: str, now: datetime) -> OnboardingLink:
    """Open the institution's account at the provider, once, and return where it tells the provider who it is.

    May be repeated: the account is the same, the address is new. No transaction may be open.
    Refuses: PayeeRefused, ProviderUnavailable.
    """
    assert principal.institution_id is not None
    async with transaction():
        payee = await lock_payee(principal.institution_id, now=now)
    try:
        account_id = payee.provider_account_id or await payees().create_payee(principal.institution_id)
        if payee.provider_account_id is None:
            await _keep(principal.institution_id, account_id, actor=principal, now=now)
        return await payees().onboarding_link(account_id, return_url=return_url, refresh_url=refresh_url)
    except Refused as refusal:
        raise PayeeRefused from refusal


async def refresh_payee(*, institution_id: UUID, now: datetime) -> PayeeRow:
    """Fetch whether an institution may be paid, and send what waited for it. Refuses: ProviderUnavailable."""
    payee = await queries.payee(institution_id, now=now)
    if payee.provider_account_id is None:
        return payee
    state = await payees().get_payee(payee.provider_account_id)
    if state.can_be_paid:
        status = PayeeStatus.ACTIVE
    else:
        status = PayeeStatus.RESTRICTED if state.is_told else PayeeStatus.PENDING
    async with transaction():
        before = await lock_payee(institution_id, now=now)
        await execute(
            "UPDATE payees SET status = $2, checked_at = $3 WHERE institution_id = $1",
            institution_id,
            status.value,
            now,
        )
        if before.status is not status:
            await record(
                "payee.checked", actor=SYSTEM, subject=institution_id, now=now, before=before.status, after=status
            )
            if status is PayeeStatus.ACTIVE:
                await resume(institution_id=institution_id, now=now)
    return await queries.payee(institution_id, now=now)


async def refresh_payees(*, now: datetime) -> None:
    """Look again at every payee that may not be paid yet, or any more."""
    try:
        for institution_id in await queries.unsettled_payees():
            await refresh_payee(institution_id=institution_id, now=now)
    except ProviderUnavailable:
        log.warning("the payment provider is away; payees are looked at later")


async def _keep(institution_id: UUID, account_id: str, *, actor: Actor, now: datetime) -> None:
    async with transaction():
        await lock_payee(institution_id, now=now)
        kept = await execute(
            "UPDATE payees SET provider_account_id = $2 WHERE institution_id = $1 AND provider_account_id IS NULL",
            institution_id,
            account_id,
        )
        if kept:
            await record("payee.opened", actor=actor, subject=institution_id, now=now)
