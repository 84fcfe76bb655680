"""公示: intended certifications that anyone may read, and object to once signed in."""

from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.certifications import operations
from marketplace.certifications.errors import PublicityOver
from marketplace.certifications.queries import applying as queries
from marketplace.certifications.schemas.applying import ObjectionInput, ObjectionView, PublicityView
from marketplace.identity.guards import requires
from marketplace.identity.rules import Principal
from marketplace.kit import clock
from marketplace.kit.http.limits import GENERAL, SEARCH, limited
from marketplace.kit.http.problems import refusals
from marketplace.kit.ids import parse
from marketplace.kit.pages import LIMIT_DEFAULT, BadCursor, Cursor, Limit, Page, decode_cursor, page


class Publicity(Controller):
    """Intended certifications before the public."""

    path = "/v1/publicity"
    tags = ("certifications",)

    @get(
        operation_id="listPublicity",
        summary="List intended certifications · 公示",
        guards=[limited(SEARCH)],
        responses=refusals(BadCursor),
    )
    async def index(self, cursor: Cursor = None, limit: Limit = LIMIT_DEFAULT) -> Page[PublicityView]:
        """Return every institution whose certification is intended and may still be objected to."""
        found = page(
            await queries.list_publicised(now=clock.now(), after=decode_cursor(cursor, UUID), limit=limit),
            limit=limit,
            key=lambda application: application.id,
        )
        return Page([PublicityView.of(item) for item in found.items], found.next_cursor)

    @post(
        "/{publicity_id:str}/objections",
        operation_id="raiseObjection",
        summary="Object to an intended certification · 提出异议",
        guards=[requires("family", "partner", "institution", "officer"), limited(GENERAL)],
        responses=refusals(PublicityOver),
        response_description="The objection; nothing is certified until it is answered",
    )
    async def objection(
        self, principal: NamedDependency[Principal], publicity_id: FromPath[str], data: JSONBody[ObjectionInput]
    ) -> ObjectionView:
        """Object until the last day of the publicity; who objects is known to the authority only."""
        raised = await operations.raise_objection(
            application_id=parse("app", publicity_id), statement=data.statement, actor=principal, now=clock.now()
        )
        return ObjectionView.of(raised)
