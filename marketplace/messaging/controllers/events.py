"""The feed of events for partners."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from marketplace.identity.guards import requires
from marketplace.identity.rules import Principal
from marketplace.kit.errors import FieldError, Invalid
from marketplace.kit.http.limits import GENERAL, limited
from marketplace.kit.http.problems import refusals
from marketplace.kit.pages import LIMIT_DEFAULT, BadCursor, Limit, decode_cursor
from marketplace.messaging import queries
from marketplace.messaging.queries import Position
from marketplace.messaging.schemas import FeedPage

TRANSACTION_MAX = 2**63 - 1


class Events(Controller):
    """What has happened, for partners that keep their own books."""

    path = "/v1/events"
    tags = ("events",)

    @get(
        operation_id="listEvents",
        summary="Read the feed of events · 事件流",
        guards=[requires("partner"), limited(GENERAL)],
        responses=refusals(BadCursor),
    )
    async def list_events(
        self,
        principal: NamedDependency[Principal],
        after: Annotated[
            str | None, QueryParameter(description="The next_cursor of the last answer; from the beginning without it.")
        ] = None,
        types: Annotated[
            str | None,
            QueryParameter(
                description="Only these types, with commas between them: booking.confirmed,refund.succeeded"
            ),
        ] = None,
        limit: Limit = LIMIT_DEFAULT,
    ) -> FeedPage:
        """List the events of your bookings and the public ones, in the order in which they were committed.

        Nothing is skipped and nothing comes later than its successor: an event appears when every transaction that
        could still put one before it has ended. An empty stretch is an answer like any other.
        """
        position = _position(after)
        found = await queries.feed(principal=principal, after=position, types=_types(types), limit=limit)
        return FeedPage.of(found, after=position, limit=limit)


def _position(after: str | None) -> Position | None:
    position = decode_cursor(after, tuple[int, UUID])
    if position is not None and not 0 <= position[0] <= TRANSACTION_MAX:
        raise BadCursor
    return position


def _types(types: str | None) -> list[str] | None:
    if types is None:
        return None
    wanted = [name.strip() for name in types.split(",")]
    for name in wanted:
        if name not in queries.feed_types():
            raise Invalid(
                fields=(FieldError(pointer="?types", zh=f"没有事件类型 {name}", en=f"There is no event type {name}."),)
            )
    return wanted
