"""The whole register as a stream of bytes: NDJSON and CSV with the fields of one record, in constant memory."""

import csv
from collections.abc import AsyncIterator
from datetime import date
from io import StringIO

import msgspec

from marketplace.certifications.queries.policies import policy_on
from marketplace.register.queries import every_record
from marketplace.register.schemas import RecordView

# One piece of so many records is sent at once.
_PIECE = 200
_encoder = msgspec.json.Encoder()


async def ndjson(*, ended: bool, today: date) -> AsyncIterator[bytes]:
    """Give one JSON object per line."""
    async for views in _pieces(ended=ended, today=today):
        yield _encoder.encode_lines(views)


async def table(*, ended: bool, today: date) -> AsyncIterator[bytes]:
    """Give RFC 4180 CSV: a line of names, then one per record; lists have semicolons between, nothing is an empty field."""
    yield _lines([list(RecordView.__struct_fields__)])
    async for views in _pieces(ended=ended, today=today):
        yield _lines([[_cell(value) for value in msgspec.to_builtins(view).values()] for view in views])


async def _pieces(*, ended: bool, today: date) -> AsyncIterator[list[RecordView]]:
    policy = await policy_on(today)
    views: list[RecordView] = []
    async for record in every_record(ended=ended, today=today):
        views.append(RecordView.of(record, policy=policy, today=today))
        if len(views) == _PIECE:
            yield views
            views = []
    if views:
        yield views


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ";".join(value) if isinstance(value, list) else value


def _lines(rows: list[list[object]]) -> bytes:
    text = StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
