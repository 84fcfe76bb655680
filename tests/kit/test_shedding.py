"""Overload: so many run, so many wait, and the rest are told at once."""

import asyncio

import httpx
import pytest
from litestar import Litestar, get, post

from marketplace.kit.http.problems import HANDLERS
from marketplace.kit.http.shedding import Admission, Gate, Overloaded, through

RUNNING, WAITING = 3, 4


class Service:
    """An API whose one gated route works until it is told to stop."""

    def __init__(self, **gate: float) -> None:
        self.gate = Gate("work", running_max=RUNNING, waiting_max=WAITING, **gate)
        self.go_on, self.begun, self.at_once, self.most = asyncio.Event(), 0, 0, 0

        @post("/work", opt=through("work"))
        async def work() -> None:
            self.begun += 1
            self.at_once += 1
            self.most = max(self.most, self.at_once)
            await self.go_on.wait()
            self.at_once -= 1

        @get("/look")
        async def look() -> str:
            return "here"

        app = Litestar([work, look], middleware=[Admission({"work": self.gate})], exception_handlers=HANDLERS)
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")

    def crowd(self, count: int) -> list[asyncio.Task[httpx.Response]]:
        return [asyncio.create_task(self.client.post("/work")) for _ in range(count)]


async def until(condition) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - nothing announces what the service counts.
            await asyncio.sleep(0)


async def test_of_a_crowd_so_many_run_so_many_wait_and_the_rest_are_told_at_once():
    service = Service()
    crowd = service.crowd(RUNNING + WAITING + 5)
    await until(lambda: sum(task.done() for task in crowd) == 5)
    assert (service.begun, service.gate.waiting_count) == (RUNNING, WAITING)
    shed = [task.result() for task in crowd if task.done()]
    assert {(answer.status_code, answer.json()["code"], answer.json()["retryable"]) for answer in shed} == {
        (503, "overloaded", True)
    }
    # They are not all asked to come back at the same time.
    assert {answer.headers["retry-after"] for answer in shed} == {"1", "2", "3"}
    assert (await service.client.get("/look")).text == "here"

    service.go_on.set()
    answers = await asyncio.gather(*crowd)
    assert sorted(answer.status_code for answer in answers) == [201] * (RUNNING + WAITING) + [503] * 5
    assert (service.begun, service.most, service.gate.waiting_count) == (RUNNING + WAITING, RUNNING, 0)
    assert (await service.client.post("/work")).status_code == 201


async def test_nobody_waits_longer_than_the_gates_patience():
    service = Service(patience_s=0.01)
    crowd = service.crowd(RUNNING + WAITING)
    await until(lambda: sum(task.done() for task in crowd) == WAITING)
    assert {task.result().status_code for task in crowd if task.done()} == {503}
    assert service.begun == RUNNING
    service.go_on.set()
    assert sorted(answer.status_code for answer in await asyncio.gather(*crowd)) == [201] * RUNNING + [503] * WAITING


async def test_who_goes_away_leaves_no_place_taken():
    service = Service()
    crowd = service.crowd(RUNNING + WAITING)
    await until(lambda: service.gate.waiting_count == WAITING)
    for task in crowd:
        task.cancel()
    await asyncio.wait(crowd)
    service.go_on.set()
    answers = await asyncio.gather(*service.crowd(RUNNING))
    assert [answer.status_code for answer in answers] == [201] * RUNNING
    assert service.gate.waiting_count == 0


async def test_those_who_wait_are_let_in_in_the_order_in_which_they_came():
    gate, order = Gate("work", running_max=1, waiting_max=9), []

    async def enter(n: int) -> None:
        async with gate.passage():
            order.append(n)

    async with gate.passage():
        waiting = [asyncio.create_task(enter(n)) for n in range(5)]
        await until(lambda: gate.waiting_count == 5)
    # Whoever comes now does not overtake.
    await enter(5)
    await asyncio.gather(*waiting)
    assert order == [0, 1, 2, 3, 4, 5]


async def test_a_gate_without_a_waiting_room_sends_away_at_once():
    gate = Gate("work", running_max=1, waiting_max=0)
    async with gate.passage():
        with pytest.raises(Overloaded):
            async with gate.passage():
                raise AssertionError
    async with gate.passage():
        pass
