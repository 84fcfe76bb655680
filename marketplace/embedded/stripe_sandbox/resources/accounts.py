"""Connected accounts: who is paid by the platform, what Stripe still wants to know of them, and what they may do."""

from typing import Annotated, Literal

import msgspec

from marketplace.embedded.stripe_sandbox.call import Call
from marketplace.embedded.stripe_sandbox.errors import Json, StripeError, invalid
from marketplace.embedded.stripe_sandbox.ids import letters, new_id
from marketplace.embedded.stripe_sandbox.listing import ListParams, page
from marketplace.embedded.stripe_sandbox.rendering import as_list
from marketplace.embedded.stripe_sandbox.store import PLATFORM, Transaction
from marketplace.embedded.stripe_sandbox.wire import Params, check_metadata

_WANTED = ["business_profile.url", "company.name", "external_account", "tos_acceptance.date", "tos_acceptance.ip"]


class Wish(Params):
    """`capabilities[transfers]`."""

    requested: bool


class Capabilities(Params):
    """`capabilities`; what an account may do once Stripe knows enough of it."""

    transfers: Wish | None = None
    card_payments: Wish | None = None


class Schedule(Params):
    """`settings[payouts][schedule]`."""

    interval: Literal["manual", "daily", "weekly", "monthly"] = "daily"


class Payouts(Params):
    """`settings[payouts]`."""

    schedule: Schedule = msgspec.field(default_factory=Schedule)


class AccountSettings(Params):
    """`settings`."""

    payouts: Payouts = msgspec.field(default_factory=Payouts)


class CreateAccount(Params):
    """`POST /v1/accounts`."""

    type: Literal["express", "custom", "standard"] = "express"
    country: Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")] = "HK"
    email: str | None = None
    default_currency: str | None = None
    business_type: Literal["company", "individual", "non_profit", "government_entity"] | None = None
    capabilities: Capabilities = msgspec.field(default_factory=Capabilities)
    settings: AccountSettings = msgspec.field(default_factory=AccountSettings)
    metadata: dict[str, str] = msgspec.field(default_factory=dict)


class UpdateAccount(Params):
    """`POST /v1/accounts/{id}`."""

    email: str | None = None
    settings: AccountSettings | None = None
    metadata: dict[str, str] | None = None


def create(call: Call) -> Json:
    """Create an account that Stripe knows nothing of yet; its owner tells it on the onboarding page.

    Publishes: `account.updated`, in the account's own name.
    """
    params = call.read(CreateAccount)
    check_metadata(params.metadata)
    account = _account(call, params)
    call.tx.add(account)
    _tell(call, account)
    return account


def retrieve(call: Call) -> Json:
    """Retrieve an account."""
    return call.tx.get("account", call.ids["id"])


def index(call: Call) -> Json:
    """List the connected accounts."""
    return page(call, "account", call.read(ListParams), url="/v1/accounts")


def update(call: Call) -> Json:
    """Change what may be changed from outside.

    Publishes: `account.updated`.
    """
    params = call.read(UpdateAccount)
    account = retrieve(call)
    if params.email is not None:
        account["email"] = params.email
    if params.metadata is not None:
        check_metadata(params.metadata)
        account["metadata"] = {**account["metadata"], **params.metadata}
    if params.settings is not None:
        account["settings"]["payouts"]["schedule"]["interval"] = params.settings.payouts.schedule.interval
    call.tx.save(account)
    _tell(call, account)
    return account


def onboard(call: Call, account_id: str) -> Json:
    """Have an account's owner tell Stripe everything: it may be paid from now on.

    Publishes: `account.updated`.
    """
    account = call.tx.get("account", account_id)
    bank = _bank_account(account)
    account.update(
        details_submitted=True,
        charges_enabled=account["capabilities"].get("card_payments") is not None,
        payouts_enabled=True,
        capabilities=dict.fromkeys(account["capabilities"], "active"),
        external_accounts=as_list([bank], url=account["external_accounts"]["url"]),
        requirements=_requirements([]),
        tos_acceptance={"date": call.now, "ip": None, "user_agent": None},
    )
    call.tx.save(account)
    _tell(call, account)
    return account


def restrict(call: Call, account_id: str) -> Json:
    """Have Stripe want something more of an account: until it is told, nothing is paid to it or out of it.

    Publishes: `account.updated`.
    """
    account = call.tx.get("account", account_id)
    account.update(
        payouts_enabled=False,
        capabilities=dict.fromkeys(account["capabilities"], "inactive"),
        requirements=_requirements(["company.verification.document"], reason="requirements.past_due"),
    )
    call.tx.save(account)
    _tell(call, account)
    return account


def must_exist(tx: Transaction, account_id: str) -> None:
    """Refuses: a `Stripe-Account` that is none of the platform's (403, as Stripe does)."""
    with tx.inside(PLATFORM):
        found = tx.find(account_id)
    if found is None or found["object"] != "account":
        raise StripeError(
            403,
            "invalid_request_error",
            f"The provided key does not have access to account '{account_id}' (or that account does not exist).",
            code="account_invalid",
        )


def must_take_transfers(call: Call, account_id: str) -> None:
    """Refuses: an unknown destination, one that may not be paid yet or any more."""
    account = call.tx.get("account", account_id, param="destination", status=400)
    if account["capabilities"].get("transfers") != "active":
        raise invalid(
            "Your destination account needs to have at least one of the following capabilities enabled: transfers",
            param="destination",
            code="insufficient_capabilities_for_transfer",
        )


def _tell(call: Call, account: Json) -> None:
    with call.tx.inside(account["id"]):
        call.publish("account.updated", account)


def _account(call: Call, params: CreateAccount) -> Json:
    account_id = new_id("acct", 16)
    wishes = {name: getattr(params.capabilities, name) for name in ("transfers", "card_payments")}
    return {
        "id": account_id,
        "object": "account",
        "business_profile": dict.fromkeys(
            (
                "annual_revenue",
                "estimated_worker_count",
                "mcc",
                "minority_owned_business_designation",
                "name",
                "product_description",
                "support_address",
                "support_email",
                "support_phone",
                "support_url",
                "url",
            )
        ),
        "business_type": params.business_type,
        "capabilities": {name: "inactive" for name, wish in wishes.items() if wish is not None and wish.requested},
        "charges_enabled": False,
        "controller": {
            "type": "application",
            "is_controller": True,
            "fees": {"payer": "application_express" if params.type == "express" else "application"},
            "losses": {"payments": "application"},
            "requirement_collection": "stripe",
            "stripe_dashboard": {"type": "express" if params.type == "express" else "none"},
        },
        "country": params.country,
        "created": call.now,
        "default_currency": (params.default_currency or "cny").lower(),
        "details_submitted": False,
        "email": params.email,
        "external_accounts": as_list([], url=f"/v1/accounts/{account_id}/external_accounts"),
        "future_requirements": _requirements([]),
        "groups": None,
        "metadata": params.metadata,
        "payouts_enabled": False,
        "requirements": _requirements(_WANTED, reason="requirements.past_due"),
        "settings": _settings(params.settings.payouts.schedule.interval),
        "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
        "type": params.type,
    }


def _settings(interval: str) -> Json:
    nothing = ("statement_descriptor", "statement_descriptor_kana", "statement_descriptor_kanji")
    return {
        "branding": dict.fromkeys(("icon", "logo", "primary_color", "secondary_color")),
        "card_payments": {
            "decline_on": {"avs_failure": False, "cvc_failure": False},
            **dict.fromkeys(f"statement_descriptor_prefix{script}" for script in ("", "_kana", "_kanji")),
        },
        "dashboard": {"display_name": None, "timezone": "Asia/Shanghai"},
        "payments": dict.fromkeys(nothing),
        "payouts": {
            "debit_negative_balances": False,
            "schedule": {"delay_days": 2, "interval": interval},
            "statement_descriptor": None,
        },
        "sepa_debit_payments": {},
    }


def _requirements(due: list[str], reason: str | None = None) -> Json:
    return {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": due,
        "disabled_reason": reason,
        "errors": [],
        "eventually_due": due,
        "past_due": due,
        "pending_verification": [],
    }


def _bank_account(account: Json) -> Json:
    return {
        "id": new_id("ba"),
        "object": "bank_account",
        "account": account["id"],
        "account_holder_name": None,
        "account_holder_type": "company",
        "account_type": None,
        "available_payout_methods": ["standard"],
        "bank_name": "示例银行 Example Bank",
        "country": account["country"],
        "currency": account["default_currency"],
        "default_for_currency": True,
        "fingerprint": letters(16),
        "future_requirements": None,
        "last4": "6789",
        "metadata": {},
        "requirements": None,
        "routing_number": "110000000",
        "status": "new",
    }
