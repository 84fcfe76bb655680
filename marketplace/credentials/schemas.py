"""Certificates on the wire."""

from datetime import date, datetime
from typing import Annotated, Self

import msgspec
from msgspec import Meta

from marketplace.certifications.rules import GradeCap, Policy, bookable, public_grade
from marketplace.certifications.schemas import PlaqueText
from marketplace.certifications.states import Status
from marketplace.credentials.rules import Certificate, sign_on, status_on
from marketplace.kit import clock
from marketplace.kit.ids import pattern, wire

Grade = Annotated[int, Meta(ge=1, le=5, examples=[4])]


class CertificateView(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate as anyone may check it: its standing now, not when it was printed.

    ``standing`` is the status in words; ``assessment`` explains every point of the grade; ``credential`` is where the signed certificate is.
    """

    number: Annotated[str, Meta(examples=["JLLJ-2026-00001"])]
    plaque_text: PlaqueText
    status: Status
    standing: Annotated[str, Meta(examples=["有效"])]
    standing_en: Annotated[str, Meta(examples=["Valid"])]
    status_since: datetime
    status_reason: Annotated[str, Meta(examples=["符合认定条件"])]
    bookable: bool
    grade: Grade | None
    grade_method: Annotated[str, Meta(examples=["jl-sojourn-2026.1"])]
    grade_cap: GradeCap | None
    valid_from: date
    valid_until: date
    assessed_on: date
    assessment: Annotated[
        str | None,
        Meta(
            examples=["/v1/assessments/asm_0199a1c2d3e47f60a1b2c3d4e5f6071b"],
            description="Where every point of the grade is explained.",
        ),
    ]
    assessment_overdue: bool
    institution_id: Annotated[str, Meta(pattern=pattern("ins"), examples=["ins_0199a1c2d3e47f60a1b2c3d4e5f60719"])]
    institution_name: Annotated[str, Meta(examples=["长白山云顶康养中心（示例）"])]
    institution_name_en: str
    uscc: str | None
    address: str
    licensed_bed_count: int
    credential: Annotated[str, Meta(examples=["/v1/certificates/JLLJ-2026-00001/credential"])]

    @classmethod
    def of(cls, found: Certificate, *, policy: Policy, now: datetime) -> Self:
        """Show a certificate to the public."""
        today = clock.local_date(now)
        status, shown = status_on(found, today), sign_on(found, today)
        public = public_grade(msgspec.structs.replace(found, status=status), policy=policy, today=today)
        return cls(
            number=found.number,
            plaque_text=found.plaque_text,
            status=status,
            standing=shown.zh,
            standing_en=shown.en,
            status_since=found.status_since,
            status_reason=found.status_reason,
            bookable=bookable(status, safety_defect=found.safety_defect),
            grade=public.grade,
            grade_method=public.method,
            grade_cap=public.cap,
            valid_from=found.valid_from_on,
            valid_until=found.valid_until_on,
            assessed_on=found.assessed_on,
            assessment=f"/v1/assessments/{wire('asm', found.assessment_id)}" if found.assessment_id else None,
            assessment_overdue=found.assessment_overdue,
            institution_id=wire("ins", found.institution_id),
            institution_name=found.institution_name,
            institution_name_en=found.institution_name_en,
            uscc=found.uscc,
            address=found.address,
            licensed_bed_count=found.licensed_bed_count,
            credential=f"/v1/certificates/{found.number}/credential",
        )
