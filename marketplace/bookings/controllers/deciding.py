"""The second officer's approval, and what it would do."""

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from marketplace.bookings import operations, queries
from marketplace.bookings.schemas import ImpactView
from marketplace.certifications import queries as certifications
from marketplace.certifications.queries.policies import policy_on
from marketplace.certifications.schemas import CertificationView
from marketplace.identity.errors import DecisionAltered, DecisionExpired, DecisionNotPending, SecondOfficerRequired
from marketplace.identity.guards import requires
from marketplace.identity.rules import Level, Principal
from marketplace.kit import clock
from marketplace.kit.errors import IllegalTransition
from marketplace.kit.http.limits import GENERAL, limited
from marketplace.kit.http.problems import refusals
from marketplace.kit.ids import parse


class Approvals(Controller):
    """Decisions that two officers make."""

    tags = ("certifications",)

    @post(
        "/v1/decisions/{decision_id:str}/approvals",
        guards=[requires("officer", levels=(Level.PROVINCE,)), limited(GENERAL)],
        summary="Approve a revocation as the second officer · 复核撤销",
        operation_id="approveDecision",
        response_description="The revoked certification",
        responses=refusals(
            SecondOfficerRequired, DecisionNotPending, DecisionExpired, DecisionAltered, IllegalTransition
        ),
    )
    async def approve(self, principal: NamedDependency[Principal], decision_id: FromPath[str]) -> CertificationView:
        """Revoke at once: sale stops, holds and open quotes are void, confirmed bookings are displaced and refunded."""
        now = clock.now()
        found = parse("dec", decision_id)
        certification_id = await operations.approve_revocation(principal=principal, decision_id=found, now=now)
        certification = await certifications.certification(principal=principal, certification_id=certification_id)
        policy = await policy_on(clock.local_date(now))
        return CertificationView.of(certification, principal=principal, policy=policy, now=now)

    @get(
        "/v1/certifications/{certification_id:str}/impact",
        guards=[requires("officer"), limited(GENERAL)],
        summary="What a revocation would do · 撤销影响",
        operation_id="getRevocationImpact",
    )
    async def impact(self, principal: NamedDependency[Principal], certification_id: FromPath[str]) -> ImpactView:
        """Count the bookings, the elders in house and the money that a revocation would touch now."""
        certification = await certifications.certification(
            principal=principal, certification_id=parse("crt", certification_id)
        )
        return ImpactView.of(certification_id, await queries.impact(institution_id=certification.institution_id))
