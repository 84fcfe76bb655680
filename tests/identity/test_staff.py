import asyncio
import time
from datetime import timedelta

import pytest

from marketplace.identity import operations, queries
from marketplace.identity.errors import EmailTaken, SignInRefused, TooManyAttempts
from marketplace.identity.rules import Kind, Level
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import execute, fetch_one, fetch_value
from marketplace.kit.errors import Invalid, NotFound
from marketplace.kit.ids import new_id, wire

EMAIL = "province@jilin.example"
PASSWORD = "correct horse battery"


async def sign_in(now, password=PASSWORD, email=EMAIL):
    return await operations.sign_in_with_password(email=email, password=password, now=now)


async def fail(now, times, email=EMAIL):
    for _ in range(times):
        with pytest.raises(SignInRefused):
            await sign_in(now, password="wrong", email=email)


async def test_an_officer_signs_in_with_level_and_jurisdiction(now, add_officer):
    officer_id = await add_officer(EMAIL, Level.COUNTY, "222403")

    opened = await sign_in(now, email="  Province@JILIN.example ")

    principal = opened.principal
    assert (principal.kind, principal.id, principal.level, principal.jurisdiction) == (
        "officer",
        officer_id,
        "county",
        "222403",
    )
    live = await queries.live_session(token=opened.token, now=now)
    assert live.principal == principal


async def test_institution_staff_carry_their_institution_over_http(client, add_innkeeper, bearer):
    institution_id = new_id()
    staff_id = await add_innkeeper("desk@erdao.example", institution_id)

    opened = await client.post("/v1/sessions", json={"email": "desk@erdao.example", "password": PASSWORD})

    assert opened.status_code == 201
    assert opened.json()["principal"] == {
        "kind": "institution",
        "id": wire("stf", staff_id),
        "institution_id": wire("ins", institution_id),
        "level": None,
        "jurisdiction": None,
    }
    assert (await client.get("/v1/sessions/current", headers=bearer(opened.json()))).status_code == 200


async def test_passwords_are_argon2id_of_the_agreed_cost(add_officer):
    await add_officer()

    stored = await fetch_value("SELECT password_hash FROM staff")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_names_and_addresses_are_sealed(add_officer):
    await add_officer()

    row = await fetch_one("SELECT * FROM staff")
    assert b"jilin.example" not in row["email"] + row["email_index"]
    assert "王处长".encode() not in row["name"]


async def test_a_wrong_password_and_an_unknown_address_are_refused_alike(client, add_officer):
    await add_officer()

    answers = [
        await client.post("/v1/sessions", json={"email": email, "password": "wrong"})
        for email in (EMAIL, "nobody@jilin.example")
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(401, "sign_in_refused")] * 2
    assert await fetch_value("SELECT count(*) FROM sessions") == 0


async def test_an_unknown_address_is_hashed_too(now, monkeypatch):
    from marketplace.identity.operations import staff

    verified = []
    real = staff._matches

    async def watch(password_hash, password):
        verified.append(password_hash)
        return await real(password_hash, password)

    monkeypatch.setattr(staff, "_matches", watch)
    with pytest.raises(SignInRefused):
        await sign_in(now, email="nobody@jilin.example")
    assert verified == [staff._NOBODY]
    assert not staff._HASHER.check_needs_rehash(staff._NOBODY)


async def test_five_failures_make_the_address_wait_longer_and_longer(now, add_officer):
    await add_officer()
    await fail(now, 5)

    with pytest.raises(TooManyAttempts) as refused:
        await sign_in(now)
    assert refused.value.retry_after_s == 30
    await fail(now + timedelta(seconds=30), 1)
    with pytest.raises(TooManyAttempts) as refused:
        await sign_in(now + timedelta(seconds=31))
    assert refused.value.retry_after_s == 59
    opened = await sign_in(now + timedelta(seconds=90))
    assert opened.principal.kind == "officer"
    assert await fetch_value("SELECT count(*) FROM sign_in_failures") == 0


async def test_unknown_addresses_wait_as_well(now):
    await fail(now, 5, email="nobody@jilin.example")

    with pytest.raises(TooManyAttempts):
        await sign_in(now, email="nobody@jilin.example")


async def test_waiting_does_not_lengthen_the_wait(now, add_officer):
    await add_officer()
    await fail(now, 5)
    for second in range(5):
        with pytest.raises(TooManyAttempts):
            await sign_in(now + timedelta(seconds=second))

    assert (await sign_in(now + timedelta(seconds=30))).principal.kind == "officer"


async def test_guesses_at_once_are_all_counted(committed, now, add_officer):
    await add_officer()

    answers = await asyncio.gather(*(sign_in(now, password="wrong") for _ in range(9)), return_exceptions=True)

    assert sorted(type(answer).__name__ for answer in answers) == ["SignInRefused"] * 5 + ["TooManyAttempts"] * 4


async def test_hashing_does_not_stop_the_loop(now, add_officer):
    await add_officer()
    longest, finished = 0.0, False

    async def tick():
        nonlocal longest
        while not finished:
            before = time.perf_counter()
            await asyncio.sleep(0)
            longest = max(longest, time.perf_counter() - before)

    ticking = asyncio.create_task(tick())
    before = time.perf_counter()
    await operations.hash_password(PASSWORD)
    elapsed = time.perf_counter() - before
    finished = True
    await ticking
    assert longest < elapsed


async def test_an_old_hash_is_renewed_at_sign_in(now, add_officer):
    from argon2 import PasswordHasher

    await add_officer()
    await execute("UPDATE staff SET password_hash = $1", PasswordHasher(time_cost=1, memory_cost=8192).hash(PASSWORD))

    await sign_in(now)

    assert (await fetch_value("SELECT password_hash FROM staff")).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    await sign_in(now)


async def test_one_address_one_member_of_staff(now, add_officer, add_innkeeper):
    await add_officer(EMAIL)

    with pytest.raises(EmailTaken):
        await add_innkeeper(EMAIL.upper())
    assert await fetch_value("SELECT count(*) FROM staff") == 1
    assert await fetch_value("SELECT count(*) FROM audit_events") == 1


@pytest.mark.parametrize(
    "place",
    [
        {"kind": Kind.OFFICER},
        {"kind": Kind.OFFICER, "level": Level.COUNTY},
        {"kind": Kind.INSTITUTION, "level": Level.COUNTY, "jurisdiction": "222403"},
        {"kind": Kind.FAMILY, "level": Level.COUNTY, "jurisdiction": "222403"},
    ],
)
async def test_staff_belong_to_one_place_of_work(now, password_hash, place):
    with pytest.raises(Invalid):
        await operations.register_staff(
            actor=SYSTEM, name="x", email=EMAIL, password_hash=password_hash, now=now, **place
        )
    assert await fetch_value("SELECT count(*) FROM staff") == 0


async def test_short_passwords_are_refused():
    with pytest.raises(Invalid):
        await operations.hash_password("1234567")


async def test_who_has_left_is_refused_at_once(now, add_officer):
    officer_id = await add_officer()
    opened = await sign_in(now)

    await operations.remove_staff(staff_id=officer_id, actor=SYSTEM, now=now)

    assert await queries.live_session(token=opened.token, now=now) is None
    with pytest.raises(SignInRefused):
        await sign_in(now)
    with pytest.raises(NotFound):
        await operations.remove_staff(staff_id=officer_id, actor=SYSTEM, now=now)


async def test_officers_are_found_by_the_chain_of_jurisdictions(add_officer):
    county = await add_officer("c@jilin.example", Level.COUNTY, "222403")
    province = await add_officer("p@jilin.example", Level.PROVINCE, "220000")
    await add_officer("other@jilin.example", Level.COUNTY, "220582")

    found = await queries.officers_of(jurisdictions=["222403", "222400", "220000"])

    assert [(officer.id, officer.email, officer.level) for officer in found] == [
        (county, "c@jilin.example", "county"),
        (province, "p@jilin.example", "province"),
    ]


async def test_an_institutions_addresses(add_innkeeper):
    institution_id = new_id()
    await add_innkeeper("a@erdao.example", institution_id)
    await add_innkeeper("b@elsewhere.example")

    assert await queries.institution_emails(institution_id=institution_id) == ["a@erdao.example"]
