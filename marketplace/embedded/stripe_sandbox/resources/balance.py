"""An account's balance: one transaction per movement of money, with its fee and the day it becomes available."""

from typing import Literal

from marketplace.embedded.stripe_sandbox.call import Call
from marketplace.embedded.stripe_sandbox.errors import Json
from marketplace.embedded.stripe_sandbox.ids import new_id
from marketplace.embedded.stripe_sandbox.listing import ListParams, equal, page
from marketplace.embedded.stripe_sandbox.wire import Params

_FEE_BPS = {"card": 340, "alipay": 220, "wechat_pay": 220}
_FEE_FIXED = {"card": 200, "alipay": 0, "wechat_pay": 0}
_AVAILABLE_AFTER_DAYS = {"card": 2, "alipay": 3, "wechat_pay": 3}
_DAY = 24 * 3600

Movement = Literal[
    "charge",
    "payment",
    "refund",
    "payment_refund",
    "refund_failure",
    "transfer",
    "transfer_refund",
    "payout",
    "payout_failure",
    "adjustment",
]
_CATEGORIES = {
    "payment": "charge",
    "payment_refund": "refund",
    "transfer_refund": "transfer_reversal",
    "payout_failure": "payout_reversal",
}


class ListTransactions(ListParams):
    """`GET /v1/balance_transactions`."""

    payout: str | None = None
    type: str | None = None
    source: str | None = None
    currency: str | None = None


class RetrieveBalance(Params):
    """`GET /v1/balance`."""


def for_charge(call: Call, charge: Json, method_type: str, *, at_once: bool = False) -> Json:
    """Record a captured charge: gross, fee (rounded half up) and net; it is available after some days, or at once."""
    fee = (charge["amount"] * _FEE_BPS[method_type] + 5_000) // 10_000 + _FEE_FIXED[method_type]
    return record(
        call,
        "charge" if method_type == "card" else "payment",
        charge,
        amount=charge["amount"],
        fee=min(fee, charge["amount"]),
        available_on=call.now if at_once else call.now + _AVAILABLE_AFTER_DAYS[method_type] * _DAY,
    )


def for_refund(call: Call, refund: Json, charge: Json) -> Json:
    """Record a refund: the whole amount leaves, the fee of the charge does not come back."""
    kind: Movement = "refund" if charge["id"].startswith("ch_") else "payment_refund"
    return record(call, kind, refund, amount=-refund["amount"], available_on=_available_on(call, charge))


def for_failed_refund(call: Call, refund: Json, charge: Json) -> Json:
    """Record that the money of a refund came back."""
    return record(call, "refund_failure", refund, amount=refund["amount"], available_on=_available_on(call, charge))


def retrieve(call: Call) -> Json:
    """Add the balance up, per currency."""
    call.read(RetrieveBalance)
    return {
        "object": "balance",
        "available": _shown(sums(call, "available")),
        "livemode": False,
        "pending": _shown(sums(call, "pending")),
    }


def retrieve_settings(call: Call) -> Json:
    """Tell how the platform is paid out: by hand, since it holds money for others."""
    call.read(RetrieveBalance)
    payouts = {
        "schedule": {"interval": "manual"},
        "statement_descriptor": None,
        "status": "enabled",
    }
    timing = {"delay_days": 2}
    payments = {"debit_negative_balances": False, "payouts": payouts, "settlement_timing": timing}
    return {"object": "balance_settings", "payments": payments}


def retrieve_transaction(call: Call) -> Json:
    """Retrieve a balance transaction."""
    return call.tx.get("balance_transaction", call.ids["id"])


def index_transactions(call: Call) -> Json:
    """List balance transactions, by type or by the object that moved the money."""
    params = call.read(ListTransactions)
    # A manual payout names no movements of its own but itself, as at Stripe.
    where = equal(type=params.type, source=params.payout or params.source, currency=params.currency)
    return page(call, "balance_transaction", params, url="/v1/balance_transactions", where=where)


def release(call: Call, transaction_id: str) -> None:
    """Make a transaction's money available, on its day."""
    call.tx.save({**call.tx.get("balance_transaction", transaction_id), "status": "available"})


def sums(call: Call, status: str) -> dict[str, int]:
    """Add the account's movements of one status up, by currency."""
    rows = call.tx.sql(
        "SELECT json_extract(data, '$.currency') AS currency, sum(json_extract(data, '$.net')) AS net FROM objects "
        "WHERE kind = 'balance_transaction' AND account = ? AND json_extract(data, '$.status') = ? "
        "GROUP BY 1 ORDER BY 1",
        call.tx.account,
        status,
    )
    return {row["currency"]: row["net"] for row in rows}


def record(  # noqa: PLR0913 -- a line in the books has this many facts.
    call: Call, kind: Movement, source: Json, *, amount: int, available_on: int, fee: int = 0
) -> Json:
    """Write a movement of the account's money down; it is available at once, or on its day."""
    currency = source["currency"]
    details = {"amount": fee, "application": None, "currency": currency, "description": "Stripe processing fees"}
    transaction: Json = {
        "id": new_id("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": available_on,
        "balance_type": "payments",
        "created": call.now,
        "currency": currency,
        "description": source.get("description"),
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [{**details, "type": "stripe_fee"}] if fee else [],
        "net": amount - fee,
        "reporting_category": _category(kind, amount),
        "source": source["id"],
        "status": "available" if available_on <= call.now else "pending",
        "type": kind,
    }
    call.tx.add(transaction)
    if transaction["status"] == "pending":
        call.tx.set_timer("balance.release", transaction["id"], available_on)
    return transaction


def _category(kind: Movement, amount: int) -> str:
    if kind == "adjustment":
        return "dispute" if amount < 0 else "dispute_reversal"
    return _CATEGORIES.get(kind, kind)


def _available_on(call: Call, charge: Json) -> int:
    """A refund of money that is not yet available comes out of what is pending."""
    captured = call.tx.get("balance_transaction", charge["balance_transaction"])
    return max(call.now, int(captured["available_on"]))


def _shown(found: dict[str, int]) -> list[Json]:
    return [
        {"amount": net, "currency": currency, "source_types": {"card": net}}
        for currency, net in (found or {"cny": 0}).items()
    ]
