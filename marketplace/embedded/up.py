"""`marketplace up`: everything on one machine, in order, until it is told to stop."""

import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from marketplace.embedded import environment, lock, parts, ports, postgres, prepare, state, valkey
from marketplace.embedded.errors import PortTaken
from marketplace.embedded.panel import Reporter
from marketplace.embedded.paths import Home
from marketplace.embedded.programs import Process, Program, R
from marketplace.embedded.state import ProcessState, Run
from marketplace.embedded.supervisor import Supervisor

FIRST_PORTS = {"postgres": 15432, "valkey": 16379, "api": 8000, "stripe_sandbox": 12111}


def run(home: Home, report: Reporter, *, api_port: int | None = None, with_seed: bool = True) -> None:
    """Bring everything up, keep it alive, and stop it in order when told to; returns after the last program has ended.

    Refuses: every EmbeddedError, each with its remedy.
    """
    began = time.monotonic()
    with lock.held(home), stoppable():
        site = Site(home=home, report=report, given=dict(os.environ))
        try:
            site.bring_everything_up(api_port=api_port, with_seed=with_seed)
            report.ready(site.announce(), seconds=time.monotonic() - began)
            site.supervisor.watch()
        except KeyboardInterrupt:
            report.note("stopping; Ctrl-C once more leaves at once")
        finally:
            site.close()


class Site:
    """One home while it is up: what is known of it, and its supervisor."""

    def __init__(self, *, home: Home, report: Reporter, given: Mapping[str, str]) -> None:
        self.home = home
        self.report = report
        self.given = given
        self.known = state.load(home)
        self.known.run = None
        self.processes: dict[str, ProcessState] = {}
        self.reservations = ports.Reservations()
        self.supervisor = Supervisor(changed=self.write_processes, note=report.note)

    def bring_everything_up(self, *, api_port: int | None, with_seed: bool) -> None:
        """Start the stand-ins, prepare the data, then start the product."""
        home, sandboxed = self.home, not self.given.get("STRIPE_API_KEY")
        own_api_port = self.api_port(api_port)
        sandbox_port = self.port("stripe_sandbox") if sandboxed else None
        addresses = environment.urls(api_port=own_api_port, sandbox_port=sandbox_port, given=self.given)
        (database_url, owner_url), redis_url = self.database_urls(), self.redis_url()
        told = environment.of_programs(
            self.known,
            addresses=addresses,
            database_url=database_url,
            owner_url=owner_url,
            redis_url=redis_url,
            given=self.given,
        )
        environment.check({**self.given, **told})
        self.known.run = Run(pid=os.getpid(), urls=addresses, environment=told, processes=self.processes)
        self.save()
        sandbox = [parts.sandbox(home, told, port=sandbox_port)] if sandbox_port else []
        serving = environment.serving(told)
        product = [parts.api(home, serving, port=own_api_port), parts.worker(home, serving)]
        began = self.start(*sandbox)
        if with_seed and prepare.is_due(self.known, "seed", told):
            self.wait(*sandbox, began=began)  # The demo world has payments.
            sandbox = []
        prepare.prepare(home, self.known, told, self.report, with_seed=with_seed)
        self.save()
        began = self.start(*product)
        self.wait(*sandbox, *product, began=began)
        # Nobody waits for the scheduler, and it would take its share of the cores from those one waits for.
        self.bring_up(parts.beat(home, serving))

    def database_urls(self) -> tuple[str, str | None]:
        """Return the address of the person's own PostgreSQL, or of ours, started, and the one for its owner."""
        given = self.given.get("DATABASE_URL")
        if given:
            self.report.step("PostgreSQL (DATABASE_URL)", given.rpartition("@")[2])
            return given, self.given.get("DATABASE_OWNER_URL")
        postgres.end_leftover(self.home.postgres)
        server = self.bring_up(parts.database(self.home, port=self.port("postgres")))
        return server.app_url(self.known.secret("DATABASE_PASSWORD")), server.url

    def redis_url(self) -> str:
        """Return the address of the person's own Valkey or Redis, or of ours, started."""
        given = self.given.get("REDIS_URL")
        if given:
            self.report.step("Valkey (REDIS_URL)", given.rpartition("@")[2])
            return given
        valkey.end_leftover(self.home.valkey)
        return self.bring_up(parts.queue(self.home, port=self.port("valkey"))).url

    def bring_up(self, program: Program[R]) -> R:
        """Start one program and wait until it is ready."""
        began = time.monotonic()
        running = self.supervisor.start(program)
        self.wait(program, began=began)
        return running

    def start(self, *programs: Program[Process]) -> float:
        """Start programs without waiting; returns when that was."""
        for program in programs:
            self.supervisor.start(program)
        return time.monotonic()

    def wait(self, *programs: Program[R], began: float) -> None:
        """Wait until each is ready, and say so."""
        for program in programs:
            self.supervisor.wait_until_ready(program.name)
            self.report.step(program.title, program.where, seconds=time.monotonic() - began)

    def api_port(self, asked: int | None) -> int:
        """Return the API's port.

        Refuses: PortTaken when it was asked for by number.
        """
        if asked is None:
            return self.port("api")
        if not self.reservations.take(asked):
            raise PortTaken(f"port {asked} is taken", remedy="choose another --port, or none to take a free one")
        self.known.ports["api"] = asked
        return asked

    def port(self, name: str) -> int:
        """Return a program's port: the one of the last time, or the nearest free one above it."""
        wanted = self.known.ports.get(name, FIRST_PORTS[name])
        found = self.reservations.take_next(wanted)
        if found != wanted:
            self.report.note(f"port {wanted} is taken; {name} has {found}")
        self.known.ports[name] = found
        return found

    def announce(self) -> Run:
        """Tell everybody who reads the state that all is ready."""
        assert self.known.run is not None
        self.known.run.ready = True
        self.save()
        return self.known.run

    def write_processes(self, now: dict[str, ProcessState]) -> None:
        """Write down what runs, once there is something to be found."""
        self.processes.update(now)
        if self.known.run:
            self.save()

    def save(self) -> None:
        """Write down everything that is known."""
        state.save(self.home, self.known)

    def close(self) -> None:
        """Stop everything in order; a second signal leaves at once, and the kernel ends what is left."""
        for number in STOP_SIGNALS:
            signal.signal(number, leave)
        self.supervisor.stop()
        self.reservations.release()
        self.known.run = None
        self.save()


STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def stoppable() -> Iterator[None]:
    """Turn every wish to stop into KeyboardInterrupt, and restore what was before."""
    before = {number: signal.signal(number, interrupt) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    """Stop in order."""
    raise KeyboardInterrupt


def leave(_number: int, _frame: FrameType | None) -> NoReturn:
    """Leave without waiting: every child is on the kernel's leash."""
    os._exit(130)
