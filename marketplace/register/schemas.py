"""The public register on the wire. One flat record, the same in lists, in the feed, in NDJSON and in CSV."""

from datetime import date, datetime
from typing import Annotated, Literal, Self

import msgspec
from msgspec import Meta

from marketplace.certifications.rules import GradeCap, Policy, bookable, months_after, public_grade
from marketplace.certifications.states import Status
from marketplace.credentials.rules import status_on
from marketplace.identity.rules import Level
from marketplace.kit.ids import pattern, wire
from marketplace.kit.pages import encode_cursor
from marketplace.register.rules import BEGINNING, Change, Decided, Position, Record, stands

InstitutionId = Annotated[str, Meta(pattern=pattern("ins"), examples=["ins_0199a1c2d3e47f60a1b2c3d4e5f60719"])]
Grade = Annotated[int, Meta(ge=1, le=5, examples=[4])]


class RecordView(msgspec.Struct, frozen=True, kw_only=True):
    """An institution in the public register.

    ``grade`` rests on the visit of ``grade_as_of`` by ``grade_method``, is not to be shown after ``grade_until``, and
    ``grade_cap`` says why it is lower than what was assessed, or absent. The counts are of all
    rectifications and suspensions ever ordered. Positions are in the datum named beside them.
    """

    institution_id: InstitutionId
    name: Annotated[str, Meta(examples=["长白山云顶康养中心（示例）"])]
    name_en: str
    uscc: str | None
    address: str
    place_code: Annotated[str, Meta(examples=["erdaobaihe"])]
    place_name: Annotated[str, Meta(examples=["二道白河镇"])]
    division_code: str
    jurisdiction_code: str
    jurisdiction_name: Annotated[str, Meta(examples=["长白山保护开发区管理委员会"])]
    clusters: Annotated[list[str], Meta(examples=[["changbaishan"]])]
    latitude: Annotated[float, Meta(examples=[42.41])]
    longitude: Annotated[float, Meta(examples=[128.12])]
    datum: Annotated[str, Meta(examples=["wgs84"])]
    licensed_bed_count: int
    phone: Annotated[str | None, Meta(examples=["+864335710000"])]
    opened_on: date
    is_example: bool
    services: Annotated[list[str], Meta(examples=[["hot_spring", "tcm"]])]
    certificate_number: Annotated[str, Meta(examples=["JLLJ-2026-00001"])]
    status: Status
    bookable: bool
    status_since: datetime
    status_reason: Annotated[str, Meta(examples=["符合认定条件"])]
    grade: Grade | None
    grade_method: Annotated[str, Meta(examples=["jl-sojourn-2026.1"])]
    grade_cap: GradeCap | None
    grade_as_of: date
    grade_until: date
    assessment_due_on: date
    assessment_overdue: bool
    valid_from: date
    valid_until: date
    granted_at: datetime
    rectification_count: Annotated[int, Meta(examples=[0])]
    suspension_count: Annotated[int, Meta(examples=[0])]

    @classmethod
    def of(cls, found: Record, *, policy: Policy, today: date) -> Self:
        """Show a record as it is today."""
        status = status_on(found, today)
        shown = public_grade(msgspec.structs.replace(found, status=status), policy=policy, today=today)
        same = {name: getattr(found, name) for name in cls.__struct_fields__ if name in Record.__struct_fields__}
        own = {
            "institution_id": wire("ins", found.institution_id),
            "clusters": list(found.clusters),
            "services": list(found.services),
            "certificate_number": found.number,
            "status": status,
            "bookable": bookable(status, safety_defect=found.safety_defect),
            "grade": shown.grade,
            "grade_cap": shown.cap,
            "grade_as_of": shown.as_of,
            "grade_until": months_after(found.assessed_on, policy.grade_fresh_months),
            "valid_from": found.valid_from_on,
            "valid_until": found.valid_until_on,
        }
        return cls(**(same | own))


class DecidedView(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was decided about an institution: when, and when it was published.

    ``decided_level`` is null when a deadline did it. No person is named.
    """

    certificate_number: Annotated[str, Meta(examples=["JLLJ-2026-00001"])]
    event: Annotated[str, Meta(examples=["suspend"])]
    status: Status
    grade: Grade | None
    reason: str
    decided_level: Level | None
    decided_at: datetime
    published_at: datetime

    @classmethod
    def of(cls, found: Decided) -> Self:
        """Show an entry."""
        facts = {name: getattr(found, name) for name in cls.__struct_fields__ if name != "certificate_number"}
        return cls(certificate_number=found.number, **facts)


class RegisterChangeView(msgspec.Struct, frozen=True, kw_only=True):
    """One change: a ``record`` to keep in place of the one before, or a ``tombstone``: drop the institution.

    An institution leaves the register when its certificate ends; ``decided`` says how, and its record stays readable.
    """

    type: Annotated[Literal["record", "tombstone"], Meta(examples=["record"])]
    institution_id: InstitutionId
    published_at: datetime
    decided: list[DecidedView]
    record: RecordView | None

    @classmethod
    def of(cls, found: Change, *, policy: Policy, today: date) -> Self:
        """Show a change with the record as it is today."""
        standing = stands(found.record, today)
        return cls(
            type="record" if standing else "tombstone",
            institution_id=wire("ins", found.record.institution_id),
            published_at=found.published_at,
            decided=[DecidedView.of(one) for one in found.decided],
            record=RecordView.of(found.record, policy=policy, today=today) if standing else None,
        )


class ChangesPage(msgspec.Struct, frozen=True):
    """A stretch of the feed. Keep ``next_cursor``, which is never null, and ask for what comes ``after`` it."""

    items: list[RegisterChangeView]
    next_cursor: str
    has_more: bool

    @classmethod
    def of(cls, changes: list[Change], *, after: Position | None, limit: int, policy: Policy, today: date) -> Self:
        """Show what was read, of which one more than ``limit`` means that there is more."""
        shown = changes[:limit]
        position = shown[-1].position if shown else after or BEGINNING
        return cls(
            items=[RegisterChangeView.of(change, policy=policy, today=today) for change in shown],
            next_cursor=encode_cursor(position),
            has_more=len(changes) > limit,
        )
