"""The real process on a free port, a real receiver of webhooks, and the real SDK."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import stripe

from tests.support.stripe_contract import StripeContract

KEY = "sk_test_houniao"
SECRET = "whsec_sandbox_tests"
TOKEN = "control-token"

stripe.enable_telemetry = False

contract = StripeContract()


def hold(answer: httpx.Response) -> None:
    """Hold an answer against Stripe's document."""
    answer.read()
    contract.answer(answer)


async def hold_async(answer: httpx.Response) -> None:
    await answer.aread()
    contract.answer(answer)


# One client for all: each new one would read the certificates of the world again.
wire = httpx.Client(trust_env=False, timeout=10, event_hooks={"response": [hold]})


class Received(NamedTuple):
    """One webhook as it came in."""

    body: bytes
    signature: str
    event: dict[str, Any]


class Receiver:
    """A webhook endpoint that answers what it is told to."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answers: deque[int] = deque()
        self.default_answer = 200
        self._news = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.take(Received(body, self.headers["Stripe-Signature"], json.loads(body)))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1/provider-webhooks/stripe"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def take(self, webhook: Received) -> int:
        with self._news:
            contract.event(webhook.event)
            self.received.append(webhook)
            self._news.notify_all()
            return self.answers.popleft() if self.answers else self.default_answer

    def wait_for(self, wanted: Callable[[list[dict[str, Any]]], Any], timeout: float = 20) -> Any:
        """Wait until `wanted(events)` is true, and return it."""
        with self._news:
            found = self._news.wait_for(lambda: wanted([webhook.event for webhook in self.received]), timeout)
        assert found, f"only {[webhook.event['type'] for webhook in self.received]} came"
        return found

    def types_about(self, object_id: str) -> list[str]:
        return [hook.event["type"] for hook in self.received if hook.event["data"]["object"]["id"] == object_id]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class SandboxProcess:
    """One sandbox process over one data file; it may be killed and started again."""

    def __init__(self, data: Path, webhook_url: str | None) -> None:
        self.data = data
        self.webhook_url = webhook_url
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "SandboxProcess":
        environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        environment |= {"STRIPE_API_KEY": KEY, "STRIPE_SANDBOX_TOKEN": TOKEN, "STRIPE_WEBHOOK_SECRET": SECRET}
        if self.webhook_url:
            environment["STRIPE_SANDBOX_WEBHOOK_URL"] = self.webhook_url
        command = [sys.executable, "-W", "error", "-m", "marketplace.embedded.stripe_sandbox"]
        self.process = subprocess.Popen(
            [*command, "--port", str(self.port), "--data", str(self.data)],
            env=environment,
            cwd=Path(__file__).parents[2],
            stdout=subprocess.DEVNULL,
        )
        wait_until(self._answers, timeout=60)
        return self

    def kill(self) -> None:
        """As the kernel would: no goodbye."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = wire.request(method, f"{self.url}/_sandbox{path}", json=body, headers={"X-Sandbox-Token": TOKEN})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def _answers(self) -> bool:
        assert self.process.poll() is None, "the sandbox ended at its start"
        try:
            return wire.get(f"{self.url}/livez").status_code == 200
        except httpx.TransportError:
            return False


class Stripe:
    """The SDK pointed at a sandbox, as the product points it."""

    def __init__(self, url: str, key: str = KEY, **options: Any) -> None:
        addresses = dict.fromkeys(("api", "connect", "files", "meter_events"), url)
        self._http = stripe.HTTPXClient(timeout=10, allow_sync_methods=True)
        self._http._client.event_hooks = {"response": [hold]}
        self._http._client_async.event_hooks = {"response": [hold_async]}
        self._client = stripe.StripeClient(key, base_addresses=addresses, http_client=self._http, **options)
        self.v1 = self._client.v1

    def construct_event(self, *parts: Any) -> stripe.Event:
        return self._client.construct_event(*parts)

    async def close(self) -> None:
        self._http.close()
        await self._http.close_async()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition: Callable[[], Any], timeout: float = 20) -> Any:
    """Poll a condition of another process, which nothing can announce to us."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.03)
    raise AssertionError("the condition never came true")


@pytest.fixture(scope="session", autouse=True)
def http() -> Iterator[httpx.Client]:
    yield wire
    wire.close()


@pytest.fixture(autouse=True)
def database() -> None:
    """The sandbox keeps its own file: these tests need no server of the product."""


@pytest.fixture(autouse=True)
def everything_is_as_published() -> Iterator[None]:
    """Every answer that a test gets, and every event that comes meanwhile, is valid by Stripe's own document."""
    yield
    wrong = dict(contract.wrong)
    contract.wrong.clear()
    assert wrong == {}


@pytest.fixture(name="wait_until", scope="session")
def wait_until_fixture() -> Callable[..., Any]:
    return wait_until


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture(scope="session")
def new_receiver() -> Iterator[Callable[[], Receiver]]:
    made: list[Receiver] = []

    def make() -> Receiver:
        made.append(Receiver())
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="session")
def new_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., SandboxProcess]]:
    made: list[SandboxProcess] = []

    def make(webhook_url: str | None = None) -> SandboxProcess:
        folder = tmp_path_factory.mktemp("候鸟 的 沙箱")
        made.append(SandboxProcess(folder / "stripe sandbox.sqlite3", webhook_url))
        return made[-1]

    yield make
    for one in made:
        if one.process is not None and one.process.poll() is None:
            one.kill()


@pytest.fixture(scope="session")
def sandbox(new_process: Callable[..., SandboxProcess], receiver: Receiver) -> SandboxProcess:
    process = new_process(receiver.url).start()
    process.control("POST", "/chaos", {"settle_delay_ms": 100})
    return process


@pytest.fixture
def chaos(sandbox: SandboxProcess) -> Callable[..., Any]:
    """Turn knobs until the end of a `with`."""

    @contextmanager
    def turned(**knobs: Any) -> Iterator[None]:
        sandbox.control("POST", "/chaos", knobs)
        try:
            yield
        finally:
            sandbox.control("DELETE", "/chaos")
            sandbox.control("POST", "/chaos", {"settle_delay_ms": 100})

    return turned


@pytest.fixture
def clock_at(sandbox: SandboxProcess) -> Callable[..., Any]:
    """Move the sandbox's clock until the end of a `with`."""

    @contextmanager
    def moved(offset_seconds: int) -> Iterator[None]:
        sandbox.control("POST", "/clock", {"offset_seconds": offset_seconds})
        try:
            yield
        finally:
            sandbox.control("POST", "/clock", {"offset_seconds": 0})

    return moved


@pytest.fixture(scope="session")
async def sdk(sandbox: SandboxProcess) -> AsyncIterator[Stripe]:
    client = Stripe(sandbox.url)
    yield client
    await client.close()


@pytest.fixture(scope="session")
async def new_sdk() -> AsyncIterator[Callable[..., Stripe]]:
    made: list[Stripe] = []

    def make(url: str, **options: Any) -> Stripe:
        made.append(Stripe(url, **options))
        return made[-1]

    yield make
    await asyncio.gather(*(one.close() for one in made))


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    """Submits forms and shows where it is sent, without following."""
    async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
        yield client


@pytest.fixture
def raw(sandbox: SandboxProcess) -> Callable[..., httpx.Response]:
    """The wire itself, without the SDK."""

    def call(method: str, path: str, *, body: Any = None, key: str = KEY, **headers: str) -> httpx.Response:
        sent = {"Authorization": f"Bearer {key}", **{name.replace("_", "-"): value for name, value in headers.items()}}
        return wire.request(method, sandbox.url + path, data=body, headers=sent)

    return call


@pytest.fixture
def session_params() -> dict[str, Any]:
    """A checkout session as the product opens one."""
    return {
        "mode": "payment",
        "line_items": [
            {
                "price_data": {
                    "currency": "cny",
                    "unit_amount": 428_000,
                    "product_data": {"name": "长白山 · 温泉大床房 30 晚 · 定金"},
                },
                "quantity": 1,
            }
        ],
        "allowed_payment_method_types": ["card", "alipay", "wechat_pay"],
        "payment_method_options": {"wechat_pay": {"client": "web"}},
        "success_url": "http://127.0.0.1:9/pay/done?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://127.0.0.1:9/pay/cancelled",
        "client_reference_id": "pay_0198",
        "metadata": {"payment_id": "pay_0198"},
        "payment_intent_data": {"metadata": {"payment_id": "pay_0198"}, "transfer_group": "bkg_0198"},
    }
