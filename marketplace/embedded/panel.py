"""What `marketplace up` and `marketplace status` show: colours and a frame on a terminal, plain lines anywhere else."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence

from rich.box import ROUNDED
from rich.cells import set_cell_size
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Column, Table

from marketplace.embedded.state import Run

Logins = Mapping[str, Sequence[Mapping[str, str]]]
WIDTH = 96


class Reporter:
    """Tells people what happens; with `machine=True` all of it goes to standard error and only JSON to standard output."""

    def __init__(self, logins: Logins, *, machine: bool = False) -> None:
        self._logins = logins
        self._machine = machine
        self._console = Console(stderr=machine, highlight=False, soft_wrap=True)

    def step(self, title: str, where: str = "", *, seconds: float | None = None) -> None:
        """Say that a part is there."""
        took = "" if seconds is None else f"{seconds:.1f} s"
        self._console.print(f"  [green]✔[/] {escape(title):<34} {escape(where):<28} [dim]{took:>7}[/]")

    def note(self, text: str) -> None:
        """Say something that the reader may have to act upon."""
        self._console.print(f"  [yellow]![/] {escape(text)}")

    def problem(self, error: Exception) -> None:
        """Say what went wrong and what to do."""
        self._console.print(f"  [red]✘[/] {escape(str(error))}")

    def ready(self, run: Run, *, seconds: float, stop: str = "Ctrl-C") -> None:
        """Show where everything is and who can sign in."""
        if self._machine:
            sys.stdout.write(
                json.dumps({**status(run, self._logins), "seconds": round(seconds, 2)}, ensure_ascii=False) + "\n"
            )
            sys.stdout.flush()
        elif self._console.is_terminal:
            self._console.print(framed(run, self._logins, seconds=seconds, stop=stop))
        else:
            self._console.print(f"Ready in {seconds:.1f} s · 已就绪")
            for line in plain(run, self._logins):
                self._console.print(line, markup=False)
            self._console.print(hint(stop), markup=False)


def hint(stop: str) -> str:
    """Say what can be done next."""
    return f"{stop} stops everything · try: make demo · logs: marketplace logs"


def framed(run: Run, logins: Logins, *, seconds: float, stop: str) -> Panel:
    """Return the panel of a terminal."""
    table = Table.grid(Column(no_wrap=True), Column(overflow="fold"), padding=(0, 2))
    for title, value in rows(run, logins):
        table.add_row(escape(title), escape(value))
    return Panel(table, title=f"Ready in {seconds:.1f} s · 已就绪", subtitle=hint(stop), box=ROUNDED, width=WIDTH)


def show(run: Run | None, logins: Logins) -> None:
    """Show what runs now."""
    console = Console(highlight=False, soft_wrap=True)
    if run is None:
        console.print("nothing runs here; `make up` starts it")
        return
    for line in plain(run, logins):
        console.print(line, markup=False)
    for name, process in run.processes.items():
        restarts = f", restarted {process.restart_count} times" if process.restart_count else ""
        console.print(f"{name:<26} {process.condition} (process {process.pid}{restarts})", markup=False)


def plain(run: Run, logins: Logins) -> Iterator[str]:
    """Yield the rows as lines; Chinese characters are two columns wide."""
    for title, value in rows(run, logins):
        yield f"{set_cell_size(title, 26)} {value}"


def rows(run: Run, logins: Logins) -> Iterator[tuple[str, str]]:
    """Yield what there is, and where it is or how one gets in."""
    yield "API", run.urls["api"]
    yield "API reference 接口文档", run.urls["docs"]
    yield "SMS & mail outbox 短信", run.urls["outbox"]
    yield "Stripe sandbox 支付沙箱", run.urls["stripe_sandbox"]
    for family in logins["families"][:1]:
        yield "Family 家庭", f"{family['phone']}  (its code is in the outbox)"
    for partner in logins["partners"][:1]:
        yield "Partner 平台", f"{partner['client_id']} / {partner['client_secret']}"
    for staff in logins["institutions"][:1]:
        yield "Institution 机构", f"{staff['email']} / {staff['password']}"
    for officer in logins["officers"][:1]:
        yield "Civil affairs 民政", f"{officer['email']} / {officer['password']}"
    yield "Everyone else 其他", "marketplace status --json"


def status(run: Run | None, logins: Logins) -> dict[str, object]:
    """Return what a script needs to play every role."""
    return {
        "running": run is not None and run.ready,
        "urls": run.urls if run else {},
        "demo": logins,
        "processes": {
            name: {"pid": one.pid, "condition": one.condition, "restart_count": one.restart_count}
            for name, one in (run.processes if run else {}).items()
        },
    }
