"""The pure rules of search against plain restatements of what they mean."""

from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kit.errors import Invalid
from marketplace.places.rules import ClimateMonth, Cluster, Place, Position
from marketplace.pricing.rules import EarlyBooking, RatePlan, stay_total
from marketplace.pricing.rules import Party as PricedParty
from marketplace.search.rules import (
    ORIGINS,
    Costs,
    Facts,
    Match,
    Offer,
    Party,
    Seasons,
    Window,
    Wish,
    check_ins,
    in_order,
    number,
    preferred,
    read_window,
    recommend,
    relief_of,
    score_of,
    shift_of,
    side_near,
    side_of,
    weather_of,
    widened,
)

TODAY = date(2027, 3, 1)
JULY = date(2027, 7, 1)


class Said(NamedTuple):
    """What is said of a night: its price, and which stays may begin or end on it."""

    price: int
    shortest: int = 1
    longest: int = 180
    lead: int = 0
    no_arrival: bool = False
    no_departure: bool = False


Calendar = tuple[dict[int, Said], set[int], int, int, int]


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """Nights on sale, those that are not free, and a window with a length of stay."""
    nights, day = {}, 0
    for _ in range(draw(st.integers(1, 6))):
        day += draw(st.sampled_from((0, 0, 0, 1, 3)))
        said = Said(
            price=draw(st.integers(1, 5)),
            shortest=draw(st.sampled_from((1, 1, 2, 4))),
            longest=draw(st.sampled_from((180, 180, 6, 4))),
            lead=draw(st.sampled_from((0, 0, 0, 9))),
            no_arrival=draw(st.sampled_from((False, False, False, True))),
            no_departure=draw(st.sampled_from((False, False, False, True))),
        )
        for _ in range(draw(st.integers(1, 8))):
            nights[day] = said
            day += 1
    first = draw(st.integers(0, day))
    end = draw(st.integers(first + 1, day + 3))
    taken = draw(st.sets(st.integers(0, day), max_size=4)) | set(range(end + 1)) - set(nights)
    return nights, taken, first, end, draw(st.integers(1, end - first))


def may_stay(calendar: Calendar, arrival: int, *, today: int) -> bool:
    """Say by the letter whether a stay may begin on a day."""
    nights, taken, _, _, length = calendar
    stay = range(arrival, arrival + length)
    if any(night not in nights or night in taken for night in stay):
        return False
    said, departure = nights[arrival], nights.get(arrival + length)
    return (
        said.shortest <= length <= said.longest
        and arrival - today >= said.lead
        and not said.no_arrival
        and not (departure and departure.no_departure)
    )


def seasons_of(nights: dict[int, Said]) -> Seasons:
    runs: list[tuple[int, int, Said]] = []
    for day in sorted(nights):
        if runs and runs[-1][1] == day and runs[-1][2] == nights[day]:
            runs[-1] = (runs[-1][0], day + 1, nights[day])
        else:
            runs.append((day, day + 1, nights[day]))
    columns = zip(*((first, end, *said) for first, end, said in runs), strict=True)
    return Seasons(*(list(column) for column in columns))


def stretches(taken: set[int], first: int, end: int) -> list[tuple[int, int]]:
    free, begun = [], None
    for day in range(first, end + 1):
        if day < end and day not in taken:
            begun = day if begun is None else begun
        elif begun is not None:
            free.append((begun, day))
            begun = None
    return free


@given(calendars(), st.sampled_from(("earliest", "cheapest", "coolest", "nearest")), st.booleans(), st.data())
def test_the_preferred_check_in_is_that_of_trying_every_day(calendar, prefer, limited, data) -> None:
    nights, taken, first, end, length = calendar
    count, today = end - first, data.draw(st.integers(-9, first))
    means = data.draw(st.lists(st.integers(0, 4), min_size=count, max_size=count))
    limits = data.draw(st.lists(st.integers(0, 4), min_size=count, max_size=count)) if limited else None
    near = data.draw(st.integers(first, end))
    toward = range(near, near + data.draw(st.integers(1, 3)))

    def possible(day: int) -> bool:
        return may_stay(calendar, day, today=today) and (limits is None or means[day - first] <= limits[day - first])

    def cost(day: int) -> int:
        amount = sum(nights[night].price for night in range(day, day + length))
        miss = max(toward.start - day, day - toward[-1], 0)
        return {"earliest": day, "cheapest": amount, "coolest": means[day - first], "nearest": miss}[prefer]

    days = [day for day in range(first, end - length + 1) if possible(day)]
    best = min(days, key=lambda day: (cost(day), day), default=None)
    seasons = seasons_of(nights)
    wish = Wish(prefer=prefer, first=first, means=means, limits=limits, toward=toward)
    days_found = check_ins(seasons, stretches(taken, first, end), nights=length, today=today)
    found = preferred(seasons, days_found, nights=length, wish=wish)

    if best is None:
        assert found is None
    else:
        assert found == (best, sum(nights[night].price for night in range(best, best + length)))


@given(
    calendars(),
    st.lists(st.tuples(st.integers(1, 40), st.integers(1, 9_000)), max_size=3),
    st.none() | st.integers(0, 60),
)
def test_the_cheapest_check_in_is_that_of_trying_every_day_at_the_price_of_a_quote(calendar, early, ceiling) -> None:
    nights, taken, first, end, length = calendar
    plan = RatePlan(early_booking=tuple(EarlyBooking(days_ahead_min=days, discount_bps=bps) for days, bps in early))

    def cost(day: int, amount: int) -> int:
        return stay_total(
            amount, night_count=length, check_in=TODAY + timedelta(day), party=PricedParty(guest_count=1), plan=plan,
            asked_on=TODAY,
        )  # fmt: skip

    def amount(day: int) -> int:
        return sum(nights[night].price for night in range(day, day + length))

    days = [
        day
        for day in range(first, end - length + 1)
        if may_stay(calendar, day, today=0) and (ceiling is None or cost(day, amount(day)) <= ceiling)
    ]
    best = min(days, key=lambda day: (cost(day, amount(day)), amount(day), day), default=None)
    seasons = seasons_of(nights)
    found = preferred(
        seasons,
        check_ins(seasons, stretches(taken, first, end), nights=length, today=0),
        nights=length,
        wish=Wish(prefer="cheapest"),
        costs=Costs(of=cost, turns=[days for days, _ in early], ceiling=ceiling),
    )

    assert found == (None if best is None else (best, amount(best)))


@given(
    st.none() | st.integers(1, 5), st.booleans(), st.none() | st.integers(0, 2), st.none() | st.integers(0, 10**6),
    st.none() | st.integers(-3_000, 4_000),
)  # fmt: skip
def test_a_score_is_the_sum_of_its_reasons(grade, restricted, text_rank, distance_m, relief) -> None:
    facts = {
        "grade": grade, "restricted": restricted, "text_rank": text_rank, "distance_m": distance_m, "relief": relief,
    }  # fmt: skip
    reasons = recommend(**facts)

    assert score_of(**facts) == sum(reason.points for reason in reasons)
    assert len({reason.code for reason in reasons}) == len(reasons)
    assert -15 <= score_of(**facts) <= 60 + 20 + 20 + 20


@given(st.dates(TODAY, TODAY + timedelta(days=300)), st.integers(1, 60), st.integers(0, 40), st.dates(TODAY))
def test_a_shift_is_the_distance_to_the_window(first, nights, slack, check_in) -> None:
    asked = Window(first=first, end=first + timedelta(days=nights + slack), nights=nights)
    inside = [asked.day(offset) for offset in range(slack + 1)]

    assert abs(shift_of(check_in, asked)) == min(abs((check_in - day).days) for day in inside)


@given(st.integers(0, 399), st.integers(1, 180), st.integers(0, 200))
def test_a_wider_window_stays_on_sale_and_holds_what_was_asked(first, nights, slack) -> None:
    end = min(400, first + nights + slack)
    if end - first < nights:
        return
    asked = Window(first=TODAY + timedelta(first), end=TODAY + timedelta(end), nights=nights)
    wide = widened(asked, today=TODAY)

    assert wide.nights == nights
    assert TODAY <= wide.first <= asked.first
    assert asked.end <= wide.end <= TODAY + timedelta(days=400)
    assert (asked.first - wide.first).days <= 30
    assert (wide.end - asked.end).days <= 30


@pytest.mark.parametrize(
    ("guests", "rooms", "sold_by", "guests_max", "units"),
    [
        (1, None, "room", 2, 1),
        (3, None, "room", 2, 2),
        (2, 2, "room", 2, 2),
        (3, None, "bed", 1, 3),
        (3, 2, "bed", 1, 3),
    ],
)
def test_how_many_units_a_party_takes(guests, rooms, sold_by, guests_max, units) -> None:
    assert Party(guests=guests, rooms=rooms).units(sold_by=sold_by, guests_max=guests_max) == units


def test_exact_dates_are_a_window_with_one_stay() -> None:
    found = read_window(
        check_in=JULY, check_out=JULY + timedelta(days=30), first=None, end=None, nights=None, prefer=None, today=TODAY
    )

    assert found == Window(first=JULY, end=date(2027, 7, 31), nights=30)
    assert found.exact
    assert not Window(first=JULY, end=date(2027, 8, 1), nights=30).exact


def test_a_window_that_says_nothing_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        read_window(check_in=None, check_out=None, first=None, end=None, nights=None, prefer=None, today=TODAY)
    assert [field.pointer for field in refused.value.fields] == ["?check_in"]


def place(code: str, *, hub: str | None = None, at: tuple[float, float] = (42.4, 128.1), means: str = "") -> Place:
    return Place(
        code=code,
        name_zh=code,
        name_en=code,
        division_code="220000",
        jurisdiction_code="220000",
        position=Position(*at, "wgs84"),
        accuracy_m=500,
        hub=hub,
        hub_en=hub,
        clusters=(Cluster(code="changbaishan", name_zh="长白山", name_en="Changbai", kind="silver_health"),),
        climate=tuple(
            ClimateMonth(month=month, mean_c=float(mean), confidence="medium", source="test")
            for month, mean in enumerate(means.split(), start=1)
        ),
    )


YEAR = "-16.6 -11.6 -3.5 5.9 13.2 18.0 20.1 18.8 13.3 5.0 -5.2 -13.9"


def test_relief_is_weighted_by_nights() -> None:
    found = relief_of(place("north", means=YEAR), ORIGINS["wuhan"], check_in=JULY, nights=31)
    assert (found.relief, found.place_mean, found.origin_mean) == (970, 2010, 2980)
    assert found.confidence == "medium"

    # Ten nights of July and twenty of August: (10 × 9.7 + 20 × 10.0) / 30.
    across = relief_of(place("north", means=YEAR), ORIGINS["wuhan"], check_in=date(2027, 7, 22), nights=30)
    assert across.relief == 990


def test_what_stands_in_for_a_city_is_trusted_less() -> None:
    assert relief_of(place("north", means=YEAR), ORIGINS["sanya"], check_in=JULY, nights=1).confidence == "low"
    assert "海口" in ORIGINS["sanya"].source
    assert all(len(origin.means_c) == 12 and origin.source for origin in ORIGINS.values())


def test_nobody_claims_a_climate_that_is_not_known() -> None:
    unknown = place("unknown")
    assert relief_of(unknown, ORIGINS["wuhan"], check_in=JULY, nights=7) is None

    window = Window(first=JULY, end=date(2027, 8, 1), nights=7, prefer="coolest")
    weather = weather_of(window, {"unknown": unknown}, origin=ORIGINS["wuhan"], relief_min=-5_000)
    assert weather.relief("unknown", 0) is None
    assert weather.mean("unknown", 0) > max(weather.limits)


def test_the_two_sides_of_the_mountain() -> None:
    places = {
        one.code: one
        for one in (
            place("north", hub="长白山站", at=(42.41, 128.12)),
            place("west", hub="长白山西站", at=(42.19, 127.49)),
            place("town", hub="长春站", at=(43.8, 125.3)),
        )
    }
    assert {code: side_of(one) for code, one in places.items()} == {"north": "north", "west": "west", "town": None}
    assert side_near(Position(42.40, 128.0, "wgs84"), places) == "north"
    assert side_near(Position(42.15, 127.5, "wgs84"), places) == "west"
    assert side_near(Position(43.8, 125.3, "wgs84"), places) is None


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), st.none() | st.integers(-1, 2)), min_size=1, max_size=12),
    st.sampled_from(("recommended", "price", "distance", "grade", "relief")),
)
def test_every_order_is_total(facts, sort) -> None:
    """Whatever is equal, the order is the same whichever way the rooms were read."""
    matches = [match(n, grade, price, relief) for n, (grade, price, relief) in enumerate(facts)]

    assert in_order(matches, sort) == in_order(reversed(matches), sort)


def match(n: int, grade: int, price: int, relief: int | None) -> Match:
    return Match(
        facts=Facts(
            institution_id=UUID(int=n),
            place_code="north",
            grade=grade or None,
            services=(),
            ability_level_min=0,
            ability_level_max=2,
            under_restriction=False,
            text_rank=None,
            distance_m=price,
        ),
        offers=(
            Offer(
                room_type_id=UUID(int=n),
                unit_count=1,
                check_in=JULY,
                check_out=JULY + timedelta(days=1),
                nights_amount=price,
                total_amount=price,
                asked_on=TODAY,
                party=PricedParty(guest_count=1),
            ),
        ),
        relief=relief,
        score=12 * grade,
    )


def test_days_are_numbered_from_the_year_2000() -> None:
    assert number(date(2000, 1, 1)) == 0
    assert number(date(2027, 3, 1)) == 9_921
