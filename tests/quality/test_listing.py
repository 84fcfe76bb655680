"""What guests see of an institution whose assessment has grown old: flagged wherever it is listed, and no grade kept."""

from datetime import timedelta

from marketplace.certifications import operations
from marketplace.kit import clock
from marketplace.kit.ids import wire
from workers import handling


async def test_a_listing_is_flagged_when_its_data_is_older_than_a_year(world, client):
    path = f"/v1/institutions/{wire('ins', world.institution_id)}"
    before = (await client.get(path)).json()["certification"]
    assert (before["grade"], before["grade_cap"], before["assessment_overdue"]) == (5, None, False)
    # The visit was weeks before the certificate.
    clock.travel(timedelta(days=346))
    await operations.order_due_assessments(now=clock.now())
    assert await operations.flag_lapsed_grades(now=clock.now()) == 1
    await handling.drain(now=clock.now())

    [listed] = (await client.get("/v1/institutions")).json()["items"]
    recorded = (await client.get(f"/v1/register/{wire('ins', world.institution_id)}")).json()
    for shown in (listed["certification"], (await client.get(path)).json()["certification"], recorded):
        assert (shown["grade"], shown["grade_cap"], shown["assessment_overdue"]) == (None, "stale_data", True)
    assert recorded["grade_as_of"] == before["grade_as_of"]
    # Whoever asks for a grade does not find one that is not shown.
    assert (await client.get("/v1/institutions", params={"grade_min": 1})).json()["items"] == []
