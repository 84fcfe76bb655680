"""Decisions that wait for a second officer; approving one is a route of bookings, which it displaces."""

from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from marketplace.certifications import queries
from marketplace.certifications.schemas import DecisionView
from marketplace.certifications.states import DecisionStatus
from marketplace.identity.guards import requires
from marketplace.identity.rules import Principal
from marketplace.kit import clock
from marketplace.kit.http.limits import GENERAL, limited
from marketplace.kit.http.problems import refusals
from marketplace.kit.ids import parse
from marketplace.kit.pages import LIMIT_DEFAULT, BadCursor, Cursor, Limit, Page, decode_cursor, page


class Decisions(Controller):
    """Decisions about certifications within the officer's jurisdiction."""

    path = "/v1/decisions"
    tags = ("certifications",)
    guards = (requires("officer"), limited(GENERAL))

    @get(
        operation_id="listDecisions",
        summary="List decisions · 决定列表",
        responses=refusals(BadCursor),
    )
    async def index(
        self,
        principal: NamedDependency[Principal],
        status: FromQuery[DecisionStatus | None] = None,
        cursor: Cursor = None,
        limit: Limit = LIMIT_DEFAULT,
    ) -> Page[DecisionView]:
        """Return decisions, the newest first; ``valid_transitions`` says which of them the caller may approve."""
        found = page(
            await queries.list_decisions(
                principal=principal, status=status, after=decode_cursor(cursor, UUID), limit=limit, now=clock.now()
            ),
            limit=limit,
            key=lambda decision: decision.id,
        )
        return Page([DecisionView.of(item, principal=principal) for item in found.items], found.next_cursor)

    @get(
        "/{decision_id:str}",
        operation_id="getDecision",
        summary="Read a decision · 查看决定",
    )
    async def show(self, principal: NamedDependency[Principal], decision_id: FromPath[str]) -> DecisionView:
        """Return what was asked for, by whom, under which hash, and whether it is approved."""
        found = await queries.decision(principal=principal, decision_id=parse("dec", decision_id), now=clock.now())
        return DecisionView.of(found, principal=principal)
