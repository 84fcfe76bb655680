"""ETags: a GET whose body has not changed is answered 304 without a body."""

from hashlib import sha256

from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

REVALIDATE = "public, max-age=0, must-revalidate"


class ETag(ASGIMiddleware):
    """Gives public GET answers an ETag and honours If-None-Match; put it only on routes whose answer is public."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Hold a 200 answer until its body is known, then send it or a 304."""
        if scope.get("method") != "GET":
            await next_app(scope, receive, send)
            return
        start: Message | None = None
        body = bytearray()

        async def hold(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and message["status"] == 200:
                start = message
                return
            if start is None or message["type"] != "http.response.body":
                await send(message)
                return
            body.extend(message["body"])
            if not message["more_body"]:
                await _finish(scope, send, start, bytes(body))

        await next_app(scope, receive, hold)


async def _finish(scope: Scope, send: Send, start: Message, body: bytes) -> None:
    tag = f'"{sha256(body).hexdigest()[:24]}"'
    headers = MutableScopeHeaders.from_message(start)
    headers["ETag"] = tag
    headers["Cache-Control"] = REVALIDATE
    headers["Vary"] = "Accept, Accept-Language"
    if tag in Headers.from_scope(scope).get("if-none-match", "").replace("W/", "").split(", "):
        start["status"] = 304  # type: ignore[typeddict-unknown-key]
        for name in ("content-length", "content-type"):
            del headers[name]
        body = b""
    await send(start)
    await send({"type": "http.response.body", "body": body, "more_body": False})
