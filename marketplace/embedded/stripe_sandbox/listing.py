"""Lists as Stripe pages them: newest first, `starting_after`, `ending_before`, `limit`, `created`."""

from collections.abc import Sequence
from typing import Annotated

import msgspec

from marketplace.embedded.stripe_sandbox.call import Call
from marketplace.embedded.stripe_sandbox.errors import Json
from marketplace.embedded.stripe_sandbox.rendering import as_list, render
from marketplace.embedded.stripe_sandbox.store import Where
from marketplace.embedded.stripe_sandbox.wire import Params


class CreatedRange(Params):
    """Bounds on `created`, in seconds since the epoch."""

    gt: int | None = None
    gte: int | None = None
    lt: int | None = None
    lte: int | None = None


class ListParams(Params):
    """What every list accepts; a resource adds its filters."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 10
    starting_after: str | None = None
    ending_before: str | None = None
    created: int | CreatedRange | None = None


def page(call: Call, kind: str, params: ListParams, *, url: str, where: Sequence[Where] = ()) -> Json:
    """Read one page.

    Refuses: a cursor that names no object of this kind.
    """
    conditions = [*where, *_created(params.created)]
    backwards = params.ending_before is not None
    cursor = params.ending_before or params.starting_after
    if cursor is not None:
        param = "ending_before" if backwards else "starting_after"
        call.tx.get(kind, cursor, param=param, status=400)
        sign = ">" if backwards else "<"
        conditions.append((f"seq {sign} (SELECT seq FROM objects WHERE id = ?)", cursor))
    order = "ASC" if backwards else "DESC"
    # One more than asked for tells whether there is more.
    found = call.tx.select(kind, where=conditions, tail=f"ORDER BY seq {order} LIMIT {params.limit + 1}")
    items = found[: params.limit]
    if backwards:
        items.reverse()
    return as_list([render(call.tx, item) for item in items], url=url, has_more=len(found) > params.limit)


def equal(**filters: str | None) -> list[Where]:
    """Turn plain filters into conditions on the documents; None means the filter was not given."""
    return [(f"json_extract(data, '$.{name}') = ?", value) for name, value in filters.items() if value is not None]


def _created(created: int | CreatedRange | None) -> list[Where]:
    if created is None:
        return []
    if isinstance(created, int):
        return [("created = ?", created)]
    bounds = {">": created.gt, ">=": created.gte, "<": created.lt, "<=": created.lte}
    return [(f"created {sign} ?", bound) for sign, bound in bounds.items() if bound is not None]
