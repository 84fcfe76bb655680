"""Every price of a search is that of the quote that follows, and nothing is found or left out that a quote would not."""

import os
from random import Random

import pytest

from marketplace.certifications.errors import StayBeyondCertificate
from marketplace.inventory.errors import NotAvailable
from marketplace.kit import db
from marketplace.kit.errors import Invalid
from marketplace.pricing import operations as pricing
from marketplace.search.rules import Window

from .conftest import NOW, day, random_question, window

SEARCHES = int(os.environ.get("RANDOM_SEARCHES", "250"))
REFUSED = (NotAvailable, StayBeyondCertificate, Invalid)


async def test_every_price_is_the_quotes_to_the_fen(random_town) -> None:
    """Whatever is asked and whichever page: exact and flexible, with every filter and order, with and without ceilings."""
    random, quoted, later = Random(7), 0, 0
    for _ in range(SEARCHES):
        asked = random_question(random_town, random)
        answer = await random_town.answer(asked, limit=3)
        if answer.next is not None and random.random() < 0.5:
            answer = await random_town.answer(asked, after=answer.next, limit=3)
            later += 1
        offers = [offer for match in answer.matches for offer in match.offers]
        if not offers:
            continue
        offer = random.choice(offers)
        quote = await pricing.quote_stay(
            principal=random_town.family,
            room_type_id=offer.room_type_id,
            check_in=offer.check_in,
            check_out=offer.check_out,
            guest_count=asked.party.guests,
            unit_count=offer.unit_count,
            now=NOW,
        )
        assert quote.total_amount == offer.total_amount
        assert sum(line.amount for line in quote.lines if line.code == "nights") == offer.nights_amount
        assert asked.price_max is None or offer.total_amount <= asked.price_max
        quoted += 1
    assert quoted > SEARCHES // 2
    assert later > SEARCHES // 20


async def test_exactly_what_could_be_quoted_is_found(random_town) -> None:
    random = Random(11)
    rows = await db.fetch("SELECT id, sold_by, guests_max FROM room_types ORDER BY id")
    found_any = refused_any = 0
    for _ in range(60):
        guests = random.randint(1, 3)
        nights = random.choice((1, 3, 14, 30))
        asked = window(first := random.randint(0, 330), first + nights)
        answer = await random_town.ask(asked, guests=guests)
        found = {offer.room_type_id for match in answer.matches for offer in match.offers}
        for row in rows:
            units = guests if row["sold_by"] == "bed" else -(-guests // row["guests_max"])
            can = await could_quote(random_town, row["id"], asked, guests, units)
            assert can == (row["id"] in found), (asked, row)
            found_any += can
            refused_any += not can
    assert found_any > 100
    assert refused_any > 100


async def could_quote(town, room_type_id, asked: Window, guests: int, units: int) -> bool:
    try:
        async with db.transaction():
            await pricing.quote_stay(
                principal=town.family,
                room_type_id=room_type_id,
                check_in=asked.first,
                check_out=asked.end,
                guest_count=guests,
                unit_count=units,
                now=NOW,
            )
    except REFUSED:
        return False
    return True


@pytest.mark.parametrize("price_max", [None, 300_000])
async def test_the_window_finds_the_best_of_all_its_dates(random_town, price_max) -> None:
    """Asking once for a window is asking for each of its dates and keeping the preferred."""
    random = Random(13)
    for _ in range(4):
        nights = random.choice((3, 14, 30))
        first = random.randint(0, 250)
        last = first + random.randint(5, 25)
        for prefer in ("earliest", "cheapest"):
            found = await random_town.ask(window(first, last + nights, nights, prefer), price_max=price_max)
            best: dict[object, tuple[int, int]] = {}
            for start in range(first, last + 1):
                for match in (await random_town.ask(window(start, start + nights), price_max=price_max)).matches:
                    for offer in match.offers:
                        key = (start, offer.total_amount) if prefer == "earliest" else (offer.total_amount, start)
                        best[offer.room_type_id] = min(best.get(offer.room_type_id, key), key)
            offers = [offer for match in found.matches for offer in match.offers]
            assert {
                offer.room_type_id: (
                    ((offer.check_in - day(0)).days, offer.total_amount)
                    if prefer == "earliest"
                    else (offer.total_amount, (offer.check_in - day(0)).days)
                )
                for offer in offers
            } == best
