"""Every way in which starting things on this machine can be refused, each with its remedy."""


class EmbeddedError(Exception):
    """Something on this machine stands in the way; `remedy` is the one thing to do about it."""

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.args[0]}\n  → {self.remedy}"


class BinaryMissing(EmbeddedError):
    """A server program is neither in the virtual environment nor on the machine."""


class RootRefused(EmbeddedError):
    """PostgreSQL will not run as root, and this machine offers no way to run it as anybody else."""


class PostgresUnavailable(EmbeddedError):
    """PostgreSQL could not be initialised or did not become ready."""


class ValkeyUnavailable(EmbeddedError):
    """Valkey did not become ready."""


class ProgramFailed(EmbeddedError):
    """A program of ours ended, or did not become ready in time."""


class AlreadyRunning(EmbeddedError):
    """Another `marketplace up` holds this checkout."""


class PortTaken(EmbeddedError):
    """A port that was asked for by number belongs to somebody else."""


class NotRunning(EmbeddedError):
    """A command needs a running marketplace, and there is none."""


class NotForProduction(EmbeddedError):
    """A convenience of development was asked for in production."""
