"""A key is changed by two officers of the province, or by its year; by nobody else."""

from datetime import timedelta

import asyncpg
import pytest

from marketplace.identity.errors import DecisionAltered, DecisionExpired, DecisionNotPending, SecondOfficerRequired
from marketplace.identity.rules import Level
from marketplace.kit.db import execute, fetch
from marketplace.signing import operations
from marketplace.signing.rules import APPROVAL, Purpose
from tests.certifications.conftest import NOW, PROVINCE, sign_in

__all__ = ("sign_in",)


async def request(province, *, compromised=False):
    return await operations.request_rotation(
        purpose=Purpose.CREDENTIAL, compromised=compromised, reason="介质遗失", actor=province, now=NOW
    )


async def keys() -> list:
    return await fetch("SELECT thumbprint, retired_at, compromised_at FROM signing_keys ORDER BY id")


@pytest.mark.parametrize(
    ("what", "refusal"),
    [
        ("self", SecondOfficerRequired),
        ("twice", DecisionNotPending),
        ("late", DecisionExpired),
        ("superseded", DecisionNotPending),
        ("altered", DecisionAltered),
    ],
)
async def test_one_officer_or_another_request_changes_no_key(province, second, what, refusal):
    asked = await request(province)
    actor, now = (province if what == "self" else second), NOW
    if what == "twice":
        await operations.approve_rotation(rotation_id=asked.id, actor=second, now=NOW)
    if what == "late":
        now = NOW + APPROVAL
    if what == "superseded":
        other = await request(province)
        await operations.approve_rotation(rotation_id=other.id, actor=second, now=NOW)
    if what == "altered":
        await execute("UPDATE key_rotations SET compromised = true")
    before = await keys()

    with pytest.raises(refusal):
        await operations.approve_rotation(rotation_id=asked.id, actor=actor, now=now)

    assert await keys() == before


async def test_the_database_withdraws_no_key_on_one_word(province):
    await request(province, compromised=True)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="no approved request"):
        await execute("UPDATE signing_keys SET retired_at = now(), private_jwk = NULL, compromised_at = now()")


async def test_the_database_refuses_who_approves_their_own_request(province):
    asked = await request(province)
    with pytest.raises(asyncpg.CheckViolationError, match="key_rotations_two_officers"):
        await execute(
            "UPDATE key_rotations SET approved_by = requested_by, approved_at = $2 WHERE id = $1", asked.id, NOW
        )


async def test_two_officers_change_a_key_by_route_and_strangers_see_it_at_once(client, gazetteer, sign_in, at_now):
    asker, other = [await sign_in(Level.PROVINCE, PROVINCE) for _ in range(2)]
    body = {"purpose": "credential", "compromised": True, "reason": "介质遗失"}
    asked = await client.post("/v1/key-rotations", json=body, headers=asker)
    assert (asked.status_code, asked.json()["status"], asked.json()["valid_transitions"]) == (202, "pending", [])
    published = (await client.get("/.well-known/jwks.json")).text
    assert asked.json()["thumbprint"] in published

    path = f"/v1/key-rotations/{asked.json()['id']}/approvals"
    refused = await client.post(path, headers=asker)
    assert (refused.status_code, refused.json()["code"]) == (409, "second_officer_required")
    listed = (await client.get("/v1/key-rotations", headers=other)).json()["items"]
    assert [one["valid_transitions"] for one in listed] == [["approve"]]
    approved = await client.post(path, headers=other)
    assert (approved.status_code, approved.json()["status"]) == (200, "approved")
    assert asked.json()["thumbprint"] not in (await client.get("/.well-known/jwks.json")).text
    county = await sign_in(Level.COUNTY, "220621")
    assert (await client.post("/v1/key-rotations", json=body, headers=county)).status_code == 403


async def test_a_request_outlives_no_yearly_change(province, second):
    asked = await request(province)
    await operations.rotate_due(now=NOW + timedelta(days=365))
    with pytest.raises(DecisionNotPending):
        await operations.approve_rotation(rotation_id=asked.id, actor=second, now=NOW)
