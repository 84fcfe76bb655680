"""The demo world, planted whole on a database of its own and paid at the real sandbox process."""

from collections.abc import Iterator

import httpx
import pytest

from marketplace.kit import clock
from marketplace.kit.db import fetch, fetch_value
from marketplace.settings import settings
from seed.cashier import Cashier, cashier
from seed.places import CLUSTERS
from seed.plant import plant, plant_life, plant_world
from tests.support.sandbox import TOKEN, Sandbox


@pytest.fixture
def controlled(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the seed move the sandbox's clock, as it may in development."""
    monkeypatch.setenv("STRIPE_API_BASE", sandbox.url)
    monkeypatch.setenv("STRIPE_SANDBOX_TOKEN", TOKEN)
    settings.cache_clear()
    sandbox.is_calm = False
    yield
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
async def planted(committed: str, gateway: object, controlled: None):
    now = clock.now()
    world = await plant_world(now=now, tell=lambda _: None)
    async with httpx.AsyncClient(trust_env=False) as browser:
        await plant_life(world, Cashier(browser), now=now, tell=lambda _: None)
    return world


async def counted(sql: str) -> dict[object, int]:
    return {row[0]: row[1] for row in await fetch(sql)}


async def test_the_demo_world_is_whole_and_planted_once(planted) -> None:
    await every_cluster_has_institutions()
    await every_state_of_a_certification_shows()
    await every_night_of_the_horizon_is_on_sale(planted)
    await every_institution_has_a_price_list()
    await every_state_of_a_booking_shows()
    await guests_in_house_have_rooms()
    await money_adds_up()
    await nothing_was_written_without_an_audit_line()

    before = await counted("SELECT 'audit', count(*) FROM audit_events")
    await plant(progress=pytest.fail)
    assert await counted("SELECT 'audit', count(*) FROM audit_events") == before


async def guests_in_house_have_rooms() -> None:
    staying = await fetch_value(
        "SELECT count(*) FROM bookings b WHERE status = 'checked_in' AND check_out > $1 AND EXISTS"
        " (SELECT FROM rooms r WHERE r.room_type_id = b.room_type_id)",
        clock.local_date(clock.now()),
    )
    housed = await fetch_value(
        "SELECT count(DISTINCT b.id) FROM bookings b JOIN room_assignments a ON a.occupant_id = b.id"
        " WHERE b.status = 'checked_in'"
    )
    assert staying == housed > 0


async def every_cluster_has_institutions() -> None:
    found = await counted(
        "SELECT pc.cluster_code, count(*) FROM institutions i JOIN place_clusters pc USING (place_code) GROUP BY 1"
    )
    assert set(found) == {cluster.code for cluster in CLUSTERS}
    assert min(found.values()) >= 8
    assert await fetch_value("SELECT count(*) FROM institutions WHERE NOT is_example") == 0


async def every_state_of_a_certification_shows() -> None:
    found = await counted("SELECT status, count(*) FROM certifications WHERE is_current GROUP BY 1")
    assert {
        "certified", "under_rectification", "suspended", "revocation_noticed", "expired", "revoked",
    } == set(found)  # fmt: skip
    assert found["certified"] > 50
    orders = await counted("SELECT status, count(*) FROM assessment_orders GROUP BY 1")
    assert orders["ordered"] > 0
    stages = await fetch(
        "SELECT published_at IS NOT NULL AS published, score FROM assessment_orders WHERE confirmed_at IS NOT NULL"
    )
    # Every first grade can be read point by point; of two assessments since, one is still in its preview.
    assert sorted(row["published"] for row in stages)[:2] == [False, True]
    assert len(stages) == 2 + await fetch_value("SELECT count(*) FROM certifications")
    # One in ten of those that stand is drawn in a year, and a seed that is planted late in it draws them at once.
    assert await fetch_value("SELECT count(*) FROM inspections WHERE outcome = 'passed'") == 1
    assert orders["overdue"] == await fetch_value("SELECT count(*) FROM certifications WHERE assessment_overdue")
    assert await counted("SELECT status, count(*) FROM certification_decisions GROUP BY 1") == {
        "pending": 1,
        "approved": 1,
    }


async def every_night_of_the_horizon_is_on_sale(planted) -> None:
    today = clock.local_date(clock.now())
    room_types = sum(len(one.room_type_ids) for one in planted.institutions)
    (nights,) = await fetch(
        "SELECT count(*) AS count, min(night) AS first, max(night) AS last, min(price_amount) AS price FROM room_nights"
    )
    assert nights["count"] == room_types * 400
    assert (nights["last"] - nights["first"]).days == 399
    assert abs((nights["first"] - today).days) <= 1
    assert nights["price"] > 5_000


async def every_institution_has_a_price_list() -> None:
    institutions = await fetch_value("SELECT count(*) FROM institutions")
    assert await fetch_value("SELECT count(*) FROM rate_plans") == institutions
    assert await counted("SELECT nights_min::text, count(*) FROM rate_plans GROUP BY 1") == {"{7,28,90}": institutions}
    assert 0 < await fetch_value("SELECT count(*) FROM rate_plans WHERE days_ahead_min = '{60}'") < institutions
    assert await fetch_value("SELECT min(companion_bed_amount) FROM rate_plans") > 2_000
    assert await fetch_value("SELECT array_agg(code ORDER BY code) FROM promotions") == ["BAIHE100", "HOUNIAO"]
    assert await fetch_value("SELECT count(*) FROM promotion_uses") == 100


async def every_state_of_a_booking_shows() -> None:
    found = await counted("SELECT status, count(*) FROM bookings GROUP BY 1")
    assert set(found) == {
        "on_hold", "confirmed", "checked_in", "completed", "cancelled", "expired", "displaced",
    }  # fmt: skip
    assert await counted("SELECT kind, count(*) FROM bookings GROUP BY 1") == {"stay": 13, "tour": 4}


async def money_adds_up() -> None:
    assert await fetch_value("SELECT sum(paid_amount) FROM bookings") == await fetch_value(
        "SELECT sum(captured_amount) FROM payments WHERE status = 'succeeded'"
    )
    assert await fetch_value("SELECT count(*) FROM payments WHERE status <> 'succeeded'") == 0
    assert await fetch_value("SELECT count(*) FROM refunds") >= 1


async def nothing_was_written_without_an_audit_line() -> None:
    audited = await counted("SELECT action, count(*) FROM audit_events GROUP BY 1")
    for table, action in (
        ("institutions", "institution.registered"),
        ("room_types", "room_type.added"),
        ("listings", "listing.published"),
        ("media", "picture.added"),
        ("certifications", "certification.granted"),
        ("tours", "tour.published"),
        ("rate_plans", "rate_plan.set"),
        ("promotions", "promotion.created"),
        ("bookings", "booking.placed"),
    ):
        assert audited[action] == await fetch_value(f"SELECT count(*) FROM {table}"), action


async def test_where_stripe_is_real_there_is_nobody_to_pay() -> None:
    async with cashier(settings()) as till:
        assert till is None
