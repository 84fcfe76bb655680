"""Status lists: which certificates are revoked, and which suspended."""

from litestar import Controller, get
from litestar.params import FromPath

from marketplace.credentials import operations
from marketplace.credentials.controllers.certificates import VC_JWT
from marketplace.kit import clock
from marketplace.kit.http.caching import ETag
from marketplace.kit.http.limits import SEARCH, limited
from marketplace.settings import settings


class StatusLists(Controller):
    """Status lists, signed."""

    path = "/v1/status-lists"
    tags = ("certificates",)

    @get(
        "/{list_id:str}",
        operation_id="getStatusList",
        summary="Read a status list · 状态列表",
        guards=[limited(SEARCH)],
        middleware=[ETag()],
        media_type=VC_JWT,
        response_description="A BitstringStatusListCredential as vc+jwt (ES256)",
    )
    async def show(self, list_id: FromPath[str]) -> str:
        """Return which certificates are revoked (``revocation-1``) or suspended (``suspension-1``), as of this instant.

        Fetch it anew after its ``ttl`` of five minutes; after a quarter of an hour it is worth nothing.
        """
        return await operations.issue_status_list(list_id, public_url=settings().public_url, now=clock.now())
