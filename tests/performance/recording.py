"""What the product says to the database: the statements of one request, recorded from the application in this process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from litestar import Litestar

from marketplace.kit import db

# Sent by the pool when a connection is given back; it is no part of what a request asks.
_POOL = ("SELECT pg_advisory_unlock_all()", "RESET")


@dataclass(frozen=True)
class Statement:
    """One statement with its parameters."""

    sql: str
    args: tuple[Any, ...]


@dataclass(frozen=True)
class Request:
    """One request as the load generator and the application in this process both understand it."""

    method: str
    path: str
    query: str = ""
    token: str | None = None
    key: str | None = None
    body: bytes = b""

    def headers(self) -> list[tuple[bytes, bytes]]:
        found = [(b"host", b"127.0.0.1"), (b"accept", b"application/json")]
        if self.token:
            found.append((b"authorization", f"Bearer {self.token}".encode()))
        if self.key:
            found.append((b"idempotency-key", self.key.encode()))
        if self.body:
            found += [(b"content-type", b"application/json"), (b"content-length", str(len(self.body)).encode())]
        return found

    def wire(self) -> bytes:
        """Return the request as HTTP/1.1."""
        target = f"{self.path}?{self.query}" if self.query else self.path
        lines = [f"{self.method} {target} HTTP/1.1".encode(), *(name + b": " + value for name, value in self.headers())]
        return b"\r\n".join(lines) + b"\r\n\r\n" + self.body


async def call(app: Litestar, request: Request) -> tuple[int, bytes]:
    """Run one request in this process; returns status and body."""
    status, body = 0, bytearray()
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": request.method, "scheme": "http",
        "path": request.path, "raw_path": request.path.encode(), "query_string": request.query.encode(),
        "root_path": "", "headers": request.headers(), "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        "state": {},
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": request.body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            body.extend(message.get("body", b""))

    await app(scope, receive, send)  # type: ignore[arg-type]
    return status, bytes(body)


@asynccontextmanager
async def listening() -> AsyncIterator[list[Statement]]:
    """Record every statement that this process sends meanwhile; its pool must have one connection."""
    heard: list[Statement] = []

    def note(record: Any) -> None:
        if not record.query.startswith(_POOL):
            heard.append(Statement(record.query, tuple(record.args or ())))

    async with db.connection_of_its_own() as connection:
        connection.add_query_logger(note)
    try:
        yield heard
    finally:
        # asyncpg tells its loggers in the loop's next turn.
        await asyncio.sleep(0)
        async with db.connection_of_its_own() as connection:
            connection.remove_query_logger(note)


async def record(app: Litestar, request: Request) -> tuple[list[Statement], bytes]:
    """Return the statements of one request and its answer; the request must succeed."""
    async with listening() as heard:
        status, body = await call(app, request)
    if not 200 <= status < 300:
        raise SystemExit(f"{request.method} {request.path} answered {status}: {body.decode()[:500]}")
    return heard, body
