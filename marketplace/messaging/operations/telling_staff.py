"""What institutions and officers are told, by mail."""

from datetime import datetime
from uuid import UUID

from marketplace.bookings import queries as bookings
from marketplace.bookings.queries import Notice
from marketplace.certifications import queries as certifications
from marketplace.identity import queries as identities
from marketplace.identity.rules import Level
from marketplace.institutions import queries as institutions
from marketplace.kit.crypto import vault
from marketplace.kit.ids import wire
from marketplace.messaging.operations.writing import write
from marketplace.places import queries as places


async def tell_institution(notice: Notice, template: str, *, occasion: str | None = None, now: datetime) -> None:
    """Write to everybody who works at a booking's institution: no name or number of a guest leaves by mail."""
    for email in await identities.institution_emails(institution_id=notice.institution_id):
        await write(
            template=template,
            to=email,
            facts={
                "booking": wire("bkg", notice.booking_id),
                "check_in": notice.check_in,
                "check_out": notice.check_out,
                "guest_count": notice.guest_count,
            },
            dedupe=":".join([template, *([occasion] if occasion else []), str(notice.booking_id), _reader(email)]),
            now=now,
        )


async def tell_of_assessment(*, assessment_id: UUID, now: datetime) -> None:
    """Write to the officers nearest to an institution that its assessment is due; the province hears if nobody else is."""
    assessment = await certifications.assessment(assessment_id)
    officers = await _officers(assessment.jurisdiction_code)
    nearest = [officer for officer in officers if officer.level != Level.PROVINCE]
    for officer in nearest or officers:
        await write(
            template="assessment_ordered",
            to=officer.email,
            facts={
                "institution": assessment.institution_name,
                "due_on": assessment.due_on,
                "assessment": wire("asm", assessment_id),
            },
            dedupe=f"assessment_ordered:{assessment_id}:{officer.id}",
            now=now,
        )


async def tell_of_guests_in_house(*, booking_id: UUID, decision_id: UUID, now: datetime) -> None:
    """Write to the officers of every level that guests live where they may no longer stay."""
    notice = await bookings.notice(booking_id=booking_id)
    institution = await institutions.get(notice.institution_id)
    for officer in await _officers(institution.jurisdiction_code):
        await write(
            template="guests_to_relocate",
            to=officer.email,
            facts={
                "institution": institution.name,
                "booking": wire("bkg", booking_id),
                "guest_count": notice.guest_count,
            },
            dedupe=f"guests_to_relocate:{decision_id}:{booking_id}:{officer.id}",
            now=now,
        )


async def _officers(jurisdiction: str) -> list[identities.Officer]:
    return await identities.officers_of(jurisdictions=await places.jurisdiction_chain(jurisdiction))


def _reader(email: str) -> str:
    return vault().blind_index(email).hex()
