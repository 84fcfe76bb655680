import asyncio
from datetime import timedelta

import pytest

from marketplace.identity import operations, queries
from marketplace.identity.errors import SessionCodeSpent, SignInRefused, TooManyCodes
from marketplace.identity.rules import STRICT_CODES
from marketplace.kit.crypto import vault
from marketplace.kit.db import fetch, fetch_one, fetch_value
from marketplace.kit.errors import Invalid
from marketplace.kit.ids import new_id, parse

PHONE = "13800138000"


async def request_code(now, phone=PHONE):
    return await operations.request_code(phone=phone, policy=STRICT_CODES, now=now)


async def code_of(request):
    return (await queries.session_code(request_id=request.request_id)).code


def another(code):
    return f"{(int(code) + 1) % 1_000_000:06}"


async def test_a_code_waits_for_the_messenger_and_is_nowhere_readable(now):
    request = await request_code(now)

    sent = await queries.session_code(request_id=request.request_id)
    assert (sent.phone, sent.expires_at) == ("+8613800138000", now + timedelta(minutes=5))
    assert len(sent.code) == 6
    assert sent.code.isdigit()
    row = await fetch_one("SELECT * FROM session_codes WHERE id = $1", request.request_id)
    everything = (
        repr(dict(row)) + repr(await fetch("SELECT * FROM outbox")) + repr(await fetch("SELECT * FROM audit_events"))
    )
    assert sent.code.encode() not in row["code_digest"] + row["code"] + row["phone"]
    assert "13800138000" not in everything
    message = await fetch_one("SELECT kind, payload FROM outbox")
    assert message["kind"] == "identity.session_code_requested"
    assert message["payload"] == f'{{"request_id": "{request.request_id}"}}'


async def test_sending_erases_the_readable_copy_and_the_code_still_works(now):
    request = await request_code(now)
    code = await code_of(request)

    await operations.erase_session_code(request_id=request.request_id)

    assert await queries.session_code(request_id=request.request_id) is None
    opened = await operations.sign_in_with_code(request_id=request.request_id, code=code, now=now)
    assert opened.principal.kind == "family"


async def test_the_first_sign_in_makes_the_family_and_later_ones_find_it(now):
    first = await request_code(now)
    one = await operations.sign_in_with_code(request_id=first.request_id, code=await code_of(first), now=now)
    later = now + timedelta(minutes=1)
    second = await request_code(later, phone="+86 138-0013-8000")
    two = await operations.sign_in_with_code(request_id=second.request_id, code=await code_of(second), now=later)

    assert one.principal.id == two.principal.id
    assert one.token != two.token
    assert await fetch_value("SELECT count(*) FROM families") == 1
    assert await queries.family_phone(family_id=one.principal.id) == "+8613800138000"


async def test_a_code_is_good_once(now):
    request = await request_code(now)
    code = await code_of(request)
    await operations.sign_in_with_code(request_id=request.request_id, code=code, now=now)

    with pytest.raises(SessionCodeSpent):
        await operations.sign_in_with_code(request_id=request.request_id, code=code, now=now)
    assert await fetch_value("SELECT count(*) FROM sessions") == 1


async def test_a_code_is_good_for_five_minutes(now):
    request = await request_code(now)
    code = await code_of(request)

    with pytest.raises(SessionCodeSpent):
        await operations.sign_in_with_code(request_id=request.request_id, code=code, now=now + timedelta(minutes=5))
    assert await fetch_value("SELECT count(*) FROM families") == 0


async def test_five_wrong_tries_spend_a_code(now):
    request = await request_code(now)
    code = await code_of(request)
    for _ in range(5):
        with pytest.raises(SignInRefused):
            await operations.sign_in_with_code(request_id=request.request_id, code=another(code), now=now)

    with pytest.raises(SessionCodeSpent):
        await operations.sign_in_with_code(request_id=request.request_id, code=code, now=now)
    assert await fetch_value("SELECT tried_count FROM session_codes") == 5
    assert await fetch_value("SELECT count(*) FROM sessions") == 0


async def test_a_code_belongs_to_its_own_request(now):
    mine = await request_code(now)
    theirs = await request_code(now, phone="13900139000")
    code = await code_of(mine)
    if code == await code_of(theirs):
        pytest.skip("one chance in a million")

    with pytest.raises(SignInRefused):
        await operations.sign_in_with_code(request_id=theirs.request_id, code=code, now=now)
    with pytest.raises(SignInRefused):
        await operations.sign_in_with_code(request_id=new_id(), code=code, now=now)


async def test_a_sealed_number_cannot_be_moved_to_another_row(now):
    one = await request_code(now)
    other = new_id()
    sealed = await fetch_value("SELECT phone FROM session_codes WHERE id = $1", one.request_id)

    from cryptography.exceptions import InvalidTag

    with pytest.raises(InvalidTag):
        vault().open(sealed, table="session_codes", column="phone", row=other)


async def test_a_second_code_within_thirty_seconds_is_refused_and_not_made(now):
    await request_code(now)

    with pytest.raises(TooManyCodes) as refused:
        await request_code(now + timedelta(seconds=10))
    assert refused.value.retry_after_s == 20
    assert await fetch_value("SELECT count(*) FROM session_codes") == 1
    assert await fetch_value("SELECT count(*) FROM outbox") == 1
    await request_code(now + timedelta(seconds=30))


async def test_a_seventh_code_within_the_hour_is_refused(now):
    for minute in range(6):
        await request_code(now + timedelta(minutes=minute))

    with pytest.raises(TooManyCodes) as refused:
        await request_code(now + timedelta(minutes=10))
    assert refused.value.retry_after_s == 50 * 60
    await request_code(now + timedelta(minutes=60))


@pytest.mark.parametrize("phone", ["12345", "abc", "+1", "138001380001", "+999123456789"])
async def test_an_impossible_number_is_refused_by_name(now, phone):
    with pytest.raises(Invalid) as refused:
        await request_code(now, phone=phone)
    assert [field.pointer for field in refused.value.fields] == ["/phone"]
    assert await fetch_value("SELECT count(*) FROM session_codes") == 0


async def test_first_sign_ins_at_once_make_one_family(committed, now):
    requests = [await request_code(now + timedelta(minutes=minute)) for minute in range(4)]
    codes = [await code_of(request) for request in requests]

    opened = await asyncio.gather(
        *(
            operations.sign_in_with_code(request_id=request.request_id, code=code, now=now + timedelta(minutes=3))
            for request, code in zip(requests, codes, strict=True)
        )
    )

    assert len({session.principal.id for session in opened}) == 1
    assert len({session.token for session in opened}) == 4
    assert await fetch_value("SELECT count(*) FROM families") == 1


async def test_one_code_used_at_once_opens_one_session(committed, now):
    request = await request_code(now)
    code = await code_of(request)

    answers = await asyncio.gather(
        *(operations.sign_in_with_code(request_id=request.request_id, code=code, now=now) for _ in range(8)),
        return_exceptions=True,
    )

    assert sorted(type(answer).__name__ for answer in answers) == ["OpenedSession"] + ["SessionCodeSpent"] * 7
    assert await fetch_value("SELECT count(*) FROM sessions") == 1


async def test_guesses_at_once_are_all_counted(committed, now):
    request = await request_code(now)
    wrong = another(await code_of(request))

    answers = await asyncio.gather(
        *(operations.sign_in_with_code(request_id=request.request_id, code=wrong, now=now) for _ in range(12)),
        return_exceptions=True,
    )

    assert sorted(type(answer).__name__ for answer in answers) == ["SessionCodeSpent"] * 7 + ["SignInRefused"] * 5


async def test_requests_at_once_for_one_number_make_one_code(committed, now):
    answers = await asyncio.gather(*(request_code(now) for _ in range(6)), return_exceptions=True)

    assert sorted(type(answer).__name__ for answer in answers) == ["CodeRequest"] + ["TooManyCodes"] * 5


async def test_over_http_known_and_unknown_numbers_get_the_same_answer(client, sign_in_family):
    await sign_in_family(PHONE)

    known = await client.post("/v1/session-codes", json={"phone": PHONE})
    unknown = await client.post("/v1/session-codes", json={"phone": "13900139000"})

    assert known.status_code == unknown.status_code == 202
    assert known.json().keys() == unknown.json().keys() == {"request_id", "expires_at"}
    parse("rqs", known.json()["request_id"])


async def test_over_http_an_impossible_number_names_its_field(client):
    answer = await client.post("/v1/session-codes", json={"phone": "123"})

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/phone"]


async def test_over_http_an_unknown_field_is_refused_with_a_suggestion(client):
    answer = await client.post("/v1/session-codes", json={"phon": "13800138000"})

    assert (answer.status_code, answer.json()["code"], answer.json()["did_you_mean"]) == (400, "unknown_field", "phone")
