"""`python -m marketplace.embedded.stripe_sandbox --port N --data FILE.sqlite3`."""

import os
import sys

from marketplace.embedded.stripe_sandbox.settings import SettingsError, read_settings


def main() -> int:
    """Read the settings, then serve; a refusal is one line and exit code 2."""
    try:
        settings = read_settings(sys.argv[1:], os.environ)
        # Imported late, so that a refused setting is told at once.
        import uvloop  # noqa: PLC0415

        from marketplace.embedded.stripe_sandbox.server import serve  # noqa: PLC0415

        uvloop.run(serve(settings))
    except SettingsError as error:
        print(f"stripe sandbox: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
