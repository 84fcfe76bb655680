"""Connected accounts, transfers, reversals and payouts: money on its way to who hosts, and back."""

import re

import pytest
import stripe

CARD = {"currency": "cny", "payment_method": "pm_card_visa", "allowed_payment_method_types": ["card"], "confirm": True}


@pytest.fixture
def payee(sdk, sandbox):
    """An account that may be paid."""
    account = sdk.v1.accounts.create(
        {"type": "express", "country": "HK", "capabilities": {"transfers": {"requested": True}}}
    )
    sandbox.control("POST", f"/accounts/{account.id}/onboard")
    return account.id


@pytest.fixture
def charge(sdk):
    def made(amount: int = 100_000) -> str:
        return sdk.v1.payment_intents.create({**CARD, "amount": amount, "transfer_group": "bkg_1"}).latest_charge

    return made


def owned(sdk, account: str, status: str) -> int:
    balance = sdk.v1.balance.retrieve({}, {"stripe_account": account})
    return sum(line.amount for line in getattr(balance, status))


async def test_an_owner_tells_everything_on_a_page_that_works_once(sdk, browser, receiver):
    account = sdk.v1.accounts.create({"type": "express", "capabilities": {"transfers": {"requested": True}}})
    assert (account.capabilities.transfers, account.payouts_enabled, account.details_submitted) == (
        "inactive",
        False,
        False,
    )
    assert "external_account" in account.requirements.currently_due
    link = sdk.v1.account_links.create(
        {
            "account": account.id,
            "type": "account_onboarding",
            "refresh_url": "http://127.0.0.1:9/again",
            "return_url": "http://127.0.0.1:9/back",
        }
    )
    shown = await browser.get(link.url)
    assert (shown.status_code, "开通收款账户" in shown.text, account.id in shown.text) == (200, True, True)
    later = await browser.post(link.url, data={"outcome": "later"})
    assert (later.status_code, later.headers["location"]) == (303, "http://127.0.0.1:9/back")
    assert sdk.v1.accounts.retrieve(account.id).details_submitted is False
    done = await browser.post(link.url, data={"outcome": "complete"})
    assert done.headers["location"] == "http://127.0.0.1:9/back"
    onboarded = sdk.v1.accounts.retrieve(account.id)
    assert (onboarded.capabilities.transfers, onboarded.payouts_enabled) == ("active", True)
    assert onboarded.requirements.currently_due == []
    again = await browser.post(link.url, data={"outcome": "complete"})
    assert again.headers["location"] == "http://127.0.0.1:9/again"
    heard = receiver.wait_for(
        lambda events: [
            event
            for event in events
            if event["type"] == "account.updated" and event["data"]["object"]["id"] == account.id
            if event["data"]["object"]["payouts_enabled"]
        ]
    )
    assert heard[0]["account"] == account.id


async def test_a_link_lapses_after_five_minutes(sdk, browser, clock_at):
    account = sdk.v1.accounts.create({"type": "express"})
    link = sdk.v1.account_links.create(
        {"account": account.id, "type": "account_onboarding", "refresh_url": "http://a/r", "return_url": "http://a/b"}
    )
    with clock_at(301):
        assert "此链接已失效" in (await browser.get(link.url)).text
        late = await browser.post(link.url, data={"outcome": "complete"})
    assert late.headers["location"] == "http://a/r"
    assert sdk.v1.accounts.retrieve(account.id).details_submitted is False


def test_a_transfer_from_a_charge_moves_its_money_when_it_is_available(
    sdk, payee, charge, receiver, clock_at, wait_until
):
    source = charge()
    transfer = sdk.v1.transfers.create(
        {"amount": 88_000, "currency": "cny", "destination": payee, "source_transaction": source}
    )
    assert (transfer.amount, transfer.transfer_group, transfer.reversed) == (88_000, "bkg_1", False)
    assert (owned(sdk, payee, "pending"), owned(sdk, payee, "available")) == (88_000, 0)
    booked = sdk.v1.balance_transactions.retrieve(transfer.balance_transaction)
    assert (booked.type, booked.net, booked.status) == ("transfer", -88_000, "pending")
    receiver.wait_for(lambda events: [1 for event in events if event["type"] == "transfer.created"])
    with clock_at(3 * 24 * 3600):
        wait_until(lambda: owned(sdk, payee, "available") == 88_000)


def test_transfers_never_exceed_their_charge(sdk, payee, charge):
    source = charge()
    asked = {"amount": 60_000, "currency": "cny", "destination": payee, "source_transaction": source}
    first = sdk.v1.transfers.create(asked)
    with pytest.raises(stripe.InvalidRequestError, match="must not exceed the source amount of 100000") as refusal:
        sdk.v1.transfers.create(asked)
    assert (refusal.value.http_status, refusal.value.param) == (400, "amount")
    assert [one.id for one in sdk.v1.transfers.list({"destination": payee}).data] == [first.id]
    sdk.v1.transfers.create({**asked, "amount": 40_000})


def test_a_transfer_without_a_charge_needs_available_money(sdk, payee, charge):
    charge(200_000)
    free = sum(line.amount for line in sdk.v1.balance.retrieve().available)
    asked = {"amount": max(free, 0) + 1, "currency": "cny", "destination": payee}
    with pytest.raises(stripe.InvalidRequestError, match="insufficient available funds") as refusal:
        sdk.v1.transfers.create(asked)
    assert refusal.value.code == "balance_insufficient"
    assert owned(sdk, payee, "available") == 0


def test_a_transfer_is_refused_to_whom_may_not_be_paid(sdk, sandbox, payee, charge):
    source = charge()
    stranger = sdk.v1.accounts.create({"type": "express", "capabilities": {"transfers": {"requested": True}}})
    asked = {"amount": 1_000, "currency": "cny", "source_transaction": source}
    for destination, code in (
        (stranger.id, "insufficient_capabilities_for_transfer"),
        ("acct_nobody", "resource_missing"),
    ):
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            sdk.v1.transfers.create({**asked, "destination": destination})
        assert refusal.value.code == code
    sandbox.control("POST", f"/accounts/{payee}/restrict")
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sdk.v1.transfers.create({**asked, "destination": payee})
    assert refusal.value.code == "insufficient_capabilities_for_transfer"
    sandbox.control("POST", f"/accounts/{payee}/onboard")
    with pytest.raises(stripe.InvalidRequestError, match="must be the same as the transfer currency"):
        sdk.v1.transfers.create({**asked, "destination": payee, "currency": "hkd"})
    assert sdk.v1.transfers.list({"destination": payee}).data == []


def test_a_transfer_is_reversed_in_parts_and_never_beyond(sdk, payee, charge):
    transfer = sdk.v1.transfers.create(
        {"amount": 90_000, "currency": "cny", "destination": payee, "source_transaction": charge()}
    )
    before = sum(line.amount for line in sdk.v1.balance.retrieve().pending)
    first = sdk.v1.transfers.reversals.create(transfer.id, {"amount": 30_000, "metadata": {"reversal_id": "r1"}})
    assert (first.object, first.amount, first.transfer) == ("transfer_reversal", 30_000, transfer.id)
    assert sum(line.amount for line in sdk.v1.balance.retrieve().pending) == before + 30_000
    with pytest.raises(stripe.InvalidRequestError, match=r"greater than unreversed amount on transfer \(60000\)"):
        sdk.v1.transfers.reversals.create(transfer.id, {"amount": 60_001})
    rest = sdk.v1.transfers.reversals.create(transfer.id)
    found = sdk.v1.transfers.retrieve(transfer.id)
    assert (rest.amount, found.amount_reversed, found.reversed) == (60_000, 90_000, True)
    assert [one.id for one in sdk.v1.transfers.reversals.list(transfer.id).data] == [rest.id, first.id]
    assert owned(sdk, payee, "pending") == 0


def test_what_the_payee_has_taken_out_cannot_be_reversed(sdk, sandbox, payee, charge, clock_at, wait_until, receiver):
    transfer = sdk.v1.transfers.create(
        {"amount": 70_000, "currency": "cny", "destination": payee, "source_transaction": charge()}
    )
    with clock_at(3 * 24 * 3600):
        wait_until(lambda: owned(sdk, payee, "available") == 70_000)
        payout = sdk.v1.payouts.create({"amount": 50_000, "currency": "cny"}, {"stripe_account": payee})
        assert payout.status == "pending"
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            sdk.v1.transfers.reversals.create(transfer.id)
        assert refusal.value.code == "balance_insufficient"
        assert sdk.v1.transfers.retrieve(transfer.id).amount_reversed == 0
        assert sdk.v1.transfers.reversals.create(transfer.id, {"amount": 20_000}).amount == 20_000
        wait_until(lambda: sdk.v1.payouts.retrieve(payout.id, {}, {"stripe_account": payee}).status == "paid")
    receiver.wait_for(lambda events: [1 for event in events if event["type"] == "payout.paid"])


def test_the_platform_pays_out_what_is_available_and_a_bank_may_refuse(sdk, sandbox, charge, clock_at, wait_until):
    free = lambda: sum(line.amount for line in sdk.v1.balance.retrieve().available)  # noqa: E731
    # Others have money here too: only what comes on top of it is this charge's.
    with clock_at(3 * 24 * 3600):
        of_others = free()
    charge(500_000)
    with clock_at(3 * 24 * 3600):
        wait_until(lambda: free() >= of_others + 400_000)
        before = free()
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            sdk.v1.payouts.create({"amount": before + 1, "currency": "cny"})
        assert refusal.value.code == "balance_insufficient"
        payout = sdk.v1.payouts.create({"amount": 100_000, "currency": "cny"})
        assert free() == before - 100_000
        assert sandbox.control("POST", f"/payouts/{payout.id}/fail")["failure_code"] == "account_closed"
        assert free() == before


def test_an_account_sees_its_own_things_only(sdk, payee, charge):
    source = charge()
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sdk.v1.charges.retrieve(source, {}, {"stripe_account": payee})
    assert refusal.value.code == "resource_missing"
    with pytest.raises(stripe.PermissionError, match=re.escape("does not have access to account 'acct_nobody'")):
        sdk.v1.balance.retrieve({}, {"stripe_account": "acct_nobody"})


def test_the_same_key_in_two_accounts_is_two_requests(sdk, payee):
    one = sdk.v1.customers.create({"name": "甲"}, {"idempotency_key": "cus-1"})
    other = sdk.v1.customers.create({"name": "甲"}, {"idempotency_key": "cus-1", "stripe_account": payee})
    assert one.id != other.id
    assert sdk.v1.customers.create({"name": "甲"}, {"idempotency_key": "cus-1"}).id == one.id
