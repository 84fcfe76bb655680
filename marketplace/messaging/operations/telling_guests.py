"""What families are told: whoever is the contact of a booking gets an SMS, whether booked here or by a partner."""

from datetime import date, datetime
from math import ceil
from uuid import UUID

from marketplace.bookings import queries as bookings
from marketplace.bookings.queries import Notice
from marketplace.bookings.states import Status
from marketplace.identity import operations as identity
from marketplace.identity import queries as identities
from marketplace.messaging.operations.telling_staff import tell_institution
from marketplace.messaging.operations.writing import write
from marketplace.messaging.rules import Fact
from marketplace.payments import queries as payments
from marketplace.payments.rules import RefundReason
from marketplace.settings import settings


async def send_session_code(*, request_id: UUID, now: datetime) -> None:
    """Send a one-time code and erase its readable copy; a code that is used, expired or sent is left alone."""
    waiting = await identities.session_code(request_id=request_id)
    if waiting is None or waiting.expires_at <= now:
        return
    await write(
        template="session_code",
        to=waiting.phone,
        facts={"code": waiting.code, "minutes": ceil((waiting.expires_at - now).total_seconds() / 60)},
        dedupe=f"session_code:{request_id}",
        now=now,
    )
    await identity.erase_session_code(request_id=request_id)


async def tell_of_confirmation(*, booking_id: UUID, now: datetime) -> None:
    """Tell the guest and the institution that a stay is certain."""
    notice = await bookings.notice(booking_id=booking_id)
    await _tell(notice, "booking_confirmed", now=now)
    await tell_institution(notice, "booking_received", now=now)


async def tell_of_cancellation(*, booking_id: UUID, reason: str, refund_amount: int, now: datetime) -> None:
    """Tell the guest why a booking has ended and what is paid back, and the institution if it had been confirmed.

    After a revocation a displaced guest has been told already and hears next that the refund has arrived.
    """
    notice = await bookings.notice(booking_id=booking_id)
    if notice.decision_id is None:
        template = _cancellation(reason, paid=notice.confirmed_at is not None, refund_amount=refund_amount)
        await _tell(notice, template, occasion="cancelled", refund_amount=refund_amount, now=now)
    if notice.confirmed_at is not None:
        await tell_institution(notice, "booking_withdrawn", now=now)


def _cancellation(reason: str, *, paid: bool, refund_amount: int) -> str:
    if reason == RefundReason.NOT_FORMED and paid:
        return "departure_not_formed"
    if reason == RefundReason.INSTITUTION:
        return "booking_not_honoured"
    if not paid:
        return "hold_voided" if reason == RefundReason.REVOCATION else "hold_released"
    return "booking_cancelled" if refund_amount else "booking_cancelled_without_refund"


async def tell_of_displacement(*, booking_id: UUID, now: datetime) -> None:
    """Tell the guest that the institution lost its certification and that all is paid back."""
    await _tell(await bookings.notice(booking_id=booking_id), "booking_displaced", now=now)


async def tell_of_free_cancellation(*, booking_id: UUID, offered_on: date, now: datetime) -> None:
    """Tell the guest that the stay can be cancelled free of charge while a suspension lasts (R03)."""
    notice = await bookings.notice(booking_id=booking_id)
    await _tell(notice, "free_cancellation_offered", occasion=f"free_cancellation_offered:{offered_on}", now=now)


async def tell_of_reinstatement(*, booking_id: UUID, until_on: date, now: datetime) -> None:
    """Tell the guest that the stay takes place after all, and how long it can still be cancelled free of charge."""
    notice = await bookings.notice(booking_id=booking_id)
    occasion = f"free_cancellation_limited:{until_on}"
    await _tell(notice, "free_cancellation_limited", occasion=occasion, until_on=until_on, now=now)


async def tell_of_guaranteed_departure(*, departure_id: UUID, now: datetime) -> None:
    """Tell every confirmed party of a departure that it takes place."""
    for booking_id in await bookings.unfinished_of_departure(departure_id):
        notice = await bookings.notice(booking_id=booking_id)
        if notice.status is Status.CONFIRMED:
            await _tell(notice, "departure_guaranteed", now=now)


async def tell_of_returned_payment(*, booking_id: UUID, payment_id: UUID, now: datetime) -> None:
    """Tell the guest that money which came too late goes back."""
    payment = await payments.payment(payment_id)
    notice = await bookings.notice(booking_id=booking_id)
    occasion = f"payment_returned:{payment_id}"
    await _tell(
        notice, "payment_returned", occasion=occasion, amount=payment.captured_amount or payment.amount, now=now
    )


async def tell_of_due_payment(  # noqa: PLR0913 - what is due is these facts, each named by the message.
    *, booking_id: UUID, leg: str, number: int, amount: int, due_on: date, until_on: date, step: str, now: datetime
) -> None:
    """Send the guest a link to pay what is due, or overdue; nobody is told twice of the same step."""
    code = await bookings.pay_link(booking_id=booking_id)
    await _tell(
        await bookings.notice(booking_id=booking_id),
        f"payment_{step}",
        occasion=f"payment_{step}:{leg}:{number}:{due_on}",
        amount=amount,
        due_on=due_on,
        until_on=until_on,
        link=f"{settings().public_url}/p/{code}",
        now=now,
    )


async def tell_of_proposed_charge(*, booking_id: UUID, charge_id: UUID, amount: int, now: datetime) -> None:
    """Tell the guest that the institution asks for something, and that nothing is charged without their word."""
    notice = await bookings.notice(booking_id=booking_id)
    await _tell(notice, "charge_proposed", occasion=f"charge_proposed:{charge_id}", amount=amount, now=now)


async def tell_of_extension(*, booking_id: UUID, charge_id: UUID, now: datetime) -> None:
    """Tell the guest and the institution that the stay is longer."""
    notice = await bookings.notice(booking_id=booking_id)
    await _tell(notice, "stay_extended", occasion=f"stay_extended:{charge_id}", now=now)
    await tell_institution(notice, "booking_extended", occasion=str(charge_id), now=now)


async def tell_of_default(*, booking_id: UUID, due_on: date, now: datetime) -> None:
    """Tell the institution that guests in its house have not paid."""
    await tell_institution(
        await bookings.notice(booking_id=booking_id), "payment_defaulted", occasion=str(due_on), now=now
    )


async def tell_of_refund(*, booking_id: UUID, refund_id: UUID, amount: int, now: datetime) -> None:
    """Tell the guest that a refund has arrived."""
    notice = await bookings.notice(booking_id=booking_id)
    await _tell(notice, "refund_paid", occasion=f"refund_paid:{refund_id}", amount=amount, now=now)


async def _tell(notice: Notice, template: str, *, now: datetime, occasion: str | None = None, **facts: Fact) -> None:
    await write(
        template=template,
        to=notice.contact.phone,
        facts={**facts_of(notice), **facts},
        dedupe=f"{occasion or template}:{notice.booking_id}",
        now=now,
    )


def facts_of(notice: Notice) -> dict[str, Fact]:
    """Return what most messages about a stay mention."""
    return {
        "institution": notice.institution_name,
        "phone": notice.institution_phone,
        "check_in": notice.check_in,
        "check_out": notice.check_out,
    }
