"""Idempotent routes: the key from the request, and the stored answer on the wire."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response
from litestar.params import HeaderParameter

from marketplace.kit.idempotency import Answer, Key, key

IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        description="1 to 255 characters of your choice; the same key and body get the same answer. Required.",
    ),
]


async def key_of(request: Request[Any, Any, Any], *, principal: UUID, value: str | None) -> Key:
    """Build the key of this request. Refuses: IdempotencyKeyMissing."""
    body = await request.body()
    return key(principal=principal, method=request.method, path=request.url.path, value=value, body=body)


def respond(answer: Answer) -> Response[Any]:
    """Send an answer, marked when it is a replay."""
    headers = {"Idempotent-Replayed": "true"} if answer.replayed else {}
    return Response(answer.body, status_code=answer.status, media_type="application/json", headers=headers)
