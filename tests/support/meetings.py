"""Stateful tests in which several connections act at once: hypothesis plans, the operating system interleaves."""

import asyncio
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any

import asyncpg
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

CONNECTIONS, PER_MEETING = 6, 14


class Meetings(RuleBasedStateMachine):
    """Collects each connection's plan of transactions and lets them all run at once; then ``check`` looks at what is left.

    A step names the method that does it. ``refusals`` are lawful ends of a step; a deadlock is not, and neither is
    anything else that nobody named.
    """

    loop: asyncio.AbstractEventLoop
    refusals: tuple[type[BaseException], ...]
    now: datetime
    done = 0

    def __init__(self) -> None:
        super().__init__()
        self.plans: list[list[Any]] = [[] for _ in range(CONNECTIONS)]

    def wait_for(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(120)

    @rule(hours=st.sampled_from([0, 0, 0, 1, 24]))
    @precondition(lambda self: sum(map(len, self.plans)) >= PER_MEETING)
    def meet(self, hours: int) -> None:
        self.wait_for(self._meet())
        self.now += timedelta(hours=hours, seconds=20)

    def teardown(self) -> None:
        if any(self.plans):
            self.wait_for(self._meet())

    async def _meet(self) -> None:
        plans, self.plans = self.plans, [[] for _ in range(CONNECTIONS)]
        await asyncio.gather(*(self._live(plan) for plan in plans))
        await self.check()

    async def _live(self, plan: list[Any]) -> None:
        for step in plan:
            type(self).done += 1
            try:
                await getattr(self, step.do)(step)
            # Whoever has waited for three seconds on a crowded machine is told to try again.
            except (*self.refusals, asyncpg.LockNotAvailableError):
                continue

    async def check(self) -> None:
        raise NotImplementedError


async def hold_meetings(machine: type[Meetings], *, transactions: int) -> None:
    """Run histories of 160 steps until so many transactions were made.

    Which of two comes first is for the operating system to say: a failure cannot be made smaller.
    """
    chosen = settings(
        max_examples=6, stateful_step_count=160, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck), database=None,
    )  # fmt: skip
    while machine.done < transactions:
        await asyncio.to_thread(run_state_machine_as_test, machine, settings=chosen)
