"""Incidents: institutions and officers report, civil affairs concludes."""

from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.identity.guards import requires
from marketplace.identity.rules import Principal
from marketplace.kit import clock
from marketplace.kit.errors import Forbidden, IllegalTransition, NotFound
from marketplace.kit.http.limits import GENERAL, limited
from marketplace.kit.http.problems import refusals
from marketplace.kit.ids import parse
from marketplace.kit.pages import LIMIT_DEFAULT, BadCursor, Cursor, Limit, Page, decode_cursor, page
from marketplace.quality import operations, queries
from marketplace.quality.schemas import ConclusionRequest, IncidentRequest, IncidentView

_PARTIES = requires("institution", "officer")


class Incidents(Controller):
    """Incidents in houses."""

    path = "/v1/incidents"
    tags = ("quality",)

    @post(
        operation_id="reportIncident",
        summary="Report an incident · 事故报告",
        guards=[_PARTIES, limited(GENERAL)],
        responses=refusals(NotFound),
        response_description="The incident, before the officers of the institution's jurisdiction",
    )
    async def create(self, principal: NamedDependency[Principal], data: JSONBody[IncidentRequest]) -> IncidentView:
        """Report what happened in one's own house, or as an officer in one of the jurisdiction.

        A serious or grave incident calls for an assessment within days.
        """
        found = await operations.report(
            institution_id=parse("ins", data.institution_id),
            kind=data.kind,
            severity=data.severity,
            occurred_at=data.occurred_at,
            statement=data.statement,
            actor=principal,
            now=clock.now(),
        )
        return IncidentView.of(found, principal=principal)

    @get(
        operation_id="listIncidents",
        summary="List incidents · 事故列表",
        guards=[_PARTIES, limited(GENERAL)],
        responses=refusals(BadCursor),
    )
    async def index(
        self, principal: NamedDependency[Principal], cursor: Cursor = None, limit: Limit = LIMIT_DEFAULT
    ) -> Page[IncidentView]:
        """Return the incidents of the institution or of the jurisdiction, newest first."""
        found = page(
            await queries.list_incidents(principal=principal, after=decode_cursor(cursor, UUID), limit=limit),
            limit=limit,
            key=lambda incident: incident.id,
        )
        return Page([IncidentView.of(one, principal=principal) for one in found.items], found.next_cursor)

    @get(
        "/{incident_id:str}",
        operation_id="getIncident",
        summary="Read an incident · 查看事故",
        guards=[_PARTIES, limited(GENERAL)],
    )
    async def show(self, principal: NamedDependency[Principal], incident_id: FromPath[str]) -> IncidentView:
        """Return an incident with what was found of it."""
        found = await queries.incident(principal=principal, incident_id=parse("icd", incident_id))
        return IncidentView.of(found, principal=principal)

    @post(
        "/{incident_id:str}/conclusion",
        status_code=200,
        operation_id="concludeIncident",
        summary="Say what was found · 事故结论",
        guards=[requires("officer"), limited(GENERAL)],
        responses=refusals(IllegalTransition, Forbidden),
    )
    async def conclude(
        self, principal: NamedDependency[Principal], incident_id: FromPath[str], data: JSONBody[ConclusionRequest]
    ) -> IncidentView:
        """Conclude an incident; the prefecture or the province alone finds that elders were abused, which caps the grade."""
        found = await operations.conclude(
            incident_id=parse("icd", incident_id),
            outcome=data.outcome,
            statement=data.statement,
            actor=principal,
            now=clock.now(),
        )
        return IncidentView.of(found, principal=principal)
