"""The platform's balance: one transaction per movement of money, with its fee and the day it becomes available."""

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

Movement = Literal["charge", "payment", "refund", "payment_refund", "refund_failure"]


class ListTransactions(ListParams):
    """`GET /v1/balance_transactions`."""

    type: str | None = None
    source: str | None = None
    currency: str | None = None


class RetrieveBalance(Params):
    """`GET /v1/balance`."""


def for_charge(call: Call, charge: Json, method_type: str) -> Json:
    """Record a captured charge: gross, fee (rounded half up) and net."""
    fee = (charge["amount"] * _FEE_BPS[method_type] + 5_000) // 10_000 + _FEE_FIXED[method_type]
    return _record(
        call,
        "charge" if method_type == "card" else "payment",
        charge,
        amount=charge["amount"],
        fee=min(fee, charge["amount"]),
        available_on=call.now + _AVAILABLE_AFTER_DAYS[method_type] * _DAY,
    )


def for_refund(call: Call, refund: Json, charge: Json) -> Json:
    """Record a refund: the whole amount leaves, the fee of the charge does not come back."""
    kind: Movement = "refund" if charge["id"].startswith("ch_") else "payment_refund"
    return _record(call, kind, refund, amount=-refund["amount"], available_on=_available_on(call, charge))


def for_failed_refund(call: Call, refund: Json, charge: Json) -> Json:
    """Record that the money of a refund came back."""
    return _record(call, "refund_failure", refund, amount=refund["amount"], available_on=_available_on(call, charge))


def retrieve(call: Call) -> Json:
    """Add the balance up, per currency."""
    call.read(RetrieveBalance)
    return {
        "object": "balance",
        "available": _sums(call, "available"),
        "livemode": False,
        "pending": _sums(call, "pending"),
    }


def retrieve_transaction(call: Call) -> Json:
    """Retrieve a balance transaction."""
    return call.tx.get("balance_transaction", call.ids["id"])


def index_transactions(call: Call) -> Json:
    """List balance transactions, by type or by the object that moved the money."""
    params = call.read(ListTransactions)
    where = equal(type=params.type, source=params.source, currency=params.currency)
    return page(call, "balance_transaction", params, url="/v1/balance_transactions", where=where)


def release(call: Call, transaction_id: str) -> None:
    """Make a transaction's money available, on its day."""
    call.tx.save({**call.tx.get("balance_transaction", transaction_id), "status": "available"})


def _record(  # noqa: PLR0913 -- a line in the books has this many facts.
    call: Call, kind: Movement, source: Json, *, amount: int, available_on: int, fee: int = 0
) -> Json:
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
        "reporting_category": {"payment": "charge", "payment_refund": "refund"}.get(kind, kind),
        "source": source["id"],
        "status": "pending",
        "type": kind,
    }
    call.tx.add(transaction)
    call.tx.set_timer("balance.release", transaction["id"], available_on)
    return transaction


def _available_on(call: Call, charge: Json) -> int:
    """A refund of money that is not yet available comes out of what is pending."""
    captured = call.tx.get("balance_transaction", charge["balance_transaction"])
    return max(call.now, int(captured["available_on"]))


def _sums(call: Call, status: str) -> list[Json]:
    rows = call.tx.sql(
        "SELECT json_extract(data, '$.currency') AS currency, sum(json_extract(data, '$.net')) AS net FROM objects "
        "WHERE kind = 'balance_transaction' AND json_extract(data, '$.status') = ? GROUP BY 1 ORDER BY 1",
        status,
    )
    found = [{"amount": row["net"], "currency": row["currency"], "source_types": {"card": row["net"]}} for row in rows]
    return found or [{"amount": 0, "currency": "cny", "source_types": {"card": 0}}]
