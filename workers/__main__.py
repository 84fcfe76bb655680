"""`python -m workers worker` and `python -m workers beat`: Celery's own programs, without its command line.

The command line loads every plugin that is installed, a shell and a monitor among them: a quarter of a worker's start,
which is what a queue waits for when one has died.
"""

import sys

import click

from workers.app import app


@click.group()
def main() -> None:
    """Run what the queue needs."""


@main.command()
@click.option("--concurrency", default=2, show_default=True, help="Processes that handle messages.")
def worker(*, concurrency: int) -> None:
    """Handle messages until asked to stop; ends what it has begun."""
    # Mingling and gossip tell workers of each other, which ours do not need, and cost a second at each start.
    found = app.Worker(concurrency=concurrency, loglevel="INFO", without_mingle=True, without_gossip=True)
    found.start()
    sys.exit(found.exitcode)


@main.command()
def beat() -> None:
    """Send what is due by the schedule; several may run, one of them sends."""
    app.Beat(loglevel="INFO").run()


if __name__ == "__main__":
    main()
