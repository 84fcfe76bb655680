"""Account links: a short-lived address at which an account's owner tells Stripe who is paid."""

from typing import Literal

from marketplace.embedded.stripe_sandbox.call import Call
from marketplace.embedded.stripe_sandbox.errors import Json, invalid
from marketplace.embedded.stripe_sandbox.ids import new_id
from marketplace.embedded.stripe_sandbox.resources import accounts
from marketplace.embedded.stripe_sandbox.wire import Params

_LIFETIME_SECONDS = 300


class CreateLink(Params):
    """`POST /v1/account_links`."""

    account: str
    type: Literal["account_onboarding", "account_update"]
    refresh_url: str
    return_url: str


def create(call: Call) -> Json:
    """Make a link that works once, for five minutes.

    Refuses: an unknown account, an address that is not http(s).
    """
    params = call.read(CreateLink)
    call.tx.get("account", params.account, param="account", status=400)
    for name in ("refresh_url", "return_url"):
        if not getattr(params, name).startswith(("http://", "https://")):
            raise invalid("Not a valid URL", param=name, code="url_invalid")
    link_id = new_id("link", 32)
    link: Json = {
        "object": "account_link",
        "created": call.now,
        "expires_at": call.now + _LIFETIME_SECONDS,
        "url": f"{call.base_url}/connect/onboarding/{link_id}",
    }
    kept = {**link, "_account": params.account, "_return_url": params.return_url, "_refresh_url": params.refresh_url}
    call.tx.add({**kept, "id": link_id, "_used": False})
    return link


def onboard(call: Call, link_id: str, *, complete: bool) -> str:
    """Take what the owner said on the page; returns where the browser goes next.

    An old or used link leads to `refresh_url`, which makes a new one; leaving early keeps the link unused.
    Refuses: an unknown link. Publishes: `account.updated` when everything was told.
    """
    link = call.tx.get("account_link", link_id)
    if link["_used"] or link["expires_at"] <= call.now:
        return str(link["_refresh_url"])
    if complete:
        call.tx.save({**link, "_used": True})
        accounts.onboard(call, link["_account"])
    return str(link["_return_url"])
