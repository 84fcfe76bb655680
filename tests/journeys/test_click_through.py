"""A person pays a deposit and a balance on the pages, by each way to pay, fails once each time, and reads what happened."""

import re
from dataclasses import dataclass
from html import unescape
from urllib.parse import urlsplit

import httpx
import pytest

from marketplace.bookings import operations, queries
from marketplace.kit import clock
from marketplace.kit.ids import parse
from tests.support.sandbox import Sandbox
from tests.support.world import World, build, hold, open_payment, read

SECURE_CARD = "4000002500003155"
WAYS = {"card": "银行卡", "alipay": "支付宝", "wechat_pay": "微信支付"}


@dataclass
class Person:
    """Somebody with a browser: sees a page, presses a button, is sent on."""

    shop: httpx.AsyncClient
    provider: httpx.AsyncClient
    page: str = ""
    where: str = ""

    async def visit(self, url: str) -> str:
        answer = await self._browser(url).get(url)
        assert answer.status_code == 200, answer.text
        self.where, self.page = url, re.sub(r"\s+", " ", unescape(answer.text))
        return self.page

    async def press(self, **form: str) -> str:
        answer = await self._browser(self.where).post(self.where, data=form)
        assert answer.status_code == 303, answer.text
        return await self.visit(answer.headers["location"])

    def sees(self, *words: str) -> None:
        for word in words:
            assert word in self.page, f"{word} is not on {self.where}: {self.page}"

    def _browser(self, url: str) -> httpx.AsyncClient:
        return self.provider if urlsplit(url).path.startswith(("/c/", "/authorize/")) else self.shop


@pytest.fixture
async def world(client: httpx.AsyncClient, gateway: object) -> World:
    return await build(client=client)


@pytest.mark.parametrize("method", WAYS)
async def test_deposit_and_balance_by_each_way_with_a_failure_first(
    world: World, client: httpx.AsyncClient, sandbox: Sandbox, method: str
) -> None:
    family = await world.family()
    booking = await hold(world, family)
    person = Person(shop=client, provider=sandbox.http)

    payment = await open_payment(family, booking, method=method)
    await person.visit(payment["checkout_url"])
    person.sees("支付 ¥1,200.00", WAYS[method], "模拟支付失败", "取消并返回", "（北京时间）前完成支付")
    await fail(person, method)
    person.sees("没有支付成功，没有扣款。请换一种方式或再试一次。")
    assert (await read(family, booking))["status"] == "on_hold"
    await person.press(outcome="cancel", method=method)
    person.sees("尚未付款", "没有扣款。您可以回到支付页面继续付款。", "继续付款")
    assert (await read(family, booking))["paid"]["amount"] == 0
    await person.visit(re.search(r'href="(http[^"]+/c/pay/[^"]+)"', person.page)[1])
    await succeed(person, method)
    person.sees("支付成功", "您的预订已更新，稍后将收到短信。")
    confirmed = await read(family, booking)
    assert (confirmed["status"], confirmed["paid"]["amount"]) == ("confirmed", 120_000)

    # The balance comes as a link in an SMS, which needs no signing in.
    found = parse("bkg", booking["id"])
    await operations.chase(booking_id=found, leg="balance", number=1, step="upcoming", now=clock.now())
    link = f"/p/{await queries.pay_link(booking_id=found)}"
    await person.visit(link)
    person.sees("待付 ¥4,800.00", f"请于 {world.day(10).isoformat()} 前支付", *WAYS.values())
    await person.press(method=method)
    person.sees("支付 ¥4,800.00")
    await fail(person, method)
    person.sees("没有支付成功，没有扣款。请换一种方式或再试一次。")
    assert (await read(family, booking))["paid"]["amount"] == 120_000
    await succeed(person, method)
    person.sees("支付成功")
    paid = await read(family, booking)
    assert (paid["paid"]["amount"], paid["payable_leg"]) == (600_000, None)
    await person.visit(link)
    person.sees("目前没有待付款项")
    statement = (await family.get(f"/v1/bookings/{booking['id']}/statement")).json()
    assert [(leg["leg"], leg["paid"]["amount"]) for leg in statement["legs"]] == [
        ("deposit", 120_000),
        ("balance", 480_000),
    ]
    assert statement["due"]["amount"] == 0


async def fail(person: Person, method: str) -> None:
    """A card is declined; in a wallet the payer says no."""
    if method == "card":
        await person.press(outcome="decline", method=method)
        return
    await person.press(outcome="ask", method=method)
    person.sees(WAYS[method], "模拟扫码后，请在手机上确认。", "拒绝")
    await person.press(outcome="decline")


async def succeed(person: Person, method: str) -> None:
    """The bank asks whether it is you (3-D Secure), or the wallet does."""
    await person.press(outcome="ask", method=method, **({"card_number": SECURE_CARD} if method == "card" else {}))
    person.sees("银行验证" if method == "card" else WAYS[method], "确认支付")
    await person.press(outcome="succeed")
