"""PostgreSQL refuses to run as root; this finds an ordinary user for it without changing the machine."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from marketplace.embedded.errors import RootRefused


@dataclass(frozen=True)
class OrdinaryUser:
    """How to start a program that refuses root: words to put before it, or a user to become."""

    prefix: tuple[str, ...] = ()
    become: str = ""

    @property
    def group(self) -> int | None:
        """The group to take on with the user, or None to keep one's own."""
        return pwd.getpwnam(self.become).pw_gid if self.become else None

    def give(self, path: Path) -> None:
        """Make a file or folder belong to the user that the program will run as."""
        if self.become:
            shutil.chown(path, self.become)


@cache
def ordinary_user() -> OrdinaryUser:
    """Return the way that works on this machine.

    Root goes through a user namespace first: files stay root's, nothing is added to the machine, and it works below
    a private home. Where namespaces are forbidden (many containers) it becomes `nobody`.

    Refuses: RootRefused when root has neither.
    """
    if os.geteuid() != 0:
        return OrdinaryUser()
    unshare = shutil.which("unshare")
    if unshare:
        prefix = (unshare, "-U", "--map-user=1000", "--map-group=1000")
        if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0:
            return OrdinaryUser(prefix=prefix)
    return as_nobody()


def as_nobody() -> OrdinaryUser:
    """Return the second choice for root: the user `nobody`, who must be able to reach the programs and the data."""
    try:
        pwd.getpwnam("nobody")
    except KeyError:
        raise RootRefused(
            "PostgreSQL refuses to run as root, and there is neither a user namespace nor the user nobody",
            remedy="run as an ordinary user, or set DATABASE_URL to a server that runs elsewhere",
        ) from None
    return OrdinaryUser(become="nobody")
