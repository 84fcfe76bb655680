"""A certificate as its readers see it: its standing now, in words, colour and shape, and the credential that says so."""

from datetime import date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec

from marketplace.certifications.rules import GradeCap, Standing
from marketplace.certifications.states import STANDING, Status
from marketplace.credentials.rules.status_lists import StatusList, StatusPurpose, list_of
from marketplace.kit import clock
from marketplace.kit.ids import wire

CREDENTIALS_V2 = "https://www.w3.org/ns/credentials/v2"
# What the first context does not define are plain words of ours.
UNDEFINED_TERMS = "https://www.w3.org/ns/credentials/undefined-terms/v2"
CREDENTIAL_TYPE = "SojournCareCertificate"
# A status list is to be fetched anew after ``TTL``, and is worth nothing after ``LIST_VALIDITY``.
TTL = timedelta(minutes=5)
LIST_VALIDITY = timedelta(minutes=15)

Tone = Literal["good", "warning", "bad", "ended"]


class Certificate(Standing, frozen=True, kw_only=True):
    """A certification with what the public record says of its institution; ``reason`` is of its present status."""

    institution_id: UUID
    institution_name: str
    institution_name_en: str
    uscc: str | None
    address: str
    licensed_bed_count: int
    plaque_text: str
    assessment_id: UUID | None
    status_position: int
    status_since: datetime
    status_reason: str


class Sign(msgspec.Struct, frozen=True):
    """A standing in words of both languages, a tone and an icon of its own shape: colour never says it alone."""

    zh: str
    en: str
    tone: Tone
    icon: str


SIGNS = {
    Status.CERTIFIED: Sign("有效", "Valid", "good", "✓"),
    Status.UNDER_RECTIFICATION: Sign("有效，限期整改中", "Valid, under rectification", "warning", "!"),
    Status.SUSPENDED: Sign("已暂停", "Suspended", "bad", "‖"),
    Status.REVOCATION_NOTICED: Sign("已暂停，拟撤销", "Suspended, revocation noticed", "bad", "‖"),
    Status.REVOKED: Sign("已撤销", "Revoked", "bad", "✕"),
    Status.EXPIRED: Sign("已过期", "Expired", "ended", "○"),
    Status.WITHDRAWN: Sign("已退出", "Withdrawn", "ended", "○"),
}
NOT_YET = Sign("尚未生效", "Not yet valid", "warning", "…")


# Why a grade is lower than what was assessed, or not shown at all.
CAPS = {
    GradeCap.UNDER_RECTIFICATION: ("限期整改中", "under rectification"),
    GradeCap.SUSPENDED: ("已暂停", "suspended"),
    GradeCap.REVOCATION_NOTICED: ("拟撤销", "revocation noticed"),
    GradeCap.CONFIRMED_ABUSE: ("查实侵害老年人", "abuse of elders was confirmed"),
    GradeCap.STALE_DATA: ("评估已超过一年", "assessed more than a year ago"),
    GradeCap.ENDED: ("证书已终止", "the certificate has ended"),
}


def status_on(certificate: Standing, day: date) -> Status:
    """Return the status on a day: a certificate past its last day has expired, even before that is written down."""
    ended = certificate.status in STANDING and certificate.valid_until_on < day
    return Status.EXPIRED if ended else certificate.status


def sign_on(certificate: Standing, day: date) -> Sign:
    """Return how a certificate's standing is shown on a day."""
    status = status_on(certificate, day)
    return NOT_YET if status in STANDING and day < certificate.valid_from_on else SIGNS[status]


def address_of(number: str, *, public_url: str) -> str:
    """Return the address of a certificate's page: what its QR code says."""
    return f"{public_url}/v1/certificates/{number}"


def credential(certificate: Certificate, *, grade: int | None, issuer: str, public_url: str) -> dict[str, Any]:
    """Return a certificate as a Verifiable Credential 2.0; ``grade`` is the public one as of signing."""
    return {
        "@context": [CREDENTIALS_V2, UNDEFINED_TERMS],
        "id": f"{address_of(certificate.number, public_url=public_url)}/credential",
        "type": ["VerifiableCredential", CREDENTIAL_TYPE],
        "issuer": issuer,
        "name": "旅居养老机构认定证书",
        "validFrom": _instant(clock.local_midnight(certificate.valid_from_on)),
        "validUntil": _instant(last_instant(certificate.valid_until_on)),
        "credentialSubject": {
            "id": f"{public_url}/v1/register/{wire('ins', certificate.institution_id)}",
            "type": "SojournCareInstitution",
            "name": certificate.institution_name,
            "nameEn": certificate.institution_name_en,
            "creditCode": certificate.uscc,
            "address": certificate.address,
            "licensedBedCount": certificate.licensed_bed_count,
            "certificateNumber": certificate.number,
            "grade": grade,
            "assessedOn": certificate.assessed_on.isoformat(),
        },
        "credentialStatus": [
            _status_entry(certificate.status_position, purpose, public_url=public_url) for purpose in StatusPurpose
        ],
    }


def status_list_credential(
    found: StatusList, *, encoded: str, issuer: str, public_url: str, since: datetime
) -> dict[str, Any]:
    """Return a status list as a credential, valid from ``since`` for a short while."""
    address = f"{public_url}/v1/status-lists/{found.id}"
    return {
        "@context": [CREDENTIALS_V2],
        "id": address,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer,
        "validFrom": _instant(since),
        "validUntil": _instant(since + LIST_VALIDITY),
        "credentialSubject": {
            "id": f"{address}#list",
            "type": "BitstringStatusList",
            "statusPurpose": found.purpose.value,
            "encodedList": encoded,
            "ttl": int(TTL.total_seconds() * 1000),
        },
    }


def last_instant(day: date) -> datetime:
    """Return the last second of a day in Jilin."""
    return clock.local_midnight(day + timedelta(days=1)) - timedelta(seconds=1)


def _status_entry(position: int, purpose: StatusPurpose, *, public_url: str) -> dict[str, str]:
    found, index = list_of(position, purpose)
    address = f"{public_url}/v1/status-lists/{found.id}"
    return {
        "id": f"{address}#{index}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": purpose.value,
        "statusListIndex": str(index),
        "statusListCredential": address,
    }


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
