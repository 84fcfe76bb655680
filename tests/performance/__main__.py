"""`marketplace bench`, `make bench`: measure the main routes on a throw-away system, and never judge a build by it."""

import os
from dataclasses import replace
from pathlib import Path

import rich_click as click
import uvloop
from rich.console import Console

from marketplace.embedded import paths
from marketplace.embedded.up import stoppable
from tests.performance import report
from tests.performance.bench import FULL, QUICK, measure
from tests.performance.comparing import Rival
from tests.performance.machine import require_linux


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--institutions", type=click.IntRange(10, 50_000), help="How many; 10,000, or 200 with --quick.")
@click.option("--quick", is_flag=True, help="A small market and short loads, for people in a hurry.")
@click.option("--share", default=100, type=click.IntRange(1, 100), help="Percent of every load; fewer are less exact.")
@click.option("--workers", default=os.cpu_count() or 1, show_default=True, help="API processes.")
@click.option("--compare", metavar="COMMAND", help="Run another system's load in turn with ours; it prints JSON.")
@click.option(
    "--profile", is_flag=True, help="Also write where the time goes, to bench-profile.txt beside the figures."
)
@click.option("--output", type=click.Path(path_type=Path), help="Where to write; .marketplace/bench.json without it.")
def main(
    *,
    institutions: int | None,
    quick: bool,
    share: int,
    workers: int,
    compare: str | None,
    profile: bool,
    output: Path | None,
) -> None:
    """Measure placing and looking around: PostgreSQL, Valkey and API of its own, loopback only, gone afterwards."""
    require_linux()
    size = QUICK if quick else FULL
    console = Console()
    output = output or paths.home().root / "bench.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    running = measure(
        replace(size, institutions=institutions or size.institutions).shrunk(share),
        workers=workers,
        console=console,
        rival=Rival(compare) if compare else None,
        profiled=profile,
    )
    with stoppable():
        try:
            found = uvloop.run(running)
        except KeyboardInterrupt:
            raise SystemExit(130) from None
    if profile:
        output.with_name("bench-profile.txt").write_text(found.pop("profile"), encoding="utf-8")
    report.write(found, output, console)


if __name__ == "__main__":
    main(prog_name="marketplace bench")
