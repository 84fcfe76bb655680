"""Signals: what officers see coming."""

from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromQuery

from marketplace.identity.guards import requires
from marketplace.identity.rules import Principal
from marketplace.kit.errors import NotFound
from marketplace.kit.http.limits import GENERAL, limited
from marketplace.kit.http.problems import refusals
from marketplace.kit.ids import parse
from marketplace.kit.pages import LIMIT_DEFAULT, BadCursor, Cursor, Limit, Page, decode_cursor, page
from marketplace.quality import queries
from marketplace.quality.schemas import SignalView


class Signals(Controller):
    """What may call for an assessment before its time."""

    path = "/v1/signals"
    tags = ("quality",)

    @get(
        operation_id="listSignals",
        summary="List signals and what they caused · 风险信号",
        guards=[requires("officer"), limited(GENERAL)],
        responses=refusals(NotFound, BadCursor),
    )
    async def index(
        self,
        principal: NamedDependency[Principal],
        institution_id: FromQuery[str | None] = None,
        cursor: Cursor = None,
        limit: Limit = LIMIT_DEFAULT,
    ) -> Page[SignalView]:
        """Return the signals of the jurisdiction, newest first: complaints, incidents, cancelled stays, late rectifications.

        Each names the assessment that it ordered or brought forward; most are only counted.
        """
        found = page(
            await queries.list_signals(
                principal=principal,
                institution_id=parse("ins", institution_id) if institution_id is not None else None,
                after=decode_cursor(cursor, UUID),
                limit=limit,
            ),
            limit=limit,
            key=lambda signal: signal.id,
        )
        return Page([SignalView.of(one) for one in found.items], found.next_cursor)
