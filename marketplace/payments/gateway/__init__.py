"""The payment provider, behind a port narrow enough that another provider fits: the only importer of ``stripe``."""

from marketplace.payments.gateway.payee_port import PayeeGateway
from marketplace.payments.gateway.port import KeyReused, PaymentGateway, Refused
from marketplace.payments.gateway.stripe_disputes import DisputeGateway
from marketplace.payments.gateway.stripe_gateway import StripeGateway
from marketplace.settings import Settings

__all__ = (
    "DisputeGateway",
    "KeyReused",
    "PayeeGateway",
    "PaymentGateway",
    "Refused",
    "StripeGateway",
    "close",
    "configure",
    "disputes",
    "gateway",
    "payees",
    "use",
)

_gateway: PaymentGateway | None = None


def configure(found: Settings) -> None:
    """Make the process's gateway from the settings; called once by each API process, worker child and command."""
    use(
        StripeGateway(
            api_key=found.stripe_api_key, api_base=found.stripe_api_base, webhook_secret=found.stripe_webhook_secret
        )
    )


def use(found: PaymentGateway | None) -> None:
    """Make ``found`` the process's gateway, or have none."""
    global _gateway  # noqa: PLW0603 - one gateway per process, set where the process starts.
    _gateway = found


def gateway() -> PaymentGateway:
    """Return the process's gateway."""
    if _gateway is None:
        raise RuntimeError("call payments.gateway.configure() first")
    return _gateway


def disputes() -> DisputeGateway:
    """Return the part of the process's gateway that knows of disputes."""
    return _stripe().disputes


def payees() -> PayeeGateway:
    """Return the part of the process's gateway that pays institutions."""
    return _stripe().payees


def _stripe() -> StripeGateway:
    found = gateway()
    if not isinstance(found, StripeGateway):
        raise RuntimeError("this provider has no such part")  # noqa: TRY004 - a fact of the process, not an argument.
    return found


async def close() -> None:
    """Close the gateway's connections; calling it twice is harmless."""
    if _gateway is not None:
        await _gateway.close()
    use(None)
