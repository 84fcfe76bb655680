"""What happened before today: stays about to begin, a balance about to fall due, departures about to be decided.

The calendar of the running system finds them at once: families are reminded, one group forms and one does not. They are
quoted, booked and paid at an earlier instant, with the sandbox's clock moved there as well.
"""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from marketplace.bookings.rules import SeatsWanted
from marketplace.identity.rules import Principal
from marketplace.kit.clock import local_date
from marketplace.payments.gateway import sandbox_clock
from marketplace.settings import settings
from marketplace.tours.rules import TourKind
from seed.bookings import Scene, hold, place
from seed.cashier import Cashier
from seed.tours import OPENED_BEFORE


async def plant_history(scene: Scene, cashier: Cashier) -> None:
    """Plant the past, oldest first."""
    families = scene.people.families
    await _stay(scene, cashier, families[0], days_ago=60, first=33, nights=30)
    await _stay(scene, cashier, families[3], days_ago=20, first=7, nights=21)
    await _stay(scene, cashier, families[4], days_ago=15, first=1, nights=14)
    opened = scene.now - OPENED_BEFORE + timedelta(days=5)
    formed, unformed = scene.departures[TourKind.FAMILY][-1], scene.departures[TourKind.CUSTOM][-1]
    await _group(scene, cashier, scene.people.partners[0], formed, travellers=6, at=opened)
    await _group(scene, cashier, families[1], unformed, travellers=2, at=opened)
    await sandbox_clock.move(timedelta(), found=settings())


async def _stay(  # noqa: PLR0913 - a stay has these facts.
    scene: Scene, cashier: Cashier, family: Principal, *, days_ago: int, first: int, nights: int
) -> None:
    """Book a stay ``days_ago`` that begins ``first`` days from now, and pay what was due at once."""
    earlier = msgspec.structs.replace(scene, now=scene.now - timedelta(days=days_ago))
    house = scene.house(scene.hosts[1].institution_id)
    booking_id = await hold(earlier, family, house, first=days_ago + first, nights=nights, now=earlier.now)
    await _pay(cashier, family, booking_id, at=earlier.now, now=scene.now)


async def _group(  # noqa: PLR0913 - a party has these facts.
    scene: Scene, cashier: Cashier, principal: Principal, departure_id: UUID, *, travellers: int, at: datetime
) -> None:
    wanted = SeatsWanted(departure_id=departure_id, traveller_count=travellers)
    reference = f"NF-DEMO-{local_date(at):%Y%m%d}" if principal in scene.people.partners else None
    booking_id = await place(scene, principal, wanted, guests=travellers, reference=reference, now=at)
    await _pay(cashier, principal, booking_id, at=at, now=scene.now)


async def _pay(cashier: Cashier, principal: Principal, booking_id: UUID, *, at: datetime, now: datetime) -> None:
    await sandbox_clock.move(at - now, found=settings())
    await cashier.pay(principal, booking_id, now=at)
