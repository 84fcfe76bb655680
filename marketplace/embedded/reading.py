"""Reading the logs of the programs."""

import time
from collections.abc import Iterator

from marketplace.embedded.errors import EmbeddedError
from marketplace.embedded.paths import Home
from marketplace.embedded.processes import tail


def lines(home: Home, name: str | None, *, count: int, follow: bool) -> Iterator[str]:
    """Yield the last lines of one log, then what is added to it; without a name, yield the names.

    Refuses: EmbeddedError for a name that has no log, listing those that have.
    """
    names = sorted(file.stem for file in home.logs.glob("*.log"))
    if name is None:
        yield from names
        return
    log = home.log(name)
    if name not in names:
        raise EmbeddedError(f"there is no log named {name}", remedy=f"choose one of: {', '.join(names) or 'none yet'}")
    offset = log.stat().st_size
    yield from tail(log, count).splitlines()
    while follow:
        time.sleep(0.3)
        if log.stat().st_size < offset:
            offset = 0  # The log was begun anew.
        with log.open("rb") as file:
            file.seek(offset)
            added = file.read()
        # A line that is still being written is left for the next look.
        whole, newline, _ = added.rpartition(b"\n")
        offset += len(whole + newline)
        yield from (whole + newline).decode(errors="replace").splitlines()
