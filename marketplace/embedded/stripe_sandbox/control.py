"""Development's hands on the sandbox, under `/_sandbox/`; all but health need `X-Sandbox-Token`.

GET    /_sandbox/health                    open: what is pending, the clock, the knobs
GET    /_sandbox/chaos                     the knobs as they stand
POST   /_sandbox/chaos {knob: value, …}    turn some (`chaos.py` lists them)
DELETE /_sandbox/chaos                     turn all off
POST   /_sandbox/clock {offset_seconds}    move the clock, relative to real time
POST   /_sandbox/chaos/seed {number}       make the accidents repeatable
POST   /_sandbox/refunds/{id}/fail         fail a pending or succeeded refund
POST   /_sandbox/refunds/{id}/settle       let a pending refund arrive now
POST   /_sandbox/events/{id}/resend        owe an event again to every endpoint
POST   /_sandbox/charges/{id}/dispute      have the payer's bank dispute a card's charge
POST   /_sandbox/disputes/{id}/win         decide a dispute for the platform
POST   /_sandbox/disputes/{id}/lose        decide it for the payer
POST   /_sandbox/accounts/{id}/onboard     have a connected account's owner tell everything
POST   /_sandbox/accounts/{id}/restrict    have Stripe want more of it: it may not be paid
POST   /_sandbox/payouts/{id}/fail         have the bank refuse a payout of the platform
POST   /_sandbox/endpoints/{id}/rotation {keep_seconds}   give a webhook endpoint a new secret beside the former
"""

from dataclasses import asdict
from typing import Any

import msgspec
from litestar import Controller, delete, get, post
from litestar.connection import ASGIConnection
from litestar.exceptions import PermissionDeniedException
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath, JSONBody

from marketplace.embedded.stripe_sandbox.errors import Json
from marketplace.embedded.stripe_sandbox.rendering import render
from marketplace.embedded.stripe_sandbox.resources import (
    accounts,
    disputes,
    events,
    payouts,
    refunds,
    webhook_endpoints,
)
from marketplace.embedded.stripe_sandbox.sandbox import Sandbox, TheSandbox
from marketplace.embedded.stripe_sandbox.settings import API_VERSION


class ClockSetting(msgspec.Struct, forbid_unknown_fields=True):
    """How far the clock stands from real time."""

    offset_seconds: int


class Seed(msgspec.Struct, forbid_unknown_fields=True):
    """What the dice start from."""

    number: int


class Rotation(msgspec.Struct, forbid_unknown_fields=True):
    """How long the former secret goes on signing."""

    keep_seconds: float = 24 * 3600.0


@get("/livez")
async def livez() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "ok"}


@get("/_sandbox/health")
async def health(sandbox: TheSandbox) -> Json:
    """Say that the store answers too, and what is pending."""
    pending = await sandbox.read(
        lambda call: call.tx.sql(
            "SELECT (SELECT count(*) FROM deliveries WHERE delivered_at IS NULL AND abandoned = 0) AS deliveries, "
            "(SELECT count(*) FROM timers WHERE due_at <= ?) AS timers",
            sandbox.clock.now(),
        )[0]
    )
    return {
        "status": "ok",
        "api_version": API_VERSION,
        "clock_offset_seconds": sandbox.clock.offset_seconds,
        "deliveries_pending": pending["deliveries"],
        "timers_due": pending["timers"],
        "chaos": asdict(sandbox.chaos.knobs),
    }


def needs_token(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Let only the holder of the control token through; without a token in the environment, nobody."""
    sandbox: Sandbox = connection.app.state.sandbox
    if not sandbox.accepts_token(connection.headers.get("x-sandbox-token")):
        raise PermissionDeniedException("Send X-Sandbox-Token; the control paths are closed while none is configured.")


class Control(Controller):
    """The paths that change how the sandbox behaves."""

    path = "/_sandbox"
    guards = [needs_token]  # noqa: RUF012 -- Litestar reads it from the class.

    @get("/chaos")
    async def show_chaos(self, sandbox: TheSandbox) -> Json:
        """Show the knobs."""
        return asdict(sandbox.chaos.knobs)

    @post("/chaos", status_code=200)
    async def turn_chaos(self, sandbox: TheSandbox, data: JSONBody[dict[str, Any]]) -> Json:
        """Turn the knobs that are named."""
        return asdict(sandbox.chaos.turn(data))

    @post("/chaos/seed", status_code=200)
    async def seed_chaos(self, sandbox: TheSandbox, data: JSONBody[Seed]) -> Json:
        """Make the accidents repeatable."""
        sandbox.chaos.seed(data.number)
        return {"number": data.number}

    @delete("/chaos", status_code=200)
    async def calm_chaos(self, sandbox: TheSandbox) -> Json:
        """Turn everything off."""
        return asdict(sandbox.chaos.calm())

    @post("/clock", status_code=200)
    async def set_clock(self, sandbox: TheSandbox, data: JSONBody[ClockSetting]) -> Json:
        """Move the clock; what becomes due happens at once."""
        await sandbox.move_clock(data.offset_seconds)
        return {"offset_seconds": sandbox.clock.offset_seconds, "now": int(sandbox.clock.now())}

    @post("/refunds/{refund_id:str}/fail", status_code=200)
    async def fail_refund(self, sandbox: TheSandbox, refund_id: FromPath[str]) -> Json:
        """Fail a refund."""
        return await sandbox.change(lambda call: render(call.tx, refunds.fail(call, refund_id)))

    @post("/refunds/{refund_id:str}/settle", status_code=200)
    async def settle_refund(self, sandbox: TheSandbox, refund_id: FromPath[str]) -> Json:
        """Let a pending refund arrive now."""
        await sandbox.change(lambda call: refunds.settle(call, refund_id))
        return await sandbox.read(lambda call: render(call.tx, call.tx.get("refund", refund_id)))

    @post("/events/{event_id:str}/resend", status_code=200)
    async def resend_event(self, sandbox: TheSandbox, event_id: FromPath[str]) -> Json:
        """Owe an event again."""
        return {"deliveries": await sandbox.change(lambda call: events.resend(call, event_id))}

    @post("/charges/{charge_id:str}/dispute", status_code=200)
    async def dispute_charge(self, sandbox: TheSandbox, charge_id: FromPath[str]) -> Json:
        """Have the payer's bank dispute a charge."""
        return await sandbox.change(lambda call: render(call.tx, disputes.dispute_charge(call, charge_id)))

    @post("/disputes/{dispute_id:str}/win", status_code=200)
    async def win_dispute(self, sandbox: TheSandbox, dispute_id: FromPath[str]) -> Json:
        """Decide a dispute for the platform."""
        return await sandbox.change(lambda call: render(call.tx, disputes.decide(call, dispute_id, won=True)))

    @post("/disputes/{dispute_id:str}/lose", status_code=200)
    async def lose_dispute(self, sandbox: TheSandbox, dispute_id: FromPath[str]) -> Json:
        """Decide a dispute for the payer."""
        return await sandbox.change(lambda call: render(call.tx, disputes.decide(call, dispute_id, won=False)))

    @post("/accounts/{account_id:str}/onboard", status_code=200)
    async def onboard_account(self, sandbox: TheSandbox, account_id: FromPath[str]) -> Json:
        """Have the owner of a connected account tell everything."""
        return await sandbox.change(lambda call: render(call.tx, accounts.onboard(call, account_id)))

    @post("/accounts/{account_id:str}/restrict", status_code=200)
    async def restrict_account(self, sandbox: TheSandbox, account_id: FromPath[str]) -> Json:
        """Have Stripe want more of a connected account."""
        return await sandbox.change(lambda call: render(call.tx, accounts.restrict(call, account_id)))

    @post("/payouts/{payout_id:str}/fail", status_code=200)
    async def fail_payout(self, sandbox: TheSandbox, payout_id: FromPath[str]) -> Json:
        """Have the bank refuse a payout."""
        return await sandbox.change(lambda call: render(call.tx, payouts.fail(call, payout_id)))

    @post("/endpoints/{endpoint_id:str}/rotation", status_code=200)
    async def rotate_secret(self, sandbox: TheSandbox, endpoint_id: FromPath[str], data: JSONBody[Rotation]) -> Json:
        """Give a webhook endpoint a new secret; this answer is the only one that shows it."""
        return await sandbox.change(
            lambda call: render(call.tx, webhook_endpoints.rotate(call, endpoint_id, keep_seconds=data.keep_seconds))
        )
