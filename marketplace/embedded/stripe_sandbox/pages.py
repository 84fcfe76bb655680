"""The pages a payer sees: the hosted checkout, and the wallet's or bank's page where the payer agrees.

They work without JavaScript and send no request anywhere else. Scripts use the same forms (package docstring).
"""

from importlib.resources import files

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.exceptions import PermissionDeniedException
from litestar.params import FromPath
from litestar.response import Redirect

from marketplace.embedded.stripe_sandbox.call import Call
from marketplace.embedded.stripe_sandbox.cards import SHOWN
from marketplace.embedded.stripe_sandbox.drawing import code_svg
from marketplace.embedded.stripe_sandbox.errors import Json, StripeError
from marketplace.embedded.stripe_sandbox.html import page
from marketplace.embedded.stripe_sandbox.resources import account_links, checkout_paying
from marketplace.embedded.stripe_sandbox.resources.checkout_paying import Attempt, page_of, success_address
from marketplace.embedded.stripe_sandbox.sandbox import TheSandbox
from marketplace.embedded.stripe_sandbox.wire import decode_form

PageRequest = Request[None, None, State]

_CSS = files("marketplace.embedded.stripe_sandbox").joinpath("templates/sandbox.css").read_text()


class Agreement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The form of the authorise page, and of the onboarding page."""

    outcome: str


@get("/sandbox.css")
async def stylesheet() -> Response[str]:
    """Serve the one stylesheet."""
    return Response(_CSS, media_type="text/css; charset=utf-8", headers={"Cache-Control": "max-age=300"})


@get("/c/pay/{session_id:str}")
async def checkout(sandbox: TheSandbox, session_id: FromPath[str]) -> Response[str]:
    """Show what is to be paid, and how; or that it is too late or already done."""
    session, error, now = await sandbox.read(lambda call: _look(call, session_id))
    merchant = sandbox.settings.merchant
    if session["status"] == "complete":
        paid = session["payment_status"] == "paid"
        onward = success_address(session)
        return page("closed.html", state="paid" if paid else "processing", merchant=merchant, onward=onward)
    if session["status"] == "expired" or session["expires_at"] <= now:
        return page("closed.html", state="expired", merchant=merchant, onward=session["cancel_url"])
    leads_to = (session["success_url"], session["cancel_url"])
    return page("checkout.html", leads_to=leads_to, merchant=merchant, session=session, error=error, cards=SHOWN)


@post("/c/pay/{session_id:str}")
async def pay(request: PageRequest, sandbox: TheSandbox, session_id: FromPath[str]) -> Redirect:
    """Try to pay, by a person's click or by a script's single request."""
    refuse_other_sites(request)
    form = msgspec.convert(decode_form(await request.body()), Attempt, strict=False)
    onward = await sandbox.change(lambda call: checkout_paying.pay(call, session_id, form))
    return Redirect(onward, status_code=303)


@get("/authorize/{intent_id:str}")
async def authorise_page(sandbox: TheSandbox, intent_id: FromPath[str]) -> Response[str]:
    """Stand in for the wallet or the bank: show the amount and ask."""
    intent, kind, onward, away = await sandbox.read(lambda call: _look_at_intent(call, intent_id))
    merchant = sandbox.settings.merchant
    if intent["status"] != "requires_action":
        state = {"succeeded": "paid", "processing": "processing"}.get(intent["status"], "refused")
        return page("closed.html", state=state, merchant=merchant, onward=onward)
    leads_to = (intent.get("_return_url"), onward)
    drawing = code_svg(intent["id"])
    return page(
        "authorise.html", leads_to=leads_to, merchant=merchant, intent=intent, kind=kind, drawing=drawing, away=away
    )


@post("/authorize/{intent_id:str}")
async def authorise(request: PageRequest, sandbox: TheSandbox, intent_id: FromPath[str]) -> Redirect:
    """Take the payer's word: `outcome=succeed` or `outcome=decline`."""
    refuse_other_sites(request)
    form = msgspec.convert(decode_form(await request.body()), Agreement)
    agreed = form.outcome == "succeed"
    onward = await sandbox.change(lambda call: checkout_paying.authorise(call, intent_id, agreed=agreed))
    return Redirect(onward or f"{sandbox.settings.base_url}/authorize/{intent_id}", status_code=303)


@get("/authorize/{intent_id:str}/code.svg")
async def authorise_code(sandbox: TheSandbox, intent_id: FromPath[str]) -> Response[str]:
    """Draw what stands for the wallet's QR code."""
    intent = await sandbox.read(lambda call: call.tx.get("payment_intent", intent_id))
    return Response(code_svg(intent["id"]), media_type="image/svg+xml")


@get("/connect/onboarding/{link_id:str}")
async def onboarding_page(sandbox: TheSandbox, link_id: FromPath[str]) -> Response[str]:
    """Stand in for Stripe's form on which a payee tells who it is and where its bank is."""
    link, account, now = await sandbox.read(lambda call: _look_at_link(call, link_id))
    lapsed = link["_used"] or link["expires_at"] <= now
    leads_to = (link["_return_url"], link["_refresh_url"])
    merchant = sandbox.settings.merchant
    return page("onboarding.html", leads_to=leads_to, merchant=merchant, link=link, account=account, lapsed=lapsed)


@post("/connect/onboarding/{link_id:str}")
async def onboard(request: PageRequest, sandbox: TheSandbox, link_id: FromPath[str]) -> Redirect:
    """Take what the payee's person said: `outcome=complete` or `outcome=later`."""
    refuse_other_sites(request)
    form = msgspec.convert(decode_form(await request.body()), Agreement)
    complete = form.outcome == "complete"
    onward = await sandbox.change(lambda call: account_links.onboard(call, link_id, complete=complete))
    return Redirect(onward, status_code=303)


def refuse_other_sites(request: PageRequest) -> None:
    """Refuses: a form that another site's page submits; scripts send no such header and pass."""
    if request.headers.get("sec-fetch-site") == "cross-site":
        raise PermissionDeniedException("Forms of the sandbox are submitted from its own pages.")


def _look(call: Call, session_id: str) -> tuple[Json, Json | None, int]:
    session = call.tx.get("checkout.session", session_id)
    intent = call.tx.find(session["payment_intent"]) if session["payment_intent"] else None
    return session, intent["last_payment_error"] if intent else None, call.now


def _look_at_link(call: Call, link_id: str) -> tuple[Json, Json, int]:
    link = call.tx.get("account_link", link_id)
    return link, call.tx.get("account", link["_account"]), call.now


def _look_at_intent(call: Call, intent_id: str) -> tuple[Json, str, str | None, str | None]:
    """Find the payment, the kind of its method, where the payer came from, and where one goes who does not pay."""
    intent = call.tx.get("payment_intent", intent_id)
    method = call.tx.find(intent["payment_method"] or "")
    onward = intent.get("_return_url")
    away = None
    if "_session" in intent:
        session = call.tx.get("checkout.session", intent["_session"])
        onward = success_address(session) if session["status"] == "complete" else page_of(call, session)
        away = session["cancel_url"]
    return intent, method["type"] if method else "card", onward, away


def refusal_page(_: PageRequest, error: StripeError | msgspec.ValidationError) -> Response[str]:
    """Say on a page why it cannot be done."""
    status = error.status if isinstance(error, StripeError) else 400
    return page("closed.html", status=status, state="unknown", merchant=str(error), onward=None)
