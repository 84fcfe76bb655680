"""The proof of our books against payments, refunds and the provider's balance."""

from datetime import datetime, timedelta

from marketplace.kit.clock import local_date
from marketplace.kit.db import execute, transaction
from marketplace.kit.ids import new_id
from marketplace.kit.outbox import publish
from marketplace.ledger.rules import Finding
from marketplace.payments import queries
from marketplace.payments.events import BooksDisagree
from marketplace.payments.gateway import gateway
from marketplace.payments.operations.balancing import GRACE, match_balance

_KEEP = timedelta(days=400)


async def verify_balance(*, now: datetime) -> list[Finding]:
    """Compare our books with the provider's, movement by movement and in sum; returns what differs. No fix is made.

    Refuses: ProviderUnavailable.
    """
    # The balance first: whatever moves while the movements are listed is among them.
    standing = await gateway().get_balance()
    await match_balance(now=now)
    found = await queries.verify_provider(before=now - GRACE)
    expected = await queries.balance_expected()
    if any(expected.get(currency, 0) != amount for currency, amount in standing.items()):
        # Money may have moved between the two looks; a second pair that differs is a finding.
        standing = await gateway().get_balance()
        await match_balance(now=now)
        expected = await queries.balance_expected()
    return found + [
        Finding(
            check="provider_balance",
            subject=currency,
            expected=expected.get(currency, 0),
            found=standing.get(currency, 0),
        )
        for currency in sorted(expected.keys() | standing.keys())
        if expected.get(currency, 0) != standing.get(currency, 0)
    ]


async def note_verification(*, finding_count: int, now: datetime) -> None:
    """Keep how many findings there were, for monitoring, and forget those of long ago.

    Publishes: BooksDisagree, once a day.
    """
    async with transaction():
        await execute("DELETE FROM money_verifications WHERE verified_at < $1", now - _KEEP)
        await execute(
            "INSERT INTO money_verifications (id, verified_at, finding_count) VALUES ($1, $2, $3)",
            new_id(),
            now,
            finding_count,
        )
        if finding_count:
            verified_on = local_date(now)
            news = BooksDisagree(verified_on=verified_on, finding_count=finding_count)
            await publish(news, now=now, dedupe=f"books.disagree:{verified_on}")
