"""Commands that look after the data: each proves something, names what is wrong, and repairs nothing."""

import sys
from typing import Any

import rich_click as click

from marketplace.embedded.errors import EmbeddedError

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")


@click.group()
def audit() -> None:
    """Check the log of every operation, and prove what is in it."""


@audit.command("verify")
@click.option(
    "--against",
    "kept",
    multiple=True,
    type=click.File(encoding="utf-8"),
    help="Checkpoints kept elsewhere: notes, mails, or answers of GET /v1/audit/checkpoints.",
)
@AS_JSON
def verify_audit(*, kept: tuple[Any, ...], as_json: bool) -> None:
    """Hold every event against its leaf and every leaf against the signed checkpoints; ends with 1 at any finding."""
    import json

    import msgspec

    from marketplace.transparency.rules import notes_in

    notes = []
    for file in kept:
        found = notes_in(file.read())
        if not found:
            raise click.ClickException(f"{file.name} holds no checkpoint")
        notes += found
    report = in_database("marketplace.transparency.operations", "verify", *notes)
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(report), indent=2))
    else:
        for finding in report.findings:
            where = "" if finding.position is None else f" leaf {finding.position}"
            which = "" if finding.event_id is None else f" event {finding.event_id}"
            click.echo(f"✘{where}{which}: {finding.what}")
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


@click.group()
def keys() -> None:
    """Look at the keys that sign certificates and checkpoints."""


@keys.command("list")
@AS_JSON
def list_keys(*, as_json: bool) -> None:
    """List the public keys that strangers may trust; two officers change one (POST /v1/key-rotations)."""
    import json

    from marketplace.signing.rules import Purpose

    found = [
        {
            "purpose": key.purpose,
            "thumbprint": key.thumbprint,
            "made_at": key.made_at.isoformat(),
            "retired_at": key.retired_at.isoformat() if key.retired_at else None,
        }
        for key in in_database("marketplace.signing.queries", "published", *Purpose)
    ]
    if as_json:
        click.echo(json.dumps({"keys": found}, indent=2))
        return
    for key in found:
        click.echo("{purpose} {thumbprint} since {made_at}".format(**key) + (" retired" if key["retired_at"] else ""))


@click.group()
def inventory() -> None:
    """Look after the nightly counters."""


@inventory.command()
@AS_JSON
def verify(*, as_json: bool) -> None:
    """Recompute every counter from bookings and blocks and name each drift; ends with 1 when there is any."""
    import json

    from marketplace.inventory.rules import stretches

    drifts = in_database("marketplace.bookings.operations", "verify_inventory", at_now=True)
    found = [
        {
            "room_type_id": f"rmt_{drift.room_type_id.hex}",
            "night": drift.night.isoformat(),
            "last_night": last_night.isoformat(),
            "fact": drift.fact,
            "expected": drift.expected,
            "found": drift.found,
        }
        for drift, last_night in stretches(drifts)
    ]
    if as_json:
        click.echo(json.dumps({"drifts": found}, indent=2))
    else:
        for one in found:
            until = "" if one["last_night"] == one["night"] else f" to {one['last_night']}"
            wrong = "{fact} is {found} and should be {expected}".format(**one)
            click.echo(f"✘ {one['room_type_id']} {one['night']}{until}: {wrong}")
        click.echo(f"drifts: {len(drifts)}" if found else "✔ every counter is true")
    sys.exit(1 if found else 0)


@click.group()
def calendar() -> None:
    """Look after the working calendar of the state."""


@calendar.command("publish")
@click.argument("file", type=click.File("rb"))
def publish_calendar(*, file: Any) -> None:
    """Write the calendar of a year as the State Council published it, and count open deadlines anew.

    The file is JSON: year, version, source, and days of {day, name_zh, is_off}.
    """
    import msgspec

    from marketplace.kit.audit import SYSTEM
    from marketplace.places.rules import HolidayYear

    try:
        year = msgspec.convert(msgspec.json.decode(file.read()) | {"is_tentative": False}, HolidayYear)
    except (msgspec.DecodeError, msgspec.ValidationError, TypeError) as error:
        raise click.ClickException(f"the file is no calendar: {error}") from error
    moved = in_database(
        "marketplace.certifications.operations", "publish_calendar", at_now=True, year=year, actor=SYSTEM
    )
    click.echo(f"✔ {year.version}; {moved} deadlines moved")


@click.group()
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


@click.group()
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


def in_database(
    module: str,
    function: str,
    *given: Any,
    at_now: bool = False,
    with_provider: bool = False,
    as_owner: bool = False,
    **named: Any,
) -> Any:
    """Run one of our async functions in the database of the environment, or of what runs here; returns its result.

    With ``at_now`` it is told the time, which in development may have been moved; ``with_provider`` it may ask the payment
    provider; ``as_owner`` it may change the schema, where another login serves.
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
        url = settings().database_owner_url if as_owner else None
        await db.connect(url or settings().database_url)
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
