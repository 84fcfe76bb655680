"""Who hears of complaints and incidents: that there is one, never what was said."""

from datetime import datetime
from uuid import UUID

from marketplace.bookings import queries as bookings
from marketplace.identity import queries as identities
from marketplace.identity.rules import Level
from marketplace.kit.ids import wire
from marketplace.messaging.operations.telling_staff import officers_near, reader_of
from marketplace.messaging.operations.writing import write
from marketplace.quality import queries as quality


async def tell_of_complaint(*, complaint_id: UUID, now: datetime) -> None:
    """Write to the officers nearest to an institution that somebody has complained."""
    found = await quality.complaint_of(complaint_id)
    facts = {"institution": found.institution_name, "complaint": wire("cpl", complaint_id)}
    for officer in await _nearest(found.jurisdiction_code):
        dedupe = f"complaint_received:{complaint_id}:{officer.id}"
        await write(template="complaint_received", to=officer.email, facts=facts, dedupe=dedupe, now=now)


async def tell_of_referral(*, complaint_id: UUID, now: datetime) -> None:
    """Write to everybody who works at an institution that civil affairs asks it something."""
    found = await quality.complaint_of(complaint_id)
    for email in await identities.institution_emails(institution_id=found.institution_id):
        dedupe = f"complaint_referred:{complaint_id}:{reader_of(email)}"
        facts = {"complaint": wire("cpl", complaint_id)}
        await write(template="complaint_referred", to=email, facts=facts, dedupe=dedupe, now=now)


async def tell_of_answer(*, complaint_id: UUID, now: datetime) -> None:
    """Tell the contact of the stay that a complaint is answered; a partner reads it in its feed."""
    found = await quality.complaint_of(complaint_id)
    if found.complainant_kind == "partner":
        return
    notice = await bookings.notice(booking_id=found.booking_id)
    await write(
        template="complaint_answered",
        to=notice.contact.phone,
        facts={"institution": found.institution_name},
        dedupe=f"complaint_answered:{complaint_id}",
        now=now,
    )


async def tell_of_incident(*, incident_id: UUID, now: datetime) -> None:
    """Write to the officers nearest to an institution that something has happened there."""
    found = await quality.incident_of(incident_id)
    facts = {"institution": found.institution_name, "incident": wire("icd", incident_id)}
    for officer in await _nearest(found.jurisdiction_code):
        dedupe = f"incident_reported:{incident_id}:{officer.id}"
        await write(template="incident_reported", to=officer.email, facts=facts, dedupe=dedupe, now=now)


async def _nearest(jurisdiction: str) -> list[identities.Officer]:
    """Return the officers below the province; those of the province where there is nobody else."""
    officers = await officers_near(jurisdiction)
    return [officer for officer in officers if officer.level != Level.PROVINCE] or officers
