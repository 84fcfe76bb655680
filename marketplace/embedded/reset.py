"""Forget everything that the marketplace of one home has stored; ports, secrets and logs stay."""

import shutil

from marketplace.embedded import lock, postgres, state, valkey
from marketplace.embedded.paths import Home


def forget(home: Home) -> None:
    """Delete the data of the embedded servers and of the sandbox.

    A database or queue that DATABASE_URL or REDIS_URL names is not touched.
    Refuses: AlreadyRunning while a marketplace runs on this data.
    """
    with lock.held(home):
        postgres.end_leftover(home.postgres)
        valkey.end_leftover(home.valkey)
        for folder in (home.postgres, home.valkey):
            shutil.rmtree(folder, ignore_errors=True)
        for file in home.root.glob(f"{home.sandbox.name}*"):
            file.unlink()
        known = state.load(home)
        known.prepared, known.run = {}, None
        state.save(home, known)
