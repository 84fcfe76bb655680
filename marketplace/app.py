"""The application: the only file that names every controller, plugin and handler."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar
from litestar.datastructures import State
from litestar.plugins.prometheus import PrometheusConfig

from marketplace.bookings.controllers import (
    Adjustments,
    Approvals,
    Bookings,
    Charges,
    FrontDesk,
    Quotes,
    pay_page,
    pay_there,
    payment_return,
)
from marketplace.catalog.controllers import Institutions, Pictures
from marketplace.certifications.controllers import (
    Appeals,
    Applications,
    Assessments,
    Cases,
    Certifications,
    Decisions,
    InspectionConflicts,
    InspectionDraws,
    Inspections,
    Publicity,
    Rectifications,
    Rubrics,
)
from marketplace.credentials.controllers import Certificates, StatusLists
from marketplace.identity.controllers import SessionCodes, Sessions, Tokens
from marketplace.identity.guards import DEPENDENCIES, Authentication
from marketplace.inventory.controllers import Availabilities, RoomTypeNights
from marketplace.kit import clock_follow, db, valkey
from marketplace.kit.absent import absent
from marketplace.kit.http.context import RequestContext, before_send
from marketplace.kit.http.methods import name_methods
from marketplace.kit.http.problems import HANDLERS
from marketplace.kit.http.shedding import Admission, Gate
from marketplace.kit.http.strict import StrictRequest, check_query
from marketplace.kit.logging import configure
from marketplace.messaging.controllers import Development, Events
from marketplace.monitoring.controllers import Health, metrics
from marketplace.monitoring.tracing import tracing_plugins
from marketplace.openapi.config import OPENAPI
from marketplace.openapi.controllers import Documentation
from marketplace.payments import gateway
from marketplace.payments.controllers import ProviderWebhooks
from marketplace.places.controllers import Places
from marketplace.pricing.controllers import Promotions, RatePlans, SeasonRates
from marketplace.quality.controllers import Complaints, Incidents, Signals
from marketplace.register.controllers import Register
from marketplace.search.controllers import Stays
from marketplace.settings import Settings, settings
from marketplace.settlement.controllers import (
    Credits,
    Invoices,
    Payees,
    RefundTasks,
    Statements,
    TransferReleases,
    Transfers,
    onboarding_return,
)
from marketplace.signing.controllers import KeyRotations, WellKnown
from marketplace.tours.controllers import Departures, Tours
from marketplace.transparency.controllers import AuditLog

# A request is answered within 5 s though the database is not: the server ends a statement after the first, and a
# server that is silent is given up after the second.
STATEMENT_S = 4
ANSWER_WITHIN_S = 4.2

CONTROLLERS = (
    Places,
    Institutions,
    Pictures,
    Availabilities,
    RoomTypeNights,
    Stays,
    SeasonRates,
    RatePlans,
    Promotions,
    Tours,
    Departures,
    Certificates,
    StatusLists,
    WellKnown,
    KeyRotations,
    Register,
    AuditLog,
    Publicity,
    Applications,
    Certifications,
    Rectifications,
    Cases,
    Decisions,
    Adjustments,
    Approvals,
    Appeals,
    Rubrics,
    Assessments,
    InspectionDraws,
    Inspections,
    InspectionConflicts,
    Complaints,
    Incidents,
    Signals,
    SessionCodes,
    Sessions,
    Tokens,
    Quotes,
    Bookings,
    Charges,
    FrontDesk,
    pay_page,
    pay_there,
    payment_return,
    Payees,
    Transfers,
    Statements,
    Invoices,
    Credits,
    RefundTasks,
    TransferReleases,
    onboarding_return,
    ProviderWebhooks,
    Events,
    Development,
    Health,
    metrics,
    Documentation,
)


@asynccontextmanager
async def connections(_: Litestar) -> AsyncIterator[None]:
    """Open what the API needs and close it again; what start-up made is frozen out of the garbage collector's way."""
    found = settings()
    await db.connect(
        found.database_url,
        max_size=found.database_pool_size,
        statement_s=STATEMENT_S,
        answer_within_s=ANSWER_WITHIN_S,
    )
    await valkey.connect(found.redis_url)
    gateway.configure(found)
    gc.collect()
    gc.freeze()
    try:
        async with clock_follow.following():
            yield
    finally:
        await gateway.close()
        await valkey.disconnect()
        await db.disconnect()


def gates_of(found: Settings) -> dict[str, Gate]:
    """Divide the connections of this process: most for who has a quote and books, some to quote, the rest to read."""
    shares = {"placing": 5, "quoting": 3, "exporting": 1}
    return {
        name: Gate(
            name, running_max=max(1, found.database_pool_size * tenths // 10), waiting_max=found.waiting_room_size
        )
        for name, tenths in shares.items()
    }


def create_app() -> Litestar:
    """Build the API; connections are opened by its lifespan, not here."""
    found = settings()
    configure(found)
    prometheus = PrometheusConfig(app_name="marketplace", prefix="marketplace", group_path=True, exclude=["/metrics"])
    gates, tracing = gates_of(found), tracing_plugins(found)
    # Litestar would serve what others model with these, too, and load them for it.
    with absent("attr", "opentelemetry", "pydantic"):
        return Litestar(
            route_handlers=CONTROLLERS,
            lifespan=[connections],
            middleware=[RequestContext(), prometheus.middleware, Admission(gates), Authentication()],
            dependencies=DEPENDENCIES,
            plugins=tracing,
            request_class=StrictRequest,
            before_request=check_query,
            before_send=[before_send, name_methods],
            exception_handlers=HANDLERS,
            openapi_config=OPENAPI,
            request_max_body_size=found.body_limit_bytes,
            logging_config=None,
            state=State({"gates": gates}),
        )
