"""How the SDK reaches the network: one httpx client of ours, so that time-outs, proxies and pauses are said in one place."""

import time
from collections.abc import Callable, Mapping

import anyio
import httpx
import structlog
from prometheus_client import Gauge

from marketplace.payments.gateway.circuit import Circuit
from marketplace.payments.gateway.sdk import stripe

TIMEOUT_S = 10
_BUSY = 429

_open = Gauge("marketplace_provider_circuit_open", "1 while this process leaves the payment provider alone")
log = structlog.get_logger("payments")


class LeftAlone(stripe.APIConnectionError):
    """Nothing was sent: the provider has failed too often just now. Repeat it in ``wait_s`` seconds."""

    def __init__(self, wait_s: float) -> None:
        super().__init__("left alone", should_retry=False)  # type: ignore[no-untyped-call]
        self.wait_s = wait_s


class Transport(stripe.HTTPClient):
    """The SDK's HTTP client. Its own one waits for 80 s by default and always trusts the proxies of the environment."""

    name = "httpx"

    def __init__(self, *, through_proxies: bool, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._http = httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=through_proxies)
        self._clock = clock
        self.circuit = Circuit()

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: str | None = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Send one request; what breaks on the way is repeated by the SDK under the same idempotency key.

        Raises LeftAlone while the circuit is open.
        """
        now = self._clock()
        if wait_s := self.circuit.wait_s(now):
            raise LeftAlone(wait_s)
        self.circuit = self.circuit.tried(now)
        try:
            answer = await self._http.request(method, url, headers=headers, content=post_data)
        except httpx.HTTPError as error:
            self._note(failed=True)
            problem = stripe.APIConnectionError(type(error).__name__, should_retry=True)  # type: ignore[no-untyped-call]
            raise problem from error
        self._note(failed=answer.status_code >= 500 or answer.status_code == _BUSY)
        return answer.content, answer.status_code, answer.headers

    def _note(self, *, failed: bool) -> None:
        before, after = self.circuit, self.circuit.failed(self._clock()) if failed else Circuit()
        self.circuit = after
        if before.is_open != after.is_open:
            _open.set(after.is_open)
            report = log.error if after.is_open else log.info
            report("the payment provider is left alone" if after.is_open else "the payment provider answers again")

    async def sleep_async(self, secs: float) -> None:
        """Wait between two tries."""
        await anyio.sleep(secs)

    async def close_async(self) -> None:
        """Close the connections."""
        await self._http.aclose()
