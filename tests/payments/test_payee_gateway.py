"""The verbs about who is paid and about disputes: never under locks, once per key, found again after the key is gone."""

import pytest

from marketplace.kit.db import transaction
from marketplace.kit.ids import new_id
from marketplace.payments.errors import ProviderUnavailable
from marketplace.payments.gateway import Refused, disputes, payees
from marketplace.payments.gateway.payee_port import ReversalRequest, TransferRequest
from seed.telling import until
from tests.support.sandbox import API_KEY


async def account(sandbox) -> str:
    account_id = await payees().create_payee(new_id())
    await sandbox.control(f"accounts/{account_id}/onboard", {})
    return account_id


async def fund(sandbox) -> None:
    """Have a payment's money available."""
    form = {
        "amount": "500000",
        "currency": "cny",
        "confirm": "true",
        "payment_method": "pm_card_visa",
        "allowed_payment_method_types[0]": "card",
    }
    paid = await sandbox.http.post("/v1/payment_intents", data=form, headers={"Authorization": f"Bearer {API_KEY}"})
    assert paid.status_code == 200, paid.text
    await sandbox.control("clock", {"offset_seconds": 4 * 24 * 3600})

    async def timers_due() -> int:
        return (await sandbox.http.get("/_sandbox/health")).json()["timers_due"]

    await until(timers_due, lambda count: count == 0, "the money is available")


def request_for(account_id: str, **facts: object) -> TransferRequest:
    asked = {"transfer_id": new_id(), "booking_id": new_id(), "attempt": 1, "amount": 1_000, "currency": "CNY"}
    return TransferRequest(destination=account_id, **{**asked, **facts})


async def test_every_verb_refuses_to_wait_for_the_network_under_locks(gateway, now):
    asked = request_for("acct_1")
    back = ReversalRequest(reversal_id=new_id(), provider_transfer_id="tr_1", amount=1)
    calls = [
        lambda: payees().create_payee(new_id()),
        lambda: payees().onboarding_link("acct_1", return_url="http://a/b", refresh_url="http://a/b"),
        lambda: payees().get_payee("acct_1"),
        lambda: payees().transfer(asked),
        lambda: payees().find_transfer(transfer_id=asked.transfer_id, booking_id=asked.booking_id),
        lambda: payees().reverse_transfer(back),
        lambda: payees().find_reversal(reversal_id=back.reversal_id, provider_transfer_id="tr_1"),
        lambda: payees().pays_out_by_hand(),
        lambda: disputes().list_disputes(now),
        lambda: disputes().get_dispute("du_1"),
    ]
    for call in calls:
        async with transaction():
            with pytest.raises(RuntimeError, match="must not be called while a transaction is open"):
                await call()


async def test_an_institution_has_one_account(gateway):
    institution_id = new_id()
    first = await payees().create_payee(institution_id)
    assert await payees().create_payee(institution_id) == first
    state = await payees().get_payee(first)
    assert (state.can_be_paid, state.is_told) == (False, False)


async def test_the_same_key_moves_money_once_and_both_directions_are_found_by_our_ids(gateway, sandbox):
    await fund(sandbox)
    asked = request_for(await account(sandbox))
    made = await payees().transfer(asked)
    assert await payees().transfer(asked) == made
    assert await payees().find_transfer(transfer_id=asked.transfer_id, booking_id=asked.booking_id) == made
    assert await payees().find_transfer(transfer_id=new_id(), booking_id=asked.booking_id) is None
    back = ReversalRequest(reversal_id=new_id(), provider_transfer_id=made, amount=400)
    taken = await payees().reverse_transfer(back)
    assert await payees().reverse_transfer(back) == taken
    other = ReversalRequest(reversal_id=new_id(), provider_transfer_id=made, amount=400)
    assert await payees().reverse_transfer(other) != taken
    assert await payees().find_reversal(reversal_id=back.reversal_id, provider_transfer_id=made) == taken
    assert await payees().find_reversal(reversal_id=new_id(), provider_transfer_id=made) is None


async def test_what_the_provider_refuses_for_good_says_why(gateway, sandbox):
    await fund(sandbox)
    closed = await payees().create_payee(new_id())
    with pytest.raises(Refused) as refusal:
        await payees().transfer(request_for(closed))
    assert refusal.value.code == "insufficient_capabilities_for_transfer"
    with pytest.raises(Refused) as refusal:
        await payees().transfer(request_for(await account(sandbox), amount=99_000_000))
    assert refusal.value.code == "balance_insufficient"


async def test_a_provider_that_is_away_is_not_a_refusal(gateway, sandbox):
    await sandbox.control("chaos", {"error_rate": 1.0})
    with pytest.raises(ProviderUnavailable):
        await payees().transfer(request_for("acct_1"))
    with pytest.raises(ProviderUnavailable):
        await disputes().get_dispute("du_1")
