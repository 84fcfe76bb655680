"""`marketplace …`: each command imports what it needs when it runs, so that help and completion answer at once."""

import sys

import rich_click as click

from marketplace.commands import AS_JSON, audit, calendar, in_database, inspections, inventory, keys, ledger
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
                "calendar",
                "certificates",
                "audit",
                "keys",
            ],
        },
        {"name": "Single processes · 单个进程", "commands": ["api", "worker", "beat"]},
    ]
}


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
    """Bring the database's schema up to date; with DATABASE_OWNER_URL as its owner, for the login of DATABASE_URL."""
    import os
    from urllib.parse import unquote, urlsplit

    served_by = urlsplit(os.environ.get("DATABASE_URL", "")) if os.environ.get("DATABASE_OWNER_URL") else None
    in_database(
        "marketplace.kit.migrations",
        "migrate",
        as_owner=True,
        login=unquote(served_by.username) if served_by and served_by.username else None,
        password=unquote(served_by.password) if served_by and served_by.password else None,
    )


@cli.command()
def seed() -> None:
    """Plant the demo world; a planted one is left as it is."""
    in_database("seed.plant", "plant")


for group in (certificates, audit, keys, inventory, inspections, ledger, calendar):
    cli.add_command(group)


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


if __name__ == "__main__":
    main()
