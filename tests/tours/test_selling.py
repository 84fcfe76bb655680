"""Seats are quoted and booked in the same grammar as stays."""

import msgspec
import pytest

from marketplace.bookings import operations as bookings
from marketplace.identity import operations as identity
from marketplace.identity.rules import Kind
from marketplace.kit.db import fetch_value, transaction
from marketplace.kit.ids import parse, wire
from marketplace.tours import operations


@pytest.fixture
async def headers(world):
    family_id = await identity.register_family(phone="13800138000", now=world.now)
    async with transaction():
        opened = await identity.open_session(kind=Kind.FAMILY, holder_id=family_id, now=world.now)
    return {"Authorization": f"Bearer {opened.token}"}


async def quote(client, headers, departure_id, travellers=2, **more):
    body = {"departure_id": wire("dep", departure_id), "travellers": [more.get("traveller", {})] * travellers}
    return await client.post("/v1/quotes", json=body, headers=headers)


async def book(client, headers, quote_id, *, key, guests=2):
    body = {
        "quote_id": quote_id,
        "guests": [{"name": "王秀英"}] * guests,
        "contact": {"name": "李明", "phone": "13800138000"},
    }
    return await client.post("/v1/bookings", json=body, headers=headers | {"Idempotency-Key": key})


async def test_a_party_is_quoted_and_booked_and_holds_its_places(client, trip, headers):
    world, departure_id = trip

    offer = await quote(client, headers, departure_id)
    assert (offer.status_code, offer.json()["total"]["amount"]) == (201, 916_000)
    placed = await book(client, headers, offer.json()["id"], key="one")

    assert placed.status_code == 201, placed.text
    booking = placed.json()
    assert (booking["kind"], booking["status"], booking["departure_id"]) == (
        "tour",
        "on_hold",
        wire("dep", departure_id),
    )
    assert parse("ins", booking["institution_id"]) in world.houses
    assert (await world.read(departure_id)).traveller_count == 2
    assert await fetch_value("SELECT expires_at FROM departure_seats") is not None


async def test_the_price_does_not_depend_on_age(client, trip, headers):
    """R11: 旅游纠纷规定 20 forbids a surcharge for age."""
    _, departure_id = trip

    offers = [
        (await quote(client, headers, departure_id, traveller=traveller)).json()
        for traveller in ({}, {"birth_year": 1940}, {"birth_year": 2010})
    ]

    assert len({msgspec.json.encode(offer["lines"]) for offer in offers}) == 1


async def test_a_full_departure_refuses_and_names_what_is_left(client, trip, headers):
    world, departure_id = trip
    offer = (await quote(client, headers, departure_id, travellers=3)).json()
    for _ in range(2):
        await world.seat(departure_id, 3)

    refused = await book(client, headers, offer["id"], key="late", guests=3)

    assert (refused.status_code, refused.json()["code"], refused.json()["places_left"]) == (409, "departure_full", 0)
    assert await fetch_value("SELECT count(*) FROM bookings") == 0


async def test_a_group_that_does_not_form_cancels_its_bookings(client, trip, headers):
    world, departure_id = trip
    offer = (await quote(client, headers, departure_id)).json()
    booking = (await book(client, headers, offer["id"], key="one")).json()
    decision = (await world.read(departure_id)).decide_at

    assert await operations.decide_formation(departure_id=departure_id, now=decision) == "not_formed"
    for _ in range(2):
        await bookings.cancel_departure(departure_id=departure_id, now=decision)

    shown = (await client.get(f"/v1/bookings/{booking['id']}", headers=headers)).json()
    assert (shown["status"], shown["ending_reason"]) == ("cancelled", "not_formed")
    assert (await world.read(departure_id)).traveller_count == 0
    closed = await quote(client, headers, departure_id)
    assert (closed.status_code, closed.json()["code"]) == (409, "departure_closed")
    assert closed.json()["departure_status"] == "not_formed"
