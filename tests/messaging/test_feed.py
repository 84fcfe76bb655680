"""The partner feed: commit order, nothing missed, nothing of another partner's, never an error for nothing."""

from contextlib import suppress
from datetime import date
from uuid import UUID

import msgspec
import pytest

from marketplace.bookings.events import BookingCancelled, BookingConfirmed
from marketplace.certifications.events import AssessmentOrdered, CertificationSuspended
from marketplace.identity import operations as identity
from marketplace.identity import queries as identities
from marketplace.identity.rules import RELAXED_CODES, Kind
from marketplace.kit import clock, db
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import transaction
from marketplace.kit.ids import new_id, wire
from marketplace.kit.outbox import publish
from marketplace.kit.pages import encode_cursor
from marketplace.messaging.queries import BEGINNING

INSTITUTION = new_id()
# Fixed, so that every process of a run collects the same tests.
SOME_ID = UUID("00000000-0000-7000-8000-000000000001")


class Reader:
    """A partner that reads the feed."""

    def __init__(self, client, partner_id: UUID, token: str) -> None:
        self.client = client
        self.partner_id = partner_id
        self.headers = {"Authorization": f"Bearer {token}"}

    async def read(self, **query: object):
        answer = await self.client.get("/v1/events", headers=self.headers, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def types(self, **query: object) -> list[str]:
        return [event["type"] for event in (await self.read(**query))["items"]]


@pytest.fixture
async def partner(committed, client) -> Reader:
    return await register(client)


async def register(client) -> Reader:
    now = clock.now()
    partner_id = await identity.register_partner(actor=SYSTEM, name="平台", secret=f"{'s' * 24}{new_id()}", now=now)
    async with transaction():
        session = await identity.open_session(kind=Kind.PARTNER, holder_id=partner_id, now=now)
    return Reader(client, partner_id, session.token)


def confirmed(partner_id: UUID | None, booking_id: UUID | None = None) -> BookingConfirmed:
    return BookingConfirmed(
        booking_id=booking_id or new_id(),
        institution_id=INSTITUTION,
        partner_id=partner_id,
        check_in=date(2026, 7, 1),
        check_out=date(2026, 7, 31),
    )


async def commit(*events) -> None:
    async with transaction():
        for event in events:
            await publish(event, now=clock.now())


async def test_an_empty_feed_is_an_answer_and_its_cursor_can_be_used(partner):
    first = await partner.read()
    assert first == {"items": [], "next_cursor": encode_cursor(BEGINNING), "has_more": False}
    assert await partner.read(after=first["next_cursor"]) == first


async def test_ids_are_prefixed_and_money_is_money(partner):
    booking_id = new_id()
    await commit(
        confirmed(partner.partner_id, booking_id),
        BookingCancelled(
            booking_id=booking_id,
            institution_id=INSTITUTION,
            partner_id=partner.partner_id,
            reason="cancellation",
            refund_amount=428_000,
        ),
    )
    first, second = (await partner.read())["items"]
    assert first["id"].startswith("evt_")
    assert first["type"] == "booking.confirmed"
    assert first["data"] == {
        "booking_id": wire("bkg", booking_id),
        "institution_id": wire("ins", INSTITUTION),
        "check_in": "2026-07-01",
        "check_out": "2026-07-31",
    }
    assert second["data"]["refund_amount"] == {"amount": 428_000, "currency": "CNY"}


async def test_a_partner_sees_its_own_and_the_public_but_nobody_elses(partner, client):
    other = await register(client)
    await commit(
        confirmed(partner.partner_id),
        confirmed(other.partner_id),
        confirmed(None),
        CertificationSuspended(certification_id=new_id(), institution_id=INSTITUTION),
        AssessmentOrdered(assessment_id=new_id(), institution_id=INSTITUTION),
    )
    assert await partner.types() == ["booking.confirmed", "certification.suspended"]
    assert await other.types() == ["booking.confirmed", "certification.suspended"]
    own = (await partner.read())["items"][0]
    assert own["id"] not in {event["id"] for event in (await other.read())["items"]}


async def test_types_narrow_the_feed_and_an_unknown_one_is_named(partner, client):
    await commit(
        confirmed(partner.partner_id), CertificationSuspended(certification_id=new_id(), institution_id=INSTITUTION)
    )
    assert await partner.types(types="certification.suspended") == ["certification.suspended"]
    assert await partner.types(types="refund.succeeded") == []
    assert len(await partner.types(types="certification.suspended, booking.confirmed")) == 2
    answer = await client.get("/v1/events", headers=partner.headers, params={"types": "booking.confirmd"})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"detail": "没有事件类型 booking.confirmd", "parameter": "types"}]


async def test_pages_join_without_gap_or_repetition(partner):
    ids = [new_id() for _ in range(7)]
    await commit(*(confirmed(partner.partner_id, booking_id) for booking_id in ids[:5]))
    await commit(*(confirmed(partner.partner_id, booking_id) for booking_id in ids[5:]))
    seen, cursor, lengths = [], None, []
    while True:
        page = await partner.read(limit=3, **({"after": cursor} if cursor else {}))
        seen += [event["data"]["booking_id"] for event in page["items"]]
        lengths.append(len(page["items"]))
        cursor = page["next_cursor"]
        if not page["has_more"]:
            break
    assert seen == [wire("bkg", booking_id) for booking_id in ids]
    assert lengths == [3, 3, 1]
    assert await partner.types(after=cursor) == []


async def test_an_event_waits_for_older_transactions_that_may_still_put_one_before_it(partner):
    early, late = new_id(), new_id()
    async with db.connection_of_its_own() as connection:
        older = connection.transaction()
        await older.start()
        await connection.execute("SELECT pg_current_xact_id()")
        await commit(confirmed(partner.partner_id, late))
        waiting = await partner.read()
        assert waiting["items"] == []
        await connection.execute(
            "INSERT INTO outbox (id, kind, payload, audience, partner_id, is_event, published_at, due_at) VALUES ($1,"
            " 'booking.confirmed', $2::jsonb, 'partner', $3, true, now(), now())",
            new_id(),
            msgspec.json.encode(confirmed(partner.partner_id, early)).decode(),
            partner.partner_id,
        )
        await older.commit()
    found = (await partner.read(after=waiting["next_cursor"]))["items"]
    assert [event["data"]["booking_id"] for event in found] == [wire("bkg", early), wire("bkg", late)]


async def test_an_event_that_is_rolled_back_never_happened(partner):
    with suppress(LookupError):
        async with transaction():
            await publish(confirmed(partner.partner_id), now=clock.now())
            raise LookupError
    await commit(confirmed(partner.partner_id))
    assert await partner.types() == ["booking.confirmed"]


@pytest.mark.parametrize(
    "after", ["nonsense", encode_cursor("x"), encode_cursor((-1, SOME_ID)), encode_cursor((2**64, SOME_ID))]
)
async def test_a_cursor_that_is_not_ours_is_refused(partner, client, after):
    answer = await client.get("/v1/events", headers=partner.headers, params={"after": after})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")


async def test_the_feed_is_for_partners(committed, client):
    assert (await client.get("/v1/events")).status_code == 401
    requested = await identity.request_code(phone="13800138000", policy=RELAXED_CODES, now=clock.now())
    waiting = await identities.session_code(request_id=requested.request_id)
    session = await identity.sign_in_with_code(request_id=requested.request_id, code=waiting.code, now=clock.now())
    answer = await client.get("/v1/events", headers={"Authorization": f"Bearer {session.token}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
