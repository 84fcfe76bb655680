"""What makes a development system playable: reading every message that was sent, and moving the clock.

Outside development these routes answer 404, whoever asks.
"""

from datetime import timedelta
from functools import cache
from typing import Annotated, Any

from jinja2 import Environment, PackageLoader, Template
from litestar import Controller, Request, Response, get, post
from litestar.connection import ASGIConnection
from litestar.enums import MediaType
from litestar.handlers import BaseRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody, QueryParameter

from marketplace.identity.guards import NO_PRINCIPAL
from marketplace.kit import clock, clock_follow
from marketplace.kit.errors import NotFound
from marketplace.kit.http.problems import refusals
from marketplace.messaging import queries
from marketplace.messaging.rules import address
from marketplace.messaging.schemas import ClockAdvance, ClockView, MessageView, Outbox
from marketplace.payments.gateway import sandbox_clock
from marketplace.settings import settings

SHOWN = 100
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"


async def only_in_development(_: ASGIConnection[Any, Any, Any, Any], __: BaseRouteHandler) -> None:
    """Let nobody in where people are real. Refuses: NotFound."""
    if not settings().is_development:
        raise NotFound


class Development(Controller):
    """Never in production."""

    path = "/_dev"
    tags = ("development",)
    guards = (only_in_development,)
    opt = NO_PRINCIPAL

    @get(
        "/outbox",
        operation_id="readOutbox",
        summary="Read the SMS and mail that were sent · 开发环境发件箱",
        responses={
            200: ResponseSpec(Outbox, generate_examples=False, description="JSON, or a page when Accept prefers HTML."),
            **refusals(NotFound),
        },
    )
    async def outbox(
        self,
        request: Request[Any, Any, Any],
        to: Annotated[
            str | None, QueryParameter(description="Only to this telephone number or mail address.", max_length=254)
        ] = None,
    ) -> Response[Outbox] | Response[str]:
        """List the newest 100 messages, newest first; JSON, or a page for browsers."""
        found = await queries.newest(to=address(to) if to else None, limit=SHOWN)
        shown = Outbox([MessageView.of(message) for message in found])
        if request.accept.best_match([MediaType.JSON, MediaType.HTML]) != MediaType.HTML:
            return Response(shown, media_type=MediaType.JSON)
        page = _page().render(items=shown.items, to=to or "", now=clock.now())
        return Response(page, media_type=MediaType.HTML, headers={"Content-Security-Policy": PAGE_POLICY})

    @get("/clock", operation_id="readClock", summary="Read the clock · 当前时间", responses=refusals(NotFound))
    async def read_clock(self) -> ClockView:
        """Return the time as this system sees it."""
        return ClockView(clock.now())

    @post(
        "/clock",
        status_code=200,
        operation_id="advanceClock",
        summary="Move the clock forward · 拨快时间",
        responses=refusals(NotFound),
    )
    async def advance_clock(self, data: JSONBody[ClockAdvance]) -> ClockView:
        """Move the clock of every process forward; the sandbox's too; the other processes follow within half a second."""
        await clock_follow.advance(timedelta(seconds=data.advance_seconds))
        await sandbox_clock.move(clock.offset(), found=settings())
        return ClockView(clock.now())


@cache
def _page() -> Template:
    return Environment(loader=PackageLoader("marketplace.messaging", "pages"), autoescape=True).get_template(
        "outbox.html"
    )
