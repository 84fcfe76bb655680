"""``python -m marketplace`` is the ``marketplace`` command, for places where it is not installed as a script."""

from marketplace.cli import main

main()
