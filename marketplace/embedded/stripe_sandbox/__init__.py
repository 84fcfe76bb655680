"""The Stripe sandbox: a local stand-in for Stripe, its own process, at wire level.

The product always talks through the real `stripe` SDK; in development, in the demo and in tests only the base
addresses differ. So signatures, retries, idempotency keys, declines and late webhooks are the real thing.

Start it:

    export STRIPE_API_KEY=sk_test_… STRIPE_WEBHOOK_SECRET=whsec_…
    export STRIPE_SANDBOX_WEBHOOK_URL=http://127.0.0.1:8000/v1/provider-webhooks/stripe
    python -m marketplace.embedded.stripe_sandbox --port 8420 --data sandbox.sqlite3

A person pays by opening the `url` of a Checkout Session. A script pays with one form-encoded request:

    POST /c/pay/{session_id}      method=card|alipay|wechat_pay & outcome=succeed|decline|later|later_decline|abandon|cancel

and follows the 303 answers: to `success_url` when the money is there (`succeed`) or on its way (`later`), back to
the payment page when it was declined (the session stays open, pay again), to `cancel_url` on `cancel` and `abandon`
(sent to the wallet, never answered there). When the first answer arrives the payment, its events and its webhook
deliveries are already durable. `card_number` may choose another of Stripe's test cards (`cards.py`).

A payee is onboarded at the `url` of an account link: `POST /connect/onboarding/{link_id}  outcome=complete|later`.

Development knobs live under `/_sandbox/` (`control.py`) and need `X-Sandbox-Token`: chaos, the clock, failing a
refund, disputing a charge, restricting a payee, rotating a webhook secret. The dashboard is at `/`. This package
imports nothing of the product.
"""
