"""The public register: anyone, no account."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Stream

from marketplace.certifications.queries.policies import policy_on
from marketplace.certifications.states import Status
from marketplace.kit import clock
from marketplace.kit.errors import NotFound
from marketplace.kit.http.caching import ETag
from marketplace.kit.http.limits import EXPORT, SEARCH, limited
from marketplace.kit.http.problems import refusals
from marketplace.kit.http.shedding import through
from marketplace.kit.ids import parse
from marketplace.kit.pages import LIMIT_DEFAULT, BadCursor, Cursor, Limit, Page, decode_cursor, encode_cursor, page
from marketplace.register import exporting, queries
from marketplace.register.rules import Position
from marketplace.register.schemas import ChangesPage, DecidedView, RecordView

NDJSON = "application/x-ndjson"
CSV = "text/csv"
TRANSACTION_MAX = 2**63 - 1

Ended = Annotated[bool, QueryParameter(description="Also those whose certificate has ended.")]


class Register(Controller):
    """Every certified institution with its full public record."""

    path = "/v1"
    tags = ("register",)

    @get(
        "/register",
        operation_id="listRegister",
        summary="List the public register · 公开名录",
        guards=[limited(SEARCH)],
        middleware=[ETag()],
        responses=refusals(BadCursor),
    )
    async def index(
        self,
        status: FromQuery[Status | None] = None,
        jurisdiction: Annotated[
            str | None, QueryParameter(description="An authority's code; those below it are included.", max_length=40)
        ] = None,
        ended: Ended = False,
        cursor: Cursor = None,
        limit: Limit = LIMIT_DEFAULT,
    ) -> Page[RecordView]:
        """Return full records of the institutions that stand in the register, the oldest first: no call per institution.

        ``ended`` adds those whose certificate has ended: revoked, expired, withdrawn.
        """
        today = clock.local_date(clock.now())
        found = page(
            await queries.records(
                ended=ended,
                status=status,
                jurisdiction=jurisdiction,
                after=decode_cursor(cursor, UUID),
                limit=limit,
                today=today,
            ),
            limit=limit,
            key=lambda record: record.institution_id,
        )
        policy = await policy_on(today)
        return Page([RecordView.of(one, policy=policy, today=today) for one in found.items], found.next_cursor)

    @get(
        "/register/{institution_id:str}",
        operation_id="getRegisterRecord",
        summary="Read an institution's public record · 机构公开信息",
        guards=[limited(SEARCH)],
        middleware=[ETag()],
    )
    async def show(self, institution_id: FromPath[str]) -> RecordView:
        """Return the record of an institution that is or was certified."""
        found = await queries.record(parse("ins", institution_id))
        today = clock.local_date(clock.now())
        return RecordView.of(found, policy=await policy_on(today), today=today)

    @get(
        "/register/{institution_id:str}/history",
        operation_id="listRegisterHistory",
        summary="Read an institution's history · 机构历史记录",
        guards=[limited(SEARCH)],
        middleware=[ETag()],
        responses=refusals(BadCursor, NotFound),
    )
    async def history(
        self, institution_id: FromPath[str], cursor: Cursor = None, limit: Limit = LIMIT_DEFAULT
    ) -> Page[DecidedView]:
        """Return everything that was decided about an institution, the oldest first: status, grade, reason, when."""
        found = page(
            await queries.history(
                institution_id=parse("ins", institution_id), after=decode_cursor(cursor, UUID), limit=limit
            ),
            limit=limit,
            key=lambda entry: entry.id,
        )
        return Page([DecidedView.of(entry) for entry in found.items], found.next_cursor)

    @get(
        "/changes",
        operation_id="listChanges",
        summary="Read what changed in the register · 名录变更",
        guards=[limited(SEARCH)],
        responses=refusals(BadCursor),
    )
    async def changes(
        self,
        after: Annotated[
            str | None, QueryParameter(description="The next_cursor of the last answer; from the beginning without it.")
        ] = None,
        limit: Limit = LIMIT_DEFAULT,
    ) -> ChangesPage:
        """List the changes of the register in commit order: records to keep, and tombstones of those that left it.

        Nothing is skipped, and nothing appears before what was already read. When there is nothing new the list is
        empty and the cursor stays good for ever. Read from the beginning, the feed yields the register itself.
        """
        position = _position(after)
        found = await queries.changes(after=position, limit=limit)
        today = clock.local_date(clock.now())
        policy = await policy_on(today)
        return ChangesPage.of(found, after=position, limit=limit, policy=policy, today=today)

    @get(
        "/register.ndjson",
        operation_id="exportRegisterLines",
        summary="Export the register as lines of JSON · 导出名录",
        guards=[limited(EXPORT)],
        opt=through("exporting"),
        media_type=NDJSON,
        response_description="One record per line",
    )
    async def lines(self, *, ended: Ended = False) -> Stream:
        """Return every record of the register, as of one instant; the Link header says where to go on reading changes."""
        today = clock.local_date(clock.now())
        return Stream(exporting.ndjson(ended=ended, today=today), media_type=NDJSON, headers=await _follow_up())

    @get(
        "/register.csv",
        operation_id="exportRegisterTable",
        summary="Export the register as a table · 导出名录表格",
        guards=[limited(EXPORT)],
        opt=through("exporting"),
        media_type=CSV,
        response_description="A line of names, then one record per line",
    )
    async def table(self, *, ended: Ended = False) -> Stream:
        """Return every record with the same fields as the JSON; lists have semicolons between, null is an empty field."""
        today = clock.local_date(clock.now())
        return Stream(exporting.table(ended=ended, today=today), media_type=CSV, headers=await _follow_up())


def _position(after: str | None) -> Position | None:
    position = decode_cursor(after, tuple[int, UUID])
    if position is not None and not 0 <= position[0] <= TRANSACTION_MAX:
        raise BadCursor
    return position


async def _follow_up() -> dict[str, str]:
    """Name the place of the feed from which on changes are not in what is about to be read."""
    return {"Link": f'</v1/changes?after={encode_cursor(await queries.position_now())}>; rel="next"'}
