"""Stripe's SDK, without the libraries of the transports that it does not use here: ours, of httpx, is the only one."""

from marketplace.kit.absent import absent

# httpx would load pygments and rich, too, for a command line of its own.
with absent("requests", "pygments"):
    import stripe

__all__ = ("stripe",)
