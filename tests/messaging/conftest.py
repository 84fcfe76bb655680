from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from uuid import UUID

import msgspec
import pytest

from marketplace.bookings.rules import Contact
from marketplace.kit.crypto import vault
from marketplace.kit.db import execute, fetch, transaction
from marketplace.kit.ids import new_id
from marketplace.messaging import queries
from marketplace.messaging.queries import StoredMessage

NOW = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)
INSTITUTION = "长白山二道白河旅居养老中心（示例）"
PHONE = "+8613800138000"


async def plant(sql: str, *args: object) -> None:
    """Write a row without what it refers to: these tests look at messages, not at the world behind them."""
    async with transaction():
        await execute("SET LOCAL session_replication_role = replica")
        await execute(sql, *args)
        await execute("SET LOCAL session_replication_role = DEFAULT")


@pytest.fixture
async def institution_id() -> UUID:
    institution_id = new_id()
    await plant(
        "INSERT INTO institutions (id, name, name_en, place_code, jurisdiction_code, address, latitude, longitude,"
        " datum, licensed_bed_count, phone, opened_on, is_example, registered_at) VALUES ($1, $2, 'Baihe',"
        " 'erdaobaihe', 'changbaishan', '白山大街 1 号', 42.4, 128.1, 'wgs84', 10, '+864335700001', '2018-05-01', true, $3)",
        institution_id,
        INSTITUTION,
        NOW,
    )
    return institution_id


@pytest.fixture
def book(institution_id) -> Callable[..., Awaitable[UUID]]:
    """Write a booking in the state that a test needs, whatever way leads there."""

    async def write(
        *,
        check_in: date,
        status: str = "confirmed",
        confirmed_at: datetime | None = NOW,
        phone: str = PHONE,
        departure_id: UUID | None = None,
        decision_id: UUID | None = None,
        schedule: list[dict[str, object]] | None = None,
        paid_amount: int = 600_000,
    ) -> UUID:
        booking_id = new_id()
        contact = Contact(name="李娜", phone=phone)
        await plant(
            "INSERT INTO bookings (id, kind, status, owner_kind, owner_id, quote_id, institution_id, room_type_id,"
            " departure_id, check_in, check_out, guest_count, unit_count, total_amount, paid_amount, currency,"
            " first_paid_at, schedule, cancellation_policy, contact, guests, hold_expires_at, ended_at, decision_id,"
            " placed_at) VALUES ($1, $2, $3, 'family', $4, $5, $6, $7, $8, $9, $9::date + 30, 2, 1, 600000, $10, 'CNY',"
            " $11, $12, '{}', $13, $14, $15, $16, $17, $18)",
            booking_id,
            "tour" if departure_id else "stay",
            status,
            new_id(),
            new_id(),
            institution_id,
            None if departure_id else new_id(),
            departure_id,
            check_in,
            paid_amount,
            confirmed_at,
            msgspec.json.encode(schedule or []).decode(),
            vault().seal(contact, table="bookings", column="contact", row=booking_id),
            vault().seal([], table="bookings", column="guests", row=booking_id),
            NOW if status == "on_hold" else None,
            NOW if status in ("cancelled", "expired", "completed") else None,
            decision_id,
            NOW,
        )
        return booking_id

    return write


async def _written() -> list[StoredMessage]:
    return [queries.opened(row) for row in await fetch("SELECT * FROM messages ORDER BY id")]


@pytest.fixture
def written() -> Callable[[], Awaitable[list[StoredMessage]]]:
    """Every message written, the oldest first, whether or not it has been sent."""
    return _written


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
async def jurisdictions() -> None:
    await execute(
        "INSERT INTO jurisdictions (code, name_zh, name_en, level, parent_code) VALUES"
        " ('220000', '吉林省', 'Jilin', 'province', NULL),"
        " ('changbaishan', '长白山管委会', 'Changbaishan', 'prefecture', '220000'),"
        " ('222400', '延边州', 'Yanbian', 'prefecture', '220000')"
    )


@pytest.fixture
async def assessment_id(institution_id) -> UUID:
    """An order to assess the institution by the last of July."""
    certification_id, assessment_id = new_id(), new_id()
    await execute(
        "INSERT INTO certifications (id, institution_id, number, status, grade, valid_from_on, valid_until_on,"
        " assessed_on, assessment_due_on, assessment_overdue, safety_defect, is_current, version, granted_at)"
        " VALUES ($1, $2, '吉旅居养老-2026-0001', 'certified', 3, '2026-01-01', '2028-12-31', '2026-01-01',"
        " '2026-07-31', false, false, true, 1, $3)",
        certification_id,
        institution_id,
        NOW,
    )
    await execute(
        "INSERT INTO assessment_orders (id, certification_id, institution_id, status, due_on, ordered_at)"
        " VALUES ($1, $2, $4, 'ordered', '2026-07-31', $3)",
        assessment_id,
        certification_id,
        NOW,
        institution_id,
    )
    return assessment_id
