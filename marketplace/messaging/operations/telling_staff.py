"""What institutions and officers are told, by mail."""

from datetime import datetime, timedelta
from uuid import UUID

from marketplace.bookings import queries as bookings
from marketplace.bookings.queries import Notice
from marketplace.certifications import queries as certifications
from marketplace.certifications.queries import inspections
from marketplace.certifications.states import ABOVE_COUNTY, PROVINCE
from marketplace.identity import queries as identities
from marketplace.identity.rules import Level
from marketplace.institutions import queries as institutions
from marketplace.kit.clock import local_date
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
            dedupe=":".join([template, *([occasion] if occasion else []), str(notice.booking_id), reader_of(email)]),
            now=now,
        )


async def tell_of_assessment(*, assessment_id: UUID, now: datetime) -> None:
    """Write to the officers nearest to an institution that its assessment is due; the province hears if nobody else is.

    A first certificate is the province's to assess.
    """
    assessment = await certifications.assessment(assessment_id)
    officers = await officers_near(assessment.jurisdiction_code)
    is_first = assessment.certification_id is None
    competent = [officer for officer in officers if (officer.level == Level.PROVINCE) is is_first]
    for officer in competent or officers:
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


async def tell_of_escalation(*, assessment_id: UUID, now: datetime) -> None:
    """Write to the officers of the level that an overdue assessment has reached; to the province where there is none."""
    assessment = await certifications.assessment(assessment_id)
    officers = [one for one in await officers_near(assessment.jurisdiction_code) if one.level != Level.COUNTY]
    reached = [officer for officer in officers if officer.level == assessment.escalated_to]
    for officer in reached or officers:
        await write(
            template="assessment_escalated",
            to=officer.email,
            facts={
                "institution": assessment.institution_name,
                "due_on": assessment.due_on,
                "assessment": wire("asm", assessment_id),
            },
            dedupe=f"assessment_escalated:{assessment_id}:{assessment.escalated_to}:{officer.id}",
            now=now,
        )


async def tell_of_preview(*, assessment_id: UUID, now: datetime) -> None:
    """Write to everybody who works at an institution that they see the result of its assessment before the public does."""
    assessment = await certifications.assessment(assessment_id)
    if assessment.preview_until_at is None:
        return
    for email in await identities.institution_emails(institution_id=assessment.institution_id):
        await write(
            template="assessment_preview",
            to=email,
            facts={
                "assessment": wire("asm", assessment_id),
                # Its last day is the one before the midnight at which it ends.
                "due_on": local_date(assessment.preview_until_at - timedelta(seconds=1)),
            },
            dedupe=f"assessment_preview:{assessment_id}:{assessment.revision}:{reader_of(email)}",
            now=now,
        )


async def tell_of_correction(*, assessment_id: UUID, correction_id: UUID, now: datetime) -> None:
    """Write to the officers who assess that an institution disagrees with its preview."""
    assessment = await certifications.assessment(assessment_id)
    for officer in await officers_near(assessment.jurisdiction_code):
        if officer.level not in (PROVINCE if assessment.certification_id is None else ABOVE_COUNTY):
            continue
        await write(
            template="correction_requested",
            to=officer.email,
            facts={"institution": assessment.institution_name, "assessment": wire("asm", assessment_id)},
            dedupe=f"correction_requested:{correction_id}:{officer.id}",
            now=now,
        )


async def tell_of_inspection(*, inspection_id: UUID, now: datetime) -> None:
    """Write to the inspectors that were drawn; the institution is not told."""
    inspection = await inspections.inspection(inspection_id)
    for officer in await officers_near(inspection.jurisdiction_code):
        if officer.id not in {inspection.first_inspector, inspection.second_inspector}:
            continue
        await write(
            template="inspection_drawn",
            to=officer.email,
            facts={"institution": inspection.institution_name, "due_on": inspection.inspect_by_on},
            dedupe=f"inspection_drawn:{inspection_id}:{officer.id}",
            now=now,
        )


async def tell_of_uninspected(*, inspection_id: UUID, now: datetime) -> None:
    """Write to the officers of the level that an overdue inspection has reached; to the province where there is none."""
    inspection = await inspections.inspection(inspection_id)
    officers = [one for one in await officers_near(inspection.jurisdiction_code) if one.level != Level.COUNTY]
    reached = [officer for officer in officers if officer.level == inspection.escalated_to]
    for officer in reached or officers:
        await write(
            template="inspection_escalated",
            to=officer.email,
            facts={"institution": inspection.institution_name, "due_on": inspection.inspect_by_on},
            dedupe=f"inspection_escalated:{inspection_id}:{inspection.escalated_to}:{officer.id}",
            now=now,
        )


async def tell_of_checkpoint(*, size: int, note: str, now: datetime) -> None:
    """Send the checkpoint of a day to every officer of the province: a mail that they keep is a witness."""
    provinces = {chain[-1] for chain in (await places.jurisdiction_chains()).values()}
    for officer in await identities.officers_of(jurisdictions=sorted(provinces)):
        await write(
            template="audit_checkpoint",
            to=officer.email,
            facts={"size": str(size), "note": note},
            dedupe=f"audit_checkpoint:{size}:{officer.id}",
            now=now,
        )


async def tell_of_guests_in_house(*, booking_id: UUID, decision_id: UUID, now: datetime) -> None:
    """Write to the officers of every level that guests live where they may no longer stay."""
    notice = await bookings.notice(booking_id=booking_id)
    institution = await institutions.get(notice.institution_id)
    for officer in await officers_near(institution.jurisdiction_code):
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


async def officers_near(jurisdiction: str) -> list[identities.Officer]:
    """List the officers of an authority and of those above it, the nearest first."""
    return await identities.officers_of(jurisdictions=await places.jurisdiction_chain(jurisdiction))


def reader_of(email: str) -> str:
    """Name a reader without naming them, for a key that says a message once."""
    return vault().blind_index(email).hex()
