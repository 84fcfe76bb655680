"""The routes of pricing: anyone may read a price list, an institution sets its own."""

from datetime import date
from typing import Annotated
from uuid import UUID

from litestar import Controller, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from marketplace.identity.guards import requires
from marketplace.identity.rules import Principal
from marketplace.institutions import queries as institutions
from marketplace.kit import clock
from marketplace.kit.http.caching import ETag
from marketplace.kit.http.limits import GENERAL, SEARCH, limited
from marketplace.kit.http.problems import refusals
from marketplace.kit.ids import parse, wire
from marketplace.kit.pages import LIMIT_DEFAULT, BadCursor, Cursor, Limit, Page, decode_cursor, page
from marketplace.pricing import operations, queries
from marketplace.pricing.errors import PromotionCodeTaken
from marketplace.pricing.rules import RatePlan
from marketplace.pricing.schemas import (
    PromotionInput,
    PromotionView,
    RatePlanInput,
    RatePlanView,
    RatesSet,
    SeasonsInput,
)


class RatePlans(Controller):
    """What institutions charge beside their nights."""

    path = "/v1/institutions"
    tags = ("institutions",)

    @get(
        "/{institution_id:str}/rate-plan",
        summary="Read the price list · 价目表",
        operation_id="getRatePlan",
        response_description="The discounts and supplements of one day",
        guards=[limited(SEARCH)],
        middleware=[ETag()],
    )
    async def show(
        self,
        institution_id: FromPath[str],
        on: Annotated[date | None, QueryParameter(description="The day of asking; today when left out.")] = None,
    ) -> RatePlanView:
        """Return every discount and supplement there is; the nights themselves are in the availability."""
        found = (await institutions.get(parse("ins", institution_id))).id
        return RatePlanView.of(found, await queries.plan_of(found, now=clock.now(), on=on))

    @put(
        "/{institution_id:str}/rate-plan",
        summary="Set the price list · 设置价格方案",
        operation_id="setRatePlan",
        response_description="The plan as it will be in force",
        guards=[requires("institution"), limited(GENERAL)],
    )
    async def replace(
        self, institution_id: FromPath[str], principal: NamedDependency[Principal], data: JSONBody[RatePlanInput]
    ) -> RatePlanView:
        """Set everything charged or taken off beside the nights from a day on, today or later.

        Quotes that were made before keep their price only while it is the price of the day on which they are used.
        """
        now, found = clock.now(), parse("ins", institution_id)
        length_of_stay, early_booking = data.discounts()
        await operations.set_rate_plan(
            actor=principal,
            institution_id=found,
            effective_from_on=data.effective_from,
            supplements=data.supplements(),
            length_of_stay=length_of_stay,
            early_booking=early_booking,
            now=now,
        )
        plan: RatePlan = await queries.plan_of(found, now=now, on=data.effective_from)
        return RatePlanView.of(found, plan)


class SeasonRates(Controller):
    """Nightly prices by season and weekday."""

    path = "/v1/room-types"
    tags = ("institutions",)
    guards = (requires("institution"), limited(GENERAL))

    @put(
        "/{room_type_id:str}/rates",
        summary="Price seasons and weekdays · 季节与星期价格",
        operation_id="setSeasonRates",
        response_description="The nights on sale are priced as asked",
    )
    async def replace(
        self, room_type_id: FromPath[str], principal: NamedDependency[Principal], data: JSONBody[SeasonsInput]
    ) -> RatesSet:
        """Price the nights that are on sale, all or none; how many units are sold and to whom stays as it is."""
        found = parse("rmt", room_type_id)
        count = await operations.set_season_rates(
            actor=principal, room_type_id=found, seasons=data.asked(), now=clock.now()
        )
        return RatesSet(wire("rmt", found), count)


class Promotions(Controller):
    """An institution's own promotion codes."""

    path = "/v1/institutions"
    tags = ("institutions",)
    guards = (requires("institution"), limited(GENERAL))

    @get(
        "/{institution_id:str}/promotions",
        summary="List promotion codes · 优惠码列表",
        operation_id="listPromotions",
        response_description="The institution's own promotions, the newest first",
        responses=refusals(BadCursor),
    )
    async def index(
        self,
        institution_id: FromPath[str],
        principal: NamedDependency[Principal],
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Page[PromotionView]:
        """Return the institution's own promotions, ended ones too."""
        now = clock.now()
        after = decode_cursor(cursor, UUID)
        found = page(
            await queries.promotions_of(
                parse("ins", institution_id), principal=principal, after=after, limit=limit, now=now
            ),
            limit=limit,
            key=lambda one: one.id,
        )
        today = clock.local_date(now)
        return Page([PromotionView.of(one, today=today) for one in found.items], found.next_cursor)

    @post(
        "/{institution_id:str}/promotions",
        summary="Offer a promotion code · 新建优惠码",
        operation_id="createPromotion",
        response_description="The promotion",
        responses=refusals(PromotionCodeTaken),
    )
    async def create(
        self, institution_id: FromPath[str], principal: NamedDependency[Principal], data: JSONBody[PromotionInput]
    ) -> PromotionView:
        """Offer a code for the institution's own stays; a code once used can be ended but not changed."""
        now = clock.now()
        found = await operations.create_promotion(
            actor=principal,
            institution_id=parse("ins", institution_id),
            code=data.code,
            name_zh=data.name,
            name_en=data.name_en,
            discount_bps=data.discount_bps,
            discount_amount=data.amount(),
            nights_min=data.nights_min,
            valid_from_on=data.valid_from,
            valid_until_on=data.valid_until,
            usage_max=data.usage_max,
            now=now,
        )
        return PromotionView.of(found, today=clock.local_date(now))

    @post(
        "/{institution_id:str}/promotions/{promotion_id:str}/ending",
        status_code=200,
        summary="End a promotion code · 结束优惠码",
        operation_id="endPromotion",
        response_description="The promotion, ended",
    )
    async def end(
        self, institution_id: FromPath[str], promotion_id: FromPath[str], principal: NamedDependency[Principal]
    ) -> PromotionView:
        """Stop a code at once. Bookings keep the price they were made at; open quotes with the code cannot be used."""
        now = clock.now()
        found = await operations.end_promotion(
            actor=principal,
            institution_id=parse("ins", institution_id),
            promotion_id=parse("prm", promotion_id),
            now=now,
        )
        return PromotionView.of(found, today=clock.local_date(now))
