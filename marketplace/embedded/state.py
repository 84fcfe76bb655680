"""What must be the same at the next start (ports, development secrets) and what others may know of the running one."""

import base64
import os
import secrets
from typing import Literal

import msgspec

from marketplace.embedded.paths import Home

Condition = Literal["starting", "running", "restarting", "failed"]


class ProcessState(msgspec.Struct, kw_only=True):
    """One program of the running marketplace."""

    pid: int
    condition: Condition = "starting"
    restart_count: int = 0


class Run(msgspec.Struct, kw_only=True):
    """The running marketplace: enough for another process to find it and to act in its name."""

    pid: int
    ready: bool = False
    urls: dict[str, str]
    environment: dict[str, str]
    processes: dict[str, ProcessState] = {}


class State(msgspec.Struct, kw_only=True):
    """The content of state.json."""

    secrets: dict[str, str] = {}
    ports: dict[str, int] = {}
    prepared: dict[str, str] = {}
    run: Run | None = None

    def secret(self, name: str) -> str:
        """Return a development secret, made at its first use."""
        if name not in self.secrets:
            self.secrets[name] = SECRETS[name]()
        return self.secrets[name]


SECRETS = {
    "SECRET_KEY": lambda: base64.b64encode(secrets.token_bytes(32)).decode(),
    "STRIPE_API_KEY": lambda: f"sk_test_{secrets.token_hex(16)}",
    "STRIPE_WEBHOOK_SECRET": lambda: f"whsec_{secrets.token_hex(24)}",
    "STRIPE_SANDBOX_TOKEN": lambda: secrets.token_hex(16),
    "DATABASE_PASSWORD": lambda: secrets.token_hex(24),
}


def load(home: Home) -> State:
    """Read the state; a home that was never used has an empty one."""
    try:
        return msgspec.json.decode(home.state.read_bytes(), type=State)
    except FileNotFoundError:
        return State()


def save(home: Home, state: State) -> None:
    """Write the state whole or not at all, readable only by its owner."""
    home.root.mkdir(parents=True, exist_ok=True)
    fresh = home.state.with_suffix(".new")
    with open(fresh, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(msgspec.json.format(msgspec.json.encode(state), indent=2))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(home.state)
