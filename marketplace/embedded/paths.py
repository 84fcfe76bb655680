"""Where things are kept: everything that belongs to one checkout is in its `.marketplace/`."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Home:
    """The folder of one running marketplace."""

    root: Path

    @property
    def state(self) -> Path:
        """Ports, development secrets and what runs now."""
        return self.root / "state.json"

    @property
    def lock(self) -> Path:
        """Held by the one `marketplace up` of this home."""
        return self.root / "up.lock"

    @property
    def logs(self) -> Path:
        """One file a program."""
        return self.root / "logs"

    @property
    def postgres(self) -> Path:
        """The data of the embedded PostgreSQL."""
        return self.root / "postgres"

    @property
    def valkey(self) -> Path:
        """The data of the embedded Valkey."""
        return self.root / "valkey"

    @property
    def sandbox(self) -> Path:
        """The data of the Stripe sandbox."""
        return self.root / "stripe_sandbox.sqlite3"

    def log(self, name: str) -> Path:
        """Return the log of one program."""
        return self.logs / f"{name}.log"


def checkout() -> Path:
    """Return the folder that holds this package: the checkout, because it is installed from there."""
    return Path(__file__).resolve().parents[2]


def home() -> Home:
    """Return this checkout's home, or the one that MARKETPLACE_HOME names, so that a test may run its own beside it."""
    chosen = os.environ.get("MARKETPLACE_HOME")
    return Home(Path(chosen).absolute() if chosen else checkout() / ".marketplace")
