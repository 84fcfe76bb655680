"""The SDK's errors in our words."""

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from marketplace.payments.errors import ProviderUnavailable
from marketplace.payments.gateway.port import KeyReused, Refused
from marketplace.payments.gateway.sdk import stripe
from marketplace.payments.gateway.transport import LeftAlone

log = structlog.get_logger("payments")


@asynccontextmanager
async def translated() -> AsyncIterator[None]:
    """Say the SDK's errors in our words: refused for good, used under another body, or unknown and to be repeated."""
    try:
        yield
    except stripe.IdempotencyError as error:
        raise KeyReused(str(error)) from error
    except (stripe.InvalidRequestError, stripe.CardError) as error:
        log.warning("the provider refused a request", code=error.code, param=error.param, message=error.user_message)
        raise Refused(error.code or "invalid_request") from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        log.exception("the provider does not accept our key", status=error.http_status)
        raise ProviderUnavailable from error
    except LeftAlone as error:
        raise ProviderUnavailable(retry_after_s=math.ceil(error.wait_s)) from error
    except stripe.StripeError as error:
        log.warning("the provider is away", error=type(error).__name__, status=error.http_status)
        raise ProviderUnavailable from error
