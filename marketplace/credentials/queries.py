"""Reads of certificates, for anyone."""

import msgspec

from marketplace.certifications.queries import STANDING_COLUMNS, STATUS_SINCE
from marketplace.certifications.rules import is_certificate_number
from marketplace.credentials.rules import SET_FOR, Certificate, StatusList
from marketplace.kit.db import fetch, fetch_one
from marketplace.kit.errors import NotFound

_CERTIFICATE = f"""
SELECT {STANDING_COLUMNS}, (SELECT a.id FROM assessment_orders a WHERE a.certification_id = c.id
          AND a.published_at IS NOT NULL AND a.assessed_on = c.assessed_on LIMIT 1) AS assessment_id, c.plaque_text, c.status_position, i.id AS institution_id, i.name AS institution_name,
       i.name_en AS institution_name_en, i.uscc, i.address, i.licensed_bed_count,
       coalesce(h.since, c.granted_at) AS status_since, coalesce(h.reason, '') AS status_reason
  FROM certifications c
  JOIN institutions i ON i.id = c.institution_id
  {STATUS_SINCE}
 WHERE c.number = $1
"""


async def certificate(number: str) -> Certificate:
    """Return the certificate of a number, for anyone who reads the plaque. Refuses: NotFound."""
    row = await fetch_one(_CERTIFICATE, number) if is_certificate_number(number) else None
    if row is None:
        raise NotFound
    return msgspec.convert(dict(row), Certificate)


async def set_indexes(found: StatusList) -> list[int]:
    """Return the indexes whose bit is set in a status list, as the register stands now. Refuses: NotFound.

    The register itself is the list: there is nothing beside it that could lag behind.
    """
    positions = found.positions
    rows = await fetch(
        "SELECT status_position FROM certifications WHERE status = ANY($1) AND status_position >= $2"
        " AND status_position < $3 ORDER BY status_position",
        list(SET_FOR[found.purpose]),
        positions.start,
        positions.stop,
    )
    if not rows and found.serial > 1 and not await _is_begun(found):
        raise NotFound
    return [row["status_position"] - positions.start for row in rows]


async def _is_begun(found: StatusList) -> bool:
    last = await fetch_one("SELECT max(status_position) AS position FROM certifications")
    return last is not None and last["position"] is not None and last["position"] >= found.positions.start
