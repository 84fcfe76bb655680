"""The official Stripe CLI against the sandbox: its fixtures are requests that Stripe wrote, and each must be taken.

The CLI is one binary, as ``npm install @stripe/cli`` brings it; name it in ``STRIPE_CLI`` or have it on the path. Without
it these tests are skipped. Not asked for are triggers of what the product does not use (products, subscriptions, topups),
``checkout.session.*``, whose fixtures pay through paths that Stripe does not document, ``charge.dispute.closed``, which
expects a dispute the instant that it was paid, and ``transfer.*``, which expects an account that nobody was asked about.
"""

import os
import shutil
import subprocess

import pytest

CLI = os.environ.get("STRIPE_CLI") or shutil.which("stripe")
EVENTS = (
    "account.updated",
    "charge.dispute.created",
    "charge.failed",
    "charge.refunded",
    "charge.succeeded",
    "customer.created",
    "customer.deleted",
    "customer.updated",
    "payment_intent.canceled",
    "payment_intent.created",
    "payment_intent.payment_failed",
    "payment_intent.requires_action",
    "payment_intent.succeeded",
    "payout.created",
)


@pytest.mark.skipif(CLI is None, reason="the Stripe CLI is not installed: npm install @stripe/cli, then STRIPE_CLI=…")
@pytest.mark.parametrize("event", EVENTS)
def test_a_trigger_of_the_official_cli_is_taken(sandbox, receiver, tmp_path, event):
    before = len(receiver.received)
    done = subprocess.run(
        [CLI, "trigger", event, "--api-base", sandbox.url, "--api-key", "sk_test_houniao"],
        env={"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "STRIPE_CLI_TELEMETRY_OPTOUT": "1", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Trigger succeeded" in done.stdout + done.stderr, done.stdout + done.stderr
    receiver.wait_for(lambda events: event in {one["type"] for one in events[before:]})
