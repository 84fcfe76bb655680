"""A few bookings in every state. What is paid is paid at the sandbox, so that it can also be refunded there."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from marketplace.bookings import operations
from marketplace.bookings.rules import HOLD, Contact, Guest, SeatsWanted, StayWanted
from marketplace.certifications import operations as certifications
from marketplace.certifications.queries import list_certifications
from marketplace.identity.rules import Kind, Principal
from marketplace.kit.clock import local_date
from marketplace.payments.rules import Method
from marketplace.tours.rules import TourKind
from seed.cashier import Cashier
from seed.institutions import PlantedInstitution
from seed.logins import DEMO
from seed.people import People
from seed.procedure import conclude_revocation

_ELDERS = ("陈桂兰", "林守义", "黄玉珍", "吴德福", "何淑芬", "梁振邦", "苏月娥", "郑国安")
# An institution that nobody of the demo works for, whose revocation sends one stay's money back.
REVOKED = 2


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """Where and among whom the bookings are made; ``hosts`` work for the first institution of their cluster."""

    people: People
    hosts: tuple[Principal, ...]
    institutions: Sequence[PlantedInstitution]
    departures: dict[TourKind, list[UUID]]
    now: datetime

    def house(self, institution_id: UUID | None) -> PlantedInstitution:
        """Return a planted institution by its id."""
        return next(planted for planted in self.institutions if planted.id == institution_id)


async def plant_unpaid(scene: Scene) -> None:
    """Plant what needs no money: a hold that is running, and one that has lapsed."""
    house = scene.house(scene.hosts[2].institution_id)
    earlier = scene.now - 2 * HOLD
    lapsed = await hold(scene, scene.people.families[0], house, first=30, nights=14, now=earlier)
    await operations.expire(booking_id=lapsed, now=scene.now - HOLD)
    await hold(scene, scene.people.families[1], house, first=45, nights=30, now=scene.now)


async def plant_paid(scene: Scene, cashier: Cashier) -> None:
    """Plant what has been paid for: confirmed, acknowledged, in house, completed, cancelled, displaced, on tour.

    Two institutions can be paid, so that what they earn is sent; the third has not told the provider who it is.
    """
    for host in scene.hosts[:2]:
        await cashier.onboard(host, now=scene.now)
    await _confirmed(scene, cashier)
    await _hosted(scene, cashier)
    await _cancelled(scene, cashier)
    await _on_tour(scene, cashier)
    await _displaced(scene, cashier)


async def _confirmed(scene: Scene, cashier: Cashier) -> None:
    changbaishan, jian, _ = (scene.house(host.institution_id) for host in scene.hosts)
    families, partners = scene.people.families, scene.people.partners
    with_deposit = await hold(scene, families[0], changbaishan, first=40, nights=28, now=scene.now)
    await cashier.pay(families[0], with_deposit, now=scene.now)
    in_full = await hold(scene, families[1], changbaishan, first=12, nights=21, now=scene.now)
    await cashier.pay(families[1], in_full, now=scene.now)
    await operations.acknowledge(principal=scene.hosts[0], booking_id=in_full, now=scene.now)
    through_partner = await hold(
        scene, partners[0], changbaishan, first=35, nights=30, reference="NF-DEMO-0001", now=scene.now
    )
    await cashier.pay(partners[0], through_partner, method=Method.ALIPAY, now=scene.now)
    soon = await hold(scene, partners[1], jian, first=20, nights=10, reference="LN-DEMO-0001", now=scene.now)
    await cashier.pay(partners[1], soon, now=scene.now)


async def _hosted(scene: Scene, cashier: Cashier) -> None:
    _, jian, hunchun = (scene.house(host.institution_id) for host in scene.hosts)
    in_house = await hold(scene, scene.people.families[2], jian, first=0, nights=14, now=scene.now)
    await cashier.pay(scene.people.families[2], in_house, now=scene.now)
    await operations.check_in(principal=scene.hosts[1], booking_id=in_house, now=scene.now)
    # Guests who leave at once: most of it goes back by their policy, and the rest is the institution's.
    completed = await hold(scene, scene.people.families[3], hunchun, first=0, nights=7, now=scene.now)
    await cashier.pay(scene.people.families[3], completed, now=scene.now)
    await operations.check_in(principal=scene.hosts[2], booking_id=completed, now=scene.now)
    await operations.check_out(principal=scene.hosts[2], booking_id=completed, now=scene.now)


async def _cancelled(scene: Scene, cashier: Cashier) -> None:
    family = scene.people.families[4]
    house = scene.house(scene.hosts[1].institution_id)
    booking_id = await hold(scene, family, house, first=50, nights=20, now=scene.now)
    await cashier.pay(family, booking_id, now=scene.now)
    offer = await operations.quote_cancellation(principal=family, booking_id=booking_id, now=scene.now)
    await operations.cancel(principal=family, booking_id=booking_id, cancellation_quote_id=offer.id, now=scene.now)


async def _on_tour(scene: Scene, cashier: Cashier) -> None:
    family, partner = scene.people.families[2], scene.people.partners[0]
    pair = await _seats(scene, family, scene.departures[TourKind.CUSTOM][0], travellers=2)
    await cashier.pay(family, pair, now=scene.now)
    group = await _seats(scene, partner, scene.departures[TourKind.FAMILY][0], travellers=6, reference="NF-DEMO-0002")
    await cashier.pay(partner, group, now=scene.now)


async def _displaced(scene: Scene, cashier: Cashier) -> None:
    house = scene.institutions[REVOKED]
    partner = scene.people.partners[0]
    booking_id = await hold(scene, partner, house, first=25, nights=14, reference="NF-DEMO-0003", now=scene.now)
    await cashier.pay(partner, booking_id, now=scene.now)
    first, second = scene.people.province
    (found,) = await list_certifications(principal=first, institution_id=house.id, limit=1)
    await conclude_revocation(found, actor=first, now=scene.now)
    decision = await certifications.request_revocation(
        certification_id=found.id, reason="提供虚假材料（示例）", actor=first, now=scene.now
    )
    await operations.approve_revocation(principal=second, decision_id=decision.id, now=scene.now)


async def hold(  # noqa: PLR0913 - a stay has these facts.
    scene: Scene,
    principal: Principal,
    house: PlantedInstitution,
    *,
    first: int,
    nights: int,
    reference: str | None = None,
    now: datetime,
) -> UUID:
    """Quote and hold a twin room for two, ``first`` days from now."""
    check_in = local_date(now) + timedelta(days=first)
    wanted = StayWanted(
        room_type_id=house.room_type_ids[0],
        check_in=check_in,
        check_out=check_in + timedelta(days=nights),
        guest_count=2,
        unit_count=1,
    )
    return await place(scene, principal, wanted, guests=2, reference=reference, now=now)


async def _seats(
    scene: Scene, principal: Principal, departure_id: UUID, *, travellers: int, reference: str | None = None
) -> UUID:
    wanted = SeatsWanted(departure_id=departure_id, traveller_count=travellers)
    return await place(scene, principal, wanted, guests=travellers, reference=reference, now=scene.now)


async def place(  # noqa: PLR0913 - a booking has these facts.
    scene: Scene,
    principal: Principal,
    wanted: StayWanted | SeatsWanted,
    *,
    guests: int,
    reference: str | None,
    now: datetime,
) -> UUID:
    """Quote and book what is wanted, for as many elders as it takes."""
    offer = await operations.quote(principal=principal, wanted=wanted, now=now)
    family = DEMO.families[scene.people.families.index(principal) if principal.kind == Kind.FAMILY else 0]
    return await operations.place(
        principal=principal,
        quote_id=offer.id,
        guests=[Guest(name=name, birth_year=1948 + number) for number, name in enumerate(_ELDERS[:guests])],
        contact=Contact(name=family.name, phone=family.phone),
        partner_reference=reference,
        now=now,
    )
