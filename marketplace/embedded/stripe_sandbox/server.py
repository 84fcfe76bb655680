"""The process: routes put together, served by granian inside this very process, so that one kill ends it all."""

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from granian.constants import Interfaces
from granian.server.embed import Server
from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.di import Provide

from marketplace.embedded.stripe_sandbox import control, dashboard, pages
from marketplace.embedded.stripe_sandbox.api import api
from marketplace.embedded.stripe_sandbox.errors import StripeError
from marketplace.embedded.stripe_sandbox.sandbox import Sandbox
from marketplace.embedded.stripe_sandbox.settings import Settings, SettingsError

_BODY_LIMIT_BYTES = 1_000_000
_GRACE_SECONDS = 5


def create_app(sandbox: Sandbox) -> Litestar:
    """Put the routes together around one sandbox."""

    @asynccontextmanager
    async def live(_: Litestar) -> AsyncIterator[None]:
        sandbox.start()
        yield
        await sandbox.stop()

    return Litestar(
        [
            api,
            control.livez,
            control.health,
            control.Control,
            dashboard.dashboard,
            dashboard.resend,
            pages.stylesheet,
            pages.checkout,
            pages.pay,
            pages.authorise_page,
            pages.authorise,
            pages.authorise_code,
            pages.onboarding_page,
            pages.onboard,
        ],
        dependencies={"sandbox": Provide(lambda: sandbox, sync_to_thread=False)},
        exception_handlers={StripeError: _refuse, msgspec.ValidationError: _refuse},
        lifespan=[live],
        logging_config=None,
        openapi_config=None,
        request_max_body_size=_BODY_LIMIT_BYTES,
        state=State({"sandbox": sandbox}),
    )


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is under way.

    Refuses: a port that is taken, a data file that another sandbox holds.
    """
    _check_port(settings)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    sandbox = Sandbox(settings)
    server = Server(
        create_app(sandbox),
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        websockets=False,
        log_enabled=False,
    )
    server.workers_kill_timeout = _GRACE_SECONDS
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    print(f"Stripe sandbox: {settings.base_url} · data {settings.data}", flush=True)
    await server.serve()


def _check_port(settings: Settings) -> None:
    """Granian shares a port with whoever has it already, and half of the calls would go to the other process."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise SettingsError(f"port {settings.port} cannot be used ({error.strerror}): choose another.") from error


def _refuse(request: Request[None, None, State], error: StripeError | msgspec.ValidationError) -> Response[str]:
    """Answer programs in JSON and people on a page."""
    if request.url.path.startswith("/_sandbox/"):
        status = error.status if isinstance(error, StripeError) else 400
        return Response(
            msgspec.json.encode({"error": {"message": str(error)}}).decode(),
            status_code=status,
            media_type="application/json",
        )
    return pages.refusal_page(request, error)
