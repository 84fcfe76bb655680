"""The tests run on the event loop that the API runs on."""

import asyncio

import uvloop


def pytest_configure() -> None:
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
