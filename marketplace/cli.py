"""`marketplace …`: each command imports what it needs when it runs, so that help and completion answer at once."""

import sys
from typing import Any

import rich_click as click

from marketplace.credentials.commands import certificates
from marketplace.embedded.errors import EmbeddedError

click.rich_click.COMMAND_GROUPS = {
    "*": [
        {
            "name": "One machine · 本机",
            "commands": ["up", "status", "logs", "demo", "bench", "doctor", "down", "reset"],
        },
        {
            "name": "Data and documents · 数据与文档",
            "commands": [
                "migrate",
                "seed",
                "openapi",
                "inventory",
                "ledger",
                "inspections",
                "certificates",
                "audit",
                "keys",
            ],
        },
        {"name": "Single processes · 单个进程", "commands": ["api", "worker", "beat"]},
    ]
}
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")


def main() -> None:
    """Run a command; a refusal that we can name is two lines and no traceback."""
    try:
        cli.main(prog_name="marketplace")
    except EmbeddedError as error:
        sys.stderr.write(f"✘ {error}\n")
        sys.exit(1)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """候鸟 Houniao — certified sojourn care in Jilin, on this machine."""


@cli.command()
@click.option("--port", type=click.IntRange(1, 65535), help="The API's port; without it the last one, or a free one.")
@click.option("--no-seed", is_flag=True, help="Do not plant the demo world.")
@click.option("--detach", "-d", is_flag=True, help="Leave it running in the background.")
@AS_JSON
def up(*, port: int | None, no_seed: bool, detach: bool, as_json: bool) -> None:
    """Start everything and keep it alive: PostgreSQL, Valkey, Stripe sandbox, API, worker, scheduler."""
    from marketplace.embedded import detached, paths
    from marketplace.embedded.panel import Reporter
    from marketplace.embedded.up import run
    from seed.logins import listed

    report = Reporter(listed(), machine=as_json)
    if detach:
        detached.start(paths.home(), report, api_port=port, with_seed=not no_seed)
    else:
        run(paths.home(), report, api_port=port, with_seed=not no_seed)


@cli.command()
def down() -> None:
    """Stop what `up` started here, in order."""
    from marketplace.embedded import detached, paths

    click.echo("stopped" if detached.stop(paths.home()) else "nothing was running")


@cli.command()
@AS_JSON
def status(*, as_json: bool) -> None:
    """Show addresses, logins and processes; ends with 1 when nothing runs here."""
    import json

    from marketplace.embedded import lock, panel, paths, state
    from seed.logins import listed

    home = paths.home()
    run = state.load(home).run if lock.is_held(home) else None
    if as_json:
        click.echo(json.dumps(panel.status(run, listed()), ensure_ascii=False, indent=2))
    else:
        panel.show(run, listed())
    sys.exit(0 if run and run.ready else 1)


@cli.command()
@click.argument("name", required=False)
@click.option("--follow", "-f", is_flag=True, help="Keep showing what is added.")
@click.option("--lines", "-n", default=50, show_default=True, help="How many lines to begin with.")
def logs(*, name: str | None, follow: bool, lines: int) -> None:
    """Show the log of one program, or name them all."""
    from marketplace.embedded import paths, reading

    for line in reading.lines(paths.home(), name, count=lines, follow=follow):
        click.echo(line)


@cli.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(*, yes: bool) -> None:
    """Delete all data of this checkout: the database, the queue and the sandbox's payments."""
    from marketplace.embedded import paths
    from marketplace.embedded.reset import forget

    home = paths.home()
    if not yes:
        click.confirm(f"Delete every booking, payment and login in {home.root}?", abort=True)
    forget(home)
    click.echo("forgotten; `make up` begins anew")


@cli.command()
@AS_JSON
def doctor(*, as_json: bool) -> None:
    """Check this machine and the running system; each problem comes with its remedy."""
    from marketplace.embedded import doctor as checks
    from marketplace.embedded import paths

    sys.exit(0 if checks.report(checks.examine(paths.home()), as_json=as_json) else 1)


@cli.command()
def demo() -> None:
    """Live through the main job against the running system, and read every claim back."""
    import asyncio

    from marketplace.embedded import detached, paths
    from marketplace.embedded.panel import Reporter
    from seed.logins import listed

    with detached.running(paths.home(), Reporter(listed())):
        from seed.demo import run

        asyncio.run(run())


@cli.command(add_help_option=False, context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@click.pass_context
def bench(context: click.Context) -> None:
    """Measure placing and search on a throw-away system of its own; `bench --help` lists what can be chosen."""
    import os

    from marketplace.embedded import paths, programs

    os.chdir(paths.checkout())
    programs.become([sys.executable, "-m", "tests.performance", *context.args])


@cli.command()
def migrate() -> None:
    """Bring the database's schema up to date."""
    in_database("marketplace.kit.migrations", "migrate")


@cli.command()
def seed() -> None:
    """Plant the demo world; a planted one is left as it is."""
    in_database("seed.plant", "plant")


cli.add_command(certificates)


@cli.group()
def audit() -> None:
    """Check the log of every operation, and prove what is in it."""


@audit.command("verify")
@click.option("--checkpoint", "kept", multiple=True, type=click.File(encoding="utf-8"), help="One kept elsewhere.")
@AS_JSON
def verify_audit(*, kept: tuple[Any, ...], as_json: bool) -> None:
    """Hold every event against its leaf and every leaf against the signed checkpoints; ends with 1 at any finding."""
    import json

    import msgspec

    notes = [note.read() for note in kept]
    report = in_database("marketplace.transparency.operations", "verify", *notes)
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(report), indent=2))
    else:
        for found in report.findings:
            where = "" if found.position is None else f" leaf {found.position}"
            which = "" if found.event_id is None else f" event {found.event_id}"
            click.echo(f"✘{where}{which}: {found.what}")
        mark = "✘" if report.findings else "✔"
        click.echo(
            f"{mark} {report.size} events, {report.checkpoint_count} checkpoints, {len(report.findings)} findings"
        )
    sys.exit(1 if report.findings else 0)


@audit.command("prove")
@click.argument("event_id", type=click.UUID)
def prove_event(*, event_id: Any) -> None:
    """Print an event with the proof that it is in the log, as JSON."""
    import msgspec

    click.echo(
        msgspec.json.format(msgspec.json.encode(in_database("marketplace.transparency.proofs", "prove", event_id)))
    )


@cli.group()
def keys() -> None:
    """Look after the keys that sign certificates and checkpoints."""


@keys.command()
@click.argument("purpose", type=click.Choice(["credential", "checkpoint"]))
@click.option("--compromised", is_flag=True, help="Withdraw the old key: nothing that it signed verifies any more.")
def rotate(*, purpose: str, compromised: bool) -> None:
    """Retire the key of PURPOSE and make a new one; what the old one signed still verifies."""
    from marketplace.kit.audit import SYSTEM
    from marketplace.signing.rules import Purpose

    made = in_database(
        "marketplace.signing.operations", "rotate", Purpose(purpose), at_now=True, actor=SYSTEM, compromised=compromised
    )
    click.echo(f"✔ {made.thumbprint}")


@cli.group()
def inventory() -> None:
    """Look after the nightly counters."""


@inventory.command()
@AS_JSON
def verify(*, as_json: bool) -> None:
    """Recompute every counter from bookings and blocks and name each drift; ends with 1 when there is any."""
    import json

    drifts = in_database("marketplace.bookings.operations", "verify_inventory", at_now=True)
    found = [
        {
            "room_type_id": f"rmt_{drift.room_type_id.hex}",
            "night": drift.night.isoformat(),
            "fact": drift.fact,
            "expected": drift.expected,
            "found": drift.found,
        }
        for drift in drifts
    ]
    if as_json:
        click.echo(json.dumps({"drifts": found}, indent=2))
    else:
        for one in found:
            click.echo("✘ {room_type_id} {night}: {fact} is {found} and should be {expected}".format(**one))
        click.echo(f"drifts: {len(found)}" if found else "✔ every counter is true")
    sys.exit(1 if found else 0)


@cli.group()
def inspections() -> None:
    """Look after the draws of inspectors and institutions (双随机)."""


@inspections.command("verify-draw")
@click.argument("draw", required=False)
@click.option(
    "--file",
    "path",
    type=click.Path(exists=True, dir_okay=False),
    help="A draw as the API publishes it (GET /v1/inspection-draws/{id}); no database is needed.",
)
@AS_JSON
def verify_draw(*, draw: str | None, path: str | None, as_json: bool) -> None:
    """Recompute a draw, or all of them, from what is published; names what is wrong and then ends with 1."""
    import json

    from marketplace.certifications import recomputing

    if path is not None:
        found = {path: recomputing.verify_file(path)}
    else:
        found = in_database("marketplace.certifications.recomputing", "verify_all")
        if draw is not None and draw not in found:
            raise EmbeddedError(
                f"there is no draw {draw} that has been carried out", remedy="leave the id out to verify all"
            )
        found = found if draw is None else {draw: found[draw]}
    if as_json:
        click.echo(json.dumps({"draws": found}, ensure_ascii=False, indent=2))
    else:
        for name, wrong in found.items():
            click.echo(f"✔ {name}" if not wrong else "\n".join(f"✘ {name}: {one}" for one in wrong))
        if not found:
            click.echo("no draw has been carried out yet")
    sys.exit(1 if any(found.values()) else 0)


@cli.group()
def ledger() -> None:
    """Look after the books."""


@ledger.command(name="verify")
@AS_JSON
def verify_ledger(*, as_json: bool) -> None:
    """Prove that the books sum to zero, that every capture has a booking or a refund, and that Stripe's balance is ours.

    Ends with 1 when anything differs; nothing is repaired.
    """
    import json

    found = in_database("marketplace.bookings.operations", "verify_money", at_now=True, with_provider=True)
    if as_json:
        import msgspec

        click.echo(json.dumps({"findings": msgspec.to_builtins(found)}, ensure_ascii=False, indent=2))
    else:
        for one in found:
            click.echo(f"✘ {one.check}: {one.subject} is {one.found} and should be {one.expected}")
        click.echo(f"findings: {len(found)}" if found else "✔ the books balance, and the provider agrees")
    sys.exit(1 if found else 0)


@cli.command()
@click.option("--check", is_flag=True, help="Write nothing; end with 1 when a file differs from the code.")
def openapi(*, check: bool) -> None:
    """Write openapi/: the specification, the problems and the events, from the code."""
    from marketplace.embedded import environment

    environment.pretend()
    from marketplace import artefacts

    if not check:
        artefacts.write()
    elif stale := artefacts.stale():
        raise EmbeddedError(f"openapi/ is out of date: {', '.join(stale)}", remedy="run `marketplace openapi`")


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--workers", default=1, show_default=True, help="Processes; one for each core is enough.")
def api(*, host: str, port: int, workers: int) -> None:
    """Run the API server alone, as a container does."""
    from marketplace.embedded import programs

    programs.become(programs.api(host=host, port=port, workers=workers))


@cli.command()
@click.option("--concurrency", default=2, show_default=True, help="Processes that handle messages.")
def worker(*, concurrency: int) -> None:
    """Run a Celery worker alone, as a container does."""
    from marketplace.embedded import programs

    programs.become(programs.worker(concurrency=concurrency))


@cli.command()
def beat() -> None:
    """Run the scheduler alone, as a container does; of several, one sends."""
    from marketplace.embedded import programs

    programs.become(programs.beat())


def in_database(
    module: str, function: str, *given: Any, at_now: bool = False, with_provider: bool = False, **named: Any
) -> Any:
    """Run one of our async functions in the database of the environment, or of what runs here; returns its result.

    With ``at_now`` it is told the time, which in development may have been moved; ``with_provider`` it may ask the payment
    provider.
    """
    import asyncio
    import importlib
    import os

    from marketplace.embedded import environment, paths

    environment.borrow_or_refuse(paths.home())
    environment.check(os.environ)
    from marketplace.kit import clock, clock_follow, db
    from marketplace.kit.logging import configure
    from marketplace.settings import settings

    # What a command prints is for people and scripts; the log goes to standard error.
    configure(settings())

    async def connected() -> Any:
        await db.connect(settings().database_url)
        if with_provider:
            from marketplace.payments import gateway

            gateway.configure(settings())
        try:
            called = getattr(importlib.import_module(module), function)
            if not at_now:
                return await called(*given, **named)
            await clock_follow.refresh()
            return await called(*given, now=clock.now(), **named)
        finally:
            if with_provider:
                await gateway.close()
            await db.disconnect()

    return asyncio.run(connected())


if __name__ == "__main__":
    main()
