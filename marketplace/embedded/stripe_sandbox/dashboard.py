"""The dashboard at `/`: the latest payments, refunds and events, and which webhooks arrived."""

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from marketplace.embedded.stripe_sandbox.call import Call
from marketplace.embedded.stripe_sandbox.errors import Json
from marketplace.embedded.stripe_sandbox.html import page
from marketplace.embedded.stripe_sandbox.pages import PageRequest, refuse_other_sites
from marketplace.embedded.stripe_sandbox.resources import balance, events
from marketplace.embedded.stripe_sandbox.sandbox import TheSandbox

_ROWS = 30


@get("/")
async def dashboard(sandbox: TheSandbox) -> Response[str]:
    """Show what happened lately."""
    return page("dashboard.html", **await sandbox.read(_lately))


@post("/dashboard/events/{event_id:str}/resend")
async def resend(request: PageRequest, sandbox: TheSandbox, event_id: FromPath[str]) -> Redirect:
    """Owe an event once more to every endpoint."""
    refuse_other_sites(request)
    await sandbox.change(lambda call: events.resend(call, event_id))
    return Redirect("/#events", status_code=303)


def _lately(call: Call) -> Json:
    tail = f"ORDER BY seq DESC LIMIT {_ROWS}"
    deliveries: dict[str, list[Json]] = {}
    happened = call.tx.select("event", tail=tail)
    marks = ", ".join("?" * len(happened))
    for row in call.tx.sql(
        f"SELECT * FROM deliveries WHERE event_id IN ({marks}) ORDER BY id", *(event["id"] for event in happened)
    ):
        deliveries.setdefault(row["event_id"], []).append(dict(row))
    return {
        "payments": call.tx.select("payment_intent", tail=tail),
        "sessions": call.tx.select("checkout.session", tail=tail),
        "refunds": call.tx.select("refund", tail=tail),
        "accounts": call.tx.select("account", tail=tail),
        "transfers": call.tx.select("transfer", tail=tail),
        "disputes": call.tx.select("dispute", tail=tail),
        "balances": {status: balance.sums(call, status) for status in ("available", "pending")},
        "events": happened,
        "deliveries": deliveries,
        "endpoints": {endpoint["id"]: endpoint["url"] for endpoint in call.tx.select("webhook_endpoint")},
    }
