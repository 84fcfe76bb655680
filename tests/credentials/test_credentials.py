"""Signed certificates and status lists, read by libraries that are not ours."""

import asyncio
import time
from datetime import datetime, timedelta

import pytest
from openvc.status import check_credential_status, decode_bitstring

from marketplace.certifications import operations as certifications
from marketplace.certifications import queries
from marketplace.certifications.states import Status
from marketplace.credentials import operations
from marketplace.credentials.rules import Outcome, StatusList, StatusPurpose, encode, verify
from marketplace.credentials.rules.status_lists import LIST_BITS, is_set, list_of
from marketplace.kit import clock
from marketplace.kit.db import fetch, fetch_value, transaction
from marketplace.signing import operations as signing
from marketplace.signing.rules import Purpose
from seed import procedure
from tests.certifications.conftest import NOW

URL = "http://127.0.0.1:8000"
DID = "did:web:127.0.0.1%3A8000"


async def tokens(client, number: str) -> tuple[str, dict, list[str]]:
    """What someone fetches to verify offline later: the certificate, the keys, the lists."""
    lists = [(await client.get(f"/v1/status-lists/{purpose}-1")).text for purpose in StatusPurpose]
    return (
        (await client.get(f"/v1/certificates/{number}/credential")).text,
        (await client.get("/.well-known/did.json")).json(),
        lists,
    )


async def revoke(certification_id, province, second, *, now) -> None:
    found = await queries.certification(principal=province, certification_id=certification_id)
    play = procedure.conclude_notice if found.status == "suspended" else procedure.conclude_revocation
    await play(found, actor=province, now=now)
    asked = await certifications.request_revocation(
        certification_id=certification_id, reason="骗取认定", actor=province, now=now
    )
    async with transaction():
        await certifications.revoke(decision_id=asked.id, actor=second, now=now)


async def test_another_library_verifies_the_certificate(client, stranger, certified, at_now) -> None:
    answer = await client.get(f"/v1/certificates/{certified.number}/credential")
    found = await stranger(answer.text)

    assert answer.headers["content-type"].startswith("application/vc+jwt")
    assert found["@context"][0] == "https://www.w3.org/ns/credentials/v2"
    assert found["type"] == ["VerifiableCredential", "SojournCareCertificate"]
    assert found["issuer"] == DID
    # The first and the last second of the certificate's days in Jilin.
    assert (found["validFrom"], found["validUntil"]) == ("2027-02-28T16:00:00Z", "2030-02-28T15:59:59Z")
    assert found["credentialSubject"]["certificateNumber"] == certified.number
    assert found["credentialSubject"]["grade"] == 4
    assert [entry["statusPurpose"] for entry in found["credentialStatus"]] == ["revocation", "suspension"]
    assert "vc" not in found


async def test_another_library_reads_the_status(client, stranger, certified, certify, county, province, second, at_now):
    other = await certify(name="乙（示例）")
    found = await stranger((await client.get(f"/v1/certificates/{certified.number}/credential")).text)
    unharmed = await stranger((await client.get(f"/v1/certificates/{other.number}/credential")).text)

    async def status(credential: dict) -> tuple[bool, bool]:
        lists = {
            address: await stranger((await client.get(address.removeprefix(URL))).text)
            for address in (entry["statusListCredential"] for entry in credential["credentialStatus"])
        }
        for listed in lists.values():
            assert listed["type"] == ["VerifiableCredential", "BitstringStatusListCredential"]
            assert len(decode_bitstring(listed["credentialSubject"]["encodedList"])) * 8 == 131_072
            assert listed["credentialSubject"]["ttl"] == 300_000
        read = check_credential_status(credential, resolve_status_list=lists.__getitem__)
        return read.revoked, read.suspended

    assert await status(found) == (False, False)
    await certifications.suspend(certification_id=certified.id, reason="停业", actor=county, now=NOW)
    assert await status(found) == (False, True)
    await revoke(certified.id, province, second, now=NOW)
    assert await status(found) == (True, False)
    assert await status(unharmed) == (False, False)


async def test_an_offline_verifier_says_what_became_of_a_certificate(
    client, certified, county, province, second, at_now
):
    token, keys, lists = await tokens(client, certified.number)
    soon = NOW + timedelta(minutes=1)

    assert verify(token, keys=keys, status_lists=lists, now=soon).outcome is Outcome.VALID
    assert verify(token, keys=keys, now=soon).outcome is Outcome.STATUS_UNKNOWN
    # A list proves nothing once it is a quarter of an hour old: whoever was revoked would like to show it for longer.
    assert verify(token, keys=keys, status_lists=lists, now=NOW + timedelta(minutes=16)).outcome is (
        Outcome.STATUS_UNKNOWN
    )
    assert verify(token, keys=keys, status_lists=lists, now=NOW - timedelta(days=2)).outcome is Outcome.NOT_YET_VALID
    assert verify(token, keys=keys, status_lists=lists, now=NOW + timedelta(days=1200)).outcome is Outcome.EXPIRED

    await certifications.suspend(certification_id=certified.id, reason="停业", actor=county, now=NOW)
    _, _, lists = await tokens(client, certified.number)
    assert verify(token, keys=keys, status_lists=lists, now=soon).outcome is Outcome.SUSPENDED
    await revoke(certified.id, province, second, now=NOW)
    _, _, lists = await tokens(client, certified.number)
    assert verify(token, keys=keys, status_lists=lists, now=soon).outcome is Outcome.REVOKED


async def test_what_was_not_signed_here_is_forged(client, certified, at_now) -> None:
    token, keys, lists = await tokens(client, certified.number)
    head, body, signature = token.split(".")

    def outcome(tried: str, **given) -> str:
        return verify(tried, **{"keys": keys, "status_lists": lists, "now": NOW, **given}).outcome

    assert outcome(token) == Outcome.VALID
    assert outcome(f"{head}.{body[:-2]}AA.{signature}") == Outcome.FORGED
    # A header that says alg none.
    assert outcome(f"eyJhbGciOiJub25lIn0.{body}.") == Outcome.FORGED
    assert outcome("not a token") == Outcome.FORGED
    assert outcome("") == Outcome.FORGED
    assert outcome(token, keys={"keys": []}) == Outcome.FORGED
    assert outcome(token, status_lists=[f"{head}.{body}.{signature[:-4]}AAAA"]) == Outcome.FORGED
    # A status list is signed by the same key, but is no certificate.
    assert outcome(lists[0]) == Outcome.FORGED


async def change_key(province, second, *, compromised: bool, now=NOW) -> None:
    asked = await signing.request_rotation(
        purpose=Purpose.CREDENTIAL, compromised=compromised, reason="介质遗失", actor=province, now=now
    )
    await signing.approve_rotation(rotation_id=asked.id, actor=second, now=now)


async def test_old_keys_verify_after_a_rotation_and_compromised_ones_do_not(
    client, stranger, certified, province, second, at_now
):
    old, _, _ = await tokens(client, certified.number)
    await change_key(province, second, compromised=False)
    new, keys, lists = await tokens(client, certified.number)

    assert len(keys["verificationMethod"]) == 2
    assert (await stranger(old))["id"] == (await stranger(new))["id"]
    assert verify(old, keys=keys, status_lists=lists, now=NOW).outcome is Outcome.VALID
    assert old.split(".")[0] != new.split(".")[0]
    assert (
        await fetch_value(
            "SELECT count(*) FROM signing_keys WHERE private_jwk IS NOT NULL AND purpose = $1", "credential"
        )
        == 1
    )

    await change_key(province, second, compromised=True)
    latest, keys, lists = await tokens(client, certified.number)
    assert verify(new, keys=keys, status_lists=lists, now=NOW).outcome is Outcome.FORGED
    assert verify(old, keys=keys, status_lists=lists, now=NOW).outcome is Outcome.VALID
    assert verify(latest, keys=keys, status_lists=lists, now=NOW).outcome is Outcome.VALID
    lines = await fetch(
        "SELECT action FROM audit_events JOIN signing_keys k ON k.id = subject_id WHERE purpose = 'credential'"
        " ORDER BY audit_events.id"
    )
    assert [line["action"] for line in lines] == [
        "signing_key.made",
        "signing_key.rotation_requested",
        "signing_key.retired",
        "signing_key.made",
        "signing_key.rotation_requested",
        "signing_key.compromised",
        "signing_key.made",
    ]


async def test_keys_rotate_by_themselves_after_a_year() -> None:
    first = await signing.active(Purpose.CREDENTIAL, now=NOW)

    assert await signing.rotate_due(now=NOW + timedelta(days=364)) == 0
    assert await signing.rotate_due(now=NOW + timedelta(days=365)) == 1
    assert (await signing.active(Purpose.CREDENTIAL, now=NOW)).thumbprint != first.thumbprint


async def test_private_keys_are_sealed_and_never_published(client, certified, at_now) -> None:
    key = await signing.active(Purpose.CREDENTIAL, now=NOW)
    stored = await fetch_value("SELECT private_jwk FROM signing_keys WHERE thumbprint = $1", key.thumbprint)

    assert key.private_jwk["d"].encode() not in stored
    for path in ("/.well-known/jwks.json", "/.well-known/did.json"):
        answer = await client.get(path)
        assert key.private_jwk["d"] not in answer.text
        assert key.public_jwk["x"] in answer.text


async def test_two_processes_that_need_the_first_key_get_the_same(committed) -> None:
    made = await asyncio.gather(*(signing.active(Purpose.CREDENTIAL, now=NOW) for _ in range(8)))

    assert len({key.thumbprint for key in made}) == 1
    assert await fetch_value("SELECT count(*) FROM audit_events WHERE action = 'signing_key.made'") == 1


async def test_a_revocation_is_public_within_a_second_of_its_commit(
    committed, client, certified, province, second, at_now
) -> None:
    """Measured from the commit until list, page and record have all turned; an offline verifier then refuses."""
    token, keys, lists = await tokens(client, certified.number)
    assert verify(token, keys=keys, status_lists=lists, now=NOW).outcome is Outcome.VALID
    await revoke(certified.id, province, second, now=NOW)
    committed_at = time.monotonic()

    async with asyncio.timeout(1):
        while True:
            _, _, lists = await tokens(client, certified.number)
            page = await client.get(f"/v1/certificates/{certified.number}", headers={"Accept": "text/html"})
            record = (await client.get(f"/v1/certificates/{certified.number}")).json()
            outcome = verify(token, keys=keys, status_lists=lists, now=clock.now()).outcome
            if outcome is Outcome.REVOKED and "已撤销" in page.text and record["status"] == "revoked":
                break
    elapsed_s = time.monotonic() - committed_at

    assert elapsed_s < 1


def test_the_bits_of_a_list_are_where_the_standard_has_them() -> None:
    encoded = encode([0, 9, LIST_BITS - 1])
    bits = decode_bitstring(encoded)

    assert (bits[0], bits[1], bits[-1]) == (0x80, 0x40, 0x01)
    assert [is_set(encoded, index) for index in (0, 1, 8, 9, LIST_BITS - 1)] == [True, False, False, True, True]
    assert list_of(LIST_BITS + 5, StatusPurpose.REVOCATION) == (StatusList(StatusPurpose.REVOCATION, 2), 5)
    for wrong in ("", "x", "uAAAA", encoded[1:]):
        with pytest.raises(ValueError, match=r"encoded list|index"):
            is_set(wrong, 0)
    with pytest.raises(ValueError, match="outside the list"):
        is_set(encoded, LIST_BITS)


async def test_positions_are_unique_and_scattered(committed) -> None:
    rows = await fetch("SELECT next_status_position() AS position FROM generate_series(1, 131072)")
    positions = [row["position"] for row in rows]

    assert sorted(positions) == list(range(LIST_BITS))
    assert positions[1] - positions[0] not in (-1, 1)
    assert await fetch_value("SELECT next_status_position()") >= LIST_BITS


@pytest.mark.parametrize(
    "list_id", ["revocation-2", "revocation-0", "renewal-1", "revocation", "%00", "revocation-99999"]
)
async def test_an_unknown_list_is_not_found(client, certified, list_id: str) -> None:
    answer = await client.get(f"/v1/status-lists/{list_id}")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("status", list(Status))
def test_every_status_that_ends_or_stops_a_certificate_has_its_bit_or_its_date(status: Status) -> None:
    from marketplace.certifications.rules import bookable
    from marketplace.certifications.states import ENDED, STANDING
    from marketplace.credentials.rules import SET_FOR

    flagged = {one for statuses in SET_FOR.values() for one in statuses} | {Status.EXPIRED}
    if status in ENDED | STANDING:
        assert (status in flagged) == (not bookable(status))


async def test_a_list_is_signed_once_a_minute_and_anew_when_it_changes(client, certified, county, at_now) -> None:
    async def token(now: datetime) -> str:
        return await operations.issue_status_list("suspension-1", public_url=URL, now=now)

    first = await token(NOW)
    assert await token(NOW + timedelta(seconds=30)) == first
    assert await token(NOW + timedelta(seconds=60)) != first
    again = await token(NOW + timedelta(seconds=60))
    await certifications.suspend(certification_id=certified.id, reason="停业", actor=county, now=NOW)
    assert await token(NOW + timedelta(seconds=60)) != again
