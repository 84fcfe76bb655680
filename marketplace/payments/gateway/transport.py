"""How the SDK reaches the network: one httpx client of ours, so that time-outs and proxies are said in one place."""

from collections.abc import Mapping

import anyio
import httpx
import stripe

TIMEOUT_S = 10


class Transport(stripe.HTTPClient):
    """The SDK's HTTP client. Its own one waits for 80 s by default and always trusts the proxies of the environment."""

    name = "httpx"

    def __init__(self, *, through_proxies: bool) -> None:
        super().__init__()
        self._http = httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=through_proxies)

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: str | None = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Send one request; what breaks on the way is repeated by the SDK under the same idempotency key."""
        try:
            answer = await self._http.request(method, url, headers=headers, content=post_data)
        except httpx.HTTPError as error:
            problem = stripe.APIConnectionError(type(error).__name__, should_retry=True)  # type: ignore[no-untyped-call]
            raise problem from error
        return answer.content, answer.status_code, answer.headers

    async def sleep_async(self, secs: float) -> None:
        """Wait between two tries."""
        await anyio.sleep(secs)

    async def close_async(self) -> None:
        """Close the connections."""
        await self._http.aclose()
