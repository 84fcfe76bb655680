"""The one check that stands before every sale."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from marketplace.certifications.queries.policies import policy_in, policy_of
from marketplace.certifications.rules import CertificationSnapshot, Standing, check_stay, snapshot_of
from marketplace.kit import clock
from marketplace.kit.db import fetch_one, require_transaction


async def ensure_bookable(
    *, institution_id: UUID, check_in: date, check_out: date, now: datetime
) -> CertificationSnapshot:
    """Lock the institution's certification FOR SHARE and check that every night ``[check_in, check_out)`` may be sold.

    A revocation takes the same row FOR UPDATE: it waits for sales under way, and sales after it are refused.
    Lock order: idempotency key → certification → departure → room type → quote → booking → payment.
    Refuses: InstitutionNotBookable, StayBeyondCertificate (R01, R02).
    """
    require_transaction()
    row = await fetch_one(
        "SELECT number, status, grade, valid_from_on, valid_until_on, assessed_on, assessment_overdue, safety_defect,"
        f" grade_method, abuse_confirmed_on, {policy_of('$2')} AS policy"
        " FROM certifications WHERE institution_id = $1 AND is_current FOR SHARE",
        institution_id,
        clock.local_date(now),
    )
    found = msgspec.convert(dict(row), Standing) if row else None
    standing = check_stay(found, check_in=check_in, check_out=check_out)
    assert row is not None
    policy = policy_in(row["policy"])
    return snapshot_of(standing, policy=policy, today=clock.local_date(now), checked_at=now)
