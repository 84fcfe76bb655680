"""What the database ranks and counts is what the rules would, tried on every institution; its prices are those of quotes."""

from datetime import timedelta
from itertools import product
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.kit import db
from marketplace.kit.money import share
from marketplace.pricing import queries as pricing
from marketplace.pricing.rules import Discount, EarlyBooking, Party, RatePlan, Supplements, single_use_count, stay_total
from marketplace.search.queries import candidates
from marketplace.search.rules import Asked, Prices, choose, count_facets, in_order, weather_of

from .conftest import NOW, TODAY, Town, random_question


async def try_all(town: Town, asked: Asked) -> list:
    """Choose dates for every institution by the rules alone and put all of them in order."""
    rooms = await candidates.rooms(window=asked.window, filters=asked.filters, party=asked.party, now=NOW)
    plans = await pricing.plans({room.facts.institution_id for room in rooms}, now=NOW)
    weather = weather_of(asked.window, town.places, origin=asked.origin, relief_min=asked.relief_min)
    prices = Prices(guests=asked.party.guests, asked_on=TODAY, plans=plans)
    return in_order(choose(rooms, asked=asked, weather=weather, prices=prices), asked.sort)


async def test_a_page_is_a_page_of_trying_everything(random_town) -> None:
    random, seen, paged = Random(17), 0, 0
    for _ in range(100):
        asked = random_question(random_town, random)
        expected = await try_all(random_town, asked)
        matches, after = [], None
        while True:
            answer = await random_town.answer(asked, after=after, limit=2)
            assert answer.total_count == len(expected), asked
            facets = count_facets(expected, random_town.places)
            assert (answer.facets.clusters, answer.facets.services, answer.facets.grades) == (
                facets.clusters, facets.services, facets.grades,
            )  # fmt: skip
            matches += answer.matches
            if (after := answer.next) is None:
                break
            paged += 1
        assert matches == expected, asked
        seen += len(matches)
    assert seen > 100
    assert paged > 20


@given(
    st.integers(1, 10**10), st.integers(1, 180), st.integers(1, 8), st.integers(1, 8), st.integers(0, 400),
    st.integers(0, 9_000), st.lists(st.tuples(st.integers(2, 180), st.integers(1, 9_000)), max_size=3),
    st.lists(st.tuples(st.integers(1, 400), st.integers(1, 9_000)), max_size=3), st.sampled_from((0, 250)),
)  # fmt: skip
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_databases_total_is_the_rules(
    town, amount, nights, guests, units, ahead, single, long, early, fee
) -> None:
    singles = single_use_count(guests, unit_count=units, guests_max=2)
    plan = RatePlan(
        supplements=Supplements(single_use_bps=single),
        length_of_stay=tuple(Discount(nights_min=least, discount_bps=bps) for least, bps in dict(long).items()),
        early_booking=tuple(EarlyBooking(days_ahead_min=least, discount_bps=bps) for least, bps in dict(early).items()),
        service_fee_bps=fee,
    )
    expected = stay_total(
        amount, night_count=nights, check_in=TODAY + timedelta(days=ahead), plan=plan, asked_on=TODAY,
        party=Party(guest_count=guests, unit_count=units, single_use_count=singles),
    )  # fmt: skip
    found = await db.fetch_value(
        "SELECT stay_total($1, $2, $3, $4, $5, $6, $7)", amount, units, singles, single,
        max(((least, bps) for least, bps in dict(long).items() if least <= nights), default=(0, 0))[1],
        max(((least, bps) for least, bps in dict(early).items() if least <= ahead), default=(0, 0))[1],
        fee,
    )  # fmt: skip
    assert found == expected


async def test_the_databases_share_rounds_as_ours() -> None:
    for amount, bps in product((0, 1, 49, 50, 51, 9_999_999_999), (0, 1, 99, 100, 3_333, 5_000, 9_000)):
        assert await db.fetch_value("SELECT share_of($1, $2)", amount, bps) == share(amount, bps), (amount, bps)
